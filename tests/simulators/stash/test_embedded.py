"""Plugins that run inside the server: what their script finds, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulators.stash.running import Stash, StashProcess, loaded, scene, seed

MANIFEST = """
name: Inside
exec: [inside.js]
interface: js
tasks: [{name: Look}]
hooks:
  - name: On update
    triggeredBy: [Scene.Update.Post]
"""
OTHER = """
name: Other
exec: [python3, "{pluginDir}/other.py"]
hooks:
  - name: On update
    triggeredBy: [Scene.Update.Post]
"""
EDIT = 'mutation { sceneUpdate(input: {id: "1", title: "New"}) { id } }'
TASK = 'mutation { runPluginTask(plugin_id: \\"Inside\\", task_name: \\"Look\\") }'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("plugins")
    (found / "Inside.yml").write_text(MANIFEST, encoding="utf-8")
    (found / "Other.yml").write_text(OTHER, encoding="utf-8")
    (found / "other.py").write_text("print('{}')\n", encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess, folder: Path) -> Iterator[Stash]:
    options = ("--plugin-dir", str(folder), "--password", "secret", "--api-key", "key")
    with loaded(stash_process, seed(scene(1)), *options) as client:
        client.session.headers["ApiKey"] = "key"
        yield client


def fired(stash: Stash, folder: Path, script: str) -> list[dict[str, Any]]:
    """The hooks of an edit, with that script inside the server."""
    (folder / "inside.js").write_text(script, encoding="utf-8")
    before = len(stash.ask("hooks"))
    stash.data(EDIT)
    found: list[dict[str, Any]] = stash.ask("hooks")[before:]
    return found


def test_it_is_told_what_processes_are_told(stash: Stash, folder: Path) -> None:
    script = """({Output: [
        input.Args.hookContext.id, input.Args.hookContext.type,
        input.Args.hookContext.input.title, input.ServerConnection.SessionCookie.Name
    ]});"""
    inside, other = fired(stash, folder, script)
    assert inside["output"] == [1, "Scene.Update.Post", "New", "session"]
    assert (inside["status"], other["status"]) == ("done", "done")


@pytest.mark.parametrize(
    ("script", "output", "error"),
    [
        ("({output: 1, error: 'no'});", None, None),
        ("({Error: 'yes'});", None, "yes"),
        ("null;", None, None),
        ("throw new Error('thrown');", None, "Error: thrown"),
        ("gql.Do('{ nothing }');", None, "graphQL query failed: 422"),
        ("({Output: gql.Do('{ findScene(id: 1) { title } }').findScene.title});", "New", None),
    ],
)
def test_what_counts_of_its_result(
    stash: Stash, folder: Path, script: str, output: Any, error: str | None
) -> None:
    inside, other = fired(stash, folder, script)
    assert inside["output"] == output
    assert (error or "") in (inside["error"] or "")
    assert (inside["error"] is None) == (error is None)
    assert other["status"] == "done"


@pytest.mark.parametrize("script", ["this is no script", None])
def test_one_that_does_not_compile_ends_the_round(
    stash: Stash, folder: Path, script: str | None
) -> None:
    if script is None:
        (folder / "inside.js").unlink(missing_ok=True)
        (folder / "inside.js").mkdir()
        before = len(stash.ask("hooks"))
        stash.data(EDIT)
        found = stash.ask("hooks")[before:]
        (folder / "inside.js").rmdir()
    else:
        found = fired(stash, folder, script)
    assert [each["status"] for each in found] == ["not started"]


def test_a_task_that_it_starts_has_the_cookie_of_nobody(stash: Stash, folder: Path) -> None:
    """`gql.Do` goes around the login, and knows no user; its own cookie does."""
    script = f"""
        var queued = gql.Do("{TASK}").runPluginTask;
        ({{Output: [queued, input.ServerConnection.SessionCookie.Value]}});
    """
    inside, _ = fired(stash, folder, script)
    queued, own = inside["output"]
    assert stash.finished(queued)["description"] == "Running plugin task: Look"
    ask = 'gql.Do("{ configuration { general { username } } }").configuration.general.username'
    inside, _ = fired(stash, folder, f"({{Output: {ask}}});")
    assert inside["output"] == ""
    with requests.Session() as bare:
        told = bare.post(
            f"{stash.url}/graphql",
            json={"query": "{ configuration { general { username } } }"},
            headers={"Cookie": f"session={own}"},
            timeout=10,
        )
    assert told.json()["data"]["configuration"]["general"]["username"] == "admin"
