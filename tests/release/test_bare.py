"""The release runs where nothing is installed and nothing can be written but its data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simulators.launch import Simulators
from simulators.library.generate import generate
from tests.pool import TOKEN, Pool
from tests.release.conftest import Installed


@pytest.fixture(scope="module")
def both(pool: Pool) -> Iterator[Simulators]:
    with pool.both(generate(20, seed=5, cover_share=0.0)) as pair:
        pair.stash.graphql(
            'mutation($map: Map!) { configurePlugin(plugin_id: "Stash2Plex", input: $map) }',
            {"map": {"plex_url": pair.plex.url, "plex_token": TOKEN}},
        )
        yield pair


def told(both: Simulators, installed: Installed, **args: Any) -> bytes:
    connection = {
        "Scheme": "http",
        "Host": "0.0.0.0",
        "Port": int(both.stash.url.rpartition(":")[2]),
        "SessionCookie": {"Name": "session", "Value": "cookie"},
        "PluginDir": str(installed.folder),
    }
    return json.dumps({"server_connection": connection, "args": args}).encode()


def test_hook_status_and_reconcile_run(both: Simulators, installed: Installed) -> None:
    before = installed.files()
    context = {"id": 1, "type": "Scene.Update.Post", "input": {"id": "1"}, "inputFields": ["id"]}

    noted = installed.run(told(both, installed, hookContext=context))
    reconciled = installed.run(told(both, installed, mode="reconcile_all"))
    status = installed.run(told(both, installed, mode="queue_status"))

    assert str(noted.output).startswith("noted")
    assert reconciled.output["partial"] is False
    assert status.output["last_runs"]
    assert [each.status for each in (noted, reconciled, status)] == [0, 0, 0]
    after = dict(installed.files())
    assert json.loads(after.pop("public/state.json"))["waiting"] == status.output["waiting"]
    assert after == before, "only its data may change, and what it publishes"
    assert (installed.data / "pycache").is_dir(), "or each hook would compile all that it runs"
    assert installed.data.stat().st_mode & 0o077 == 0


def test_the_command_line_runs_with_bars_and_tables(both: Simulators, installed: Installed) -> None:
    before = installed.files()
    env = {"STASH_URL": both.stash.url, "FORCE_COLOR": "1"}

    checked = installed.run(b"", "check", **env)
    gaps = installed.run(b"", "gaps", **env)

    assert checked.status == 1, "there are gaps"
    assert "\u2501" in checked.stderr.decode("utf-8"), "a progress bar"
    assert gaps.stdout
    assert installed.files().keys() - before.keys() <= {"public/state.json"}
