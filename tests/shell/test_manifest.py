"""The manifest, the settings, the tasks and the documentation say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.deferred_imports import Later
from app.page.task_titles import title_of_mode
from app.task_runner import MODES
from core.errors import ConfigError
from core.settings import DEFAULTS, OLD_PATH_MAP, WITHOUT_EFFECT
from tests import settings_page
from tests.settings import parse_settings

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))
TASKS: list[dict[str, Any]] = MANIFEST["tasks"]
OFFERED: dict[str, dict[str, str]] = MANIFEST["settings"]
NAMES = set(DEFAULTS)
KINDS = {bool: ("BOOLEAN", "switch"), int: ("NUMBER", "number"), float: ("NUMBER", "number")}


def rows(page: str) -> Iterator[tuple[str, list[str]]]:
    """(heading, cells) of each row of each table of a page, without the tables' heads."""
    heading = ""
    for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if line.startswith("|") and not re.match(r"\| (key|task|---) ", line):
            yield heading, [cell.strip() for cell in line.strip("|").split(" | ")]


DOCUMENTED = {cells[0].strip("`"): (heading, cells) for heading, cells in rows("settings.md")}


def default(name: str) -> object:
    """As it is entered: a switch that can also be a file is a text."""
    value = DEFAULTS[name]
    return str(value).lower() if name == "verify_tls" else value


def kind_of(name: str) -> tuple[str, str]:
    return KINDS.get(type(default(name)), ("STRING", "text"))


def test_stash_accepts_the_manifest() -> None:
    """Stash rejects the whole file for one unknown key (pkg/plugin/config.go)."""
    assert set(MANIFEST) <= {
        *("name", "description", "version", "url", "exec", "interface", "errLog"),
        *("tasks", "hooks", "settings", "ui"),
    }
    assert MANIFEST["interface"] == "raw"
    assert MANIFEST["exec"] == ["python3", "-S", "{pluginDir}/Stash2Plex.py"]
    assert MANIFEST["errLog"] in {"none", "trace", "debug", "info", "warning", "error"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])
    for task in TASKS:
        assert set(task) == {"name", "description", "defaultArgs"}
        assert all(isinstance(value, str) for value in task["defaultArgs"].values())
    for setting in OFFERED.values():
        assert set(setting) == {"displayName", "description", "type"}
        assert all(setting.values())


def test_a_task_is_called_the_same_in_stash_on_the_page_and_in_the_log() -> None:
    script = (ROOT / "ui" / "server.js").read_text("utf-8")
    on_page = dict(re.findall(r'(\w+): "(.+)",', script.split("const TITLES = {")[1].split("}")[0]))
    in_stash = {task["defaultArgs"]["mode"]: task["name"] for task in TASKS}
    assert in_stash.items() <= on_page.items()
    assert {mode: title_of_mode(mode) for mode in on_page} == on_page


def test_stash_accepts_the_small_plugins() -> None:
    """They have nothing but hooks, and each names what the other is."""
    told = {
        path.stem: yaml.safe_load(path.read_text("utf-8"))
        for path in (ROOT / "scene_hooks").glob("*.yml")
    }
    quick, scenes = told["Stash2PlexQuickHooks"], told["Stash2PlexSceneHooks"]
    for manifest in (quick, scenes):
        assert set(manifest) == {"name", "description", "exec", "interface", "errLog", "hooks"}
    assert (quick["interface"], quick["exec"]) == ("js", ["quick.js"])
    assert scenes["interface"] == "raw"
    assert scenes["exec"] == ["python3", "-S", "{pluginDir}/../Stash2Plex.py"]
    assert scenes["name"] in quick["description"]
    assert quick["name"] in scenes["description"]


def test_the_buttons_are_few_and_in_the_order_in_which_one_needs_them() -> None:
    """Stash shows them in the order of the file."""
    assert [task["name"] for task in TASKS] == [
        *("Health Check", "Preview", "Sync Everything"),
        *(f"Reconcile Library ({what})" for what in ("All", "Last 24 Hours", "Last 7 Days")),
        *("Process Queue", "Sync Changes", "Undo Last Run", "Confirm Stopped Run"),
        "Release Locks",
    ]
    assert all(task["description"].startswith("Press this ") for task in TASKS)


def test_every_task_starts_a_mode_that_exists() -> None:
    assert {task["defaultArgs"]["mode"] for task in TASKS} <= set(MODES)


def test_every_mode_has_its_functions_where_it_says() -> None:
    functions = [each for mode in MODES.values() for each in (mode.task, mode.dry_run)]
    later = [each for each in functions if isinstance(each, Later)]

    assert len(later) > 20
    assert all(callable(getattr(import_module(each.module), each.name)) for each in later)


def test_every_task_is_documented_under_its_name_and_mode() -> None:
    documented = {(cells[0], cells[1].strip("`")) for _, cells in rows("tasks.md")}

    assert documented >= {(task["name"], task["defaultArgs"]["mode"]) for task in TASKS}
    assert {mode for _, mode in documented} == set(MODES)


def test_the_manifest_is_sorted_as_stash_shows_it() -> None:
    assert list(OFFERED) == sorted(OFFERED)


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_an_offered_setting_exists_with_its_kind(name: str) -> None:
    assert name in NAMES
    assert OFFERED[name]["type"] == kind_of(name)[0]


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_a_description_tells_the_default_that_stash_does_not_know(name: str) -> None:
    said = OFFERED[name]["description"]
    value = default(name)

    if isinstance(value, bool):
        assert ("On unless switched off" in said) is value
        assert value or "Off unless switched on" in said
    elif isinstance(value, (int, float)):
        zero = "Empty" if name == "outage_wait" else "Empty or 0"
        assert re.search(rf"{zero} means {value:g}[.;]", said)
    else:
        assert re.search("Required|[Ee]mpty", said)


def test_every_setting_is_documented_and_no_other() -> None:
    assert set(DOCUMENTED) == NAMES == set(OFFERED)


def test_the_page_of_settings_is_that_of_the_table_of_settings() -> None:
    """`python -m tests.settings_page` writes it anew."""
    page = settings_page.PAGE.read_text("utf-8")
    assert settings_page.written(page) == page
    bare = re.sub(r"^(\| `max_tags` \|).*", "", page, flags=re.MULTILINE)
    assert "| `max_tags` | number | 100 | *Most tags" in settings_page.written(bare)


@pytest.mark.parametrize("name", sorted(name for name in NAMES if kind_of(name)[1] == "number"))
def test_a_documented_range_is_the_one_that_is_checked(name: str) -> None:
    with pytest.raises(ConfigError, match=r"number from") as caught:
        parse_settings({name: -1}, {"PLEX_URL": "http://x", "PLEX_TOKEN": "x"})

    (allowed,) = re.findall(r"from (\S+ to \d+)", str(caught.value))
    assert allowed in DOCUMENTED[name][1][3]
    assert name not in OFFERED or allowed.split()[-1] in OFFERED[name]["description"]


def test_old_keys_are_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")

    for name in (*WITHOUT_EFFECT, OLD_PATH_MAP):
        assert f"`{name}`" in text
