"""Commands as people type them, against both simulators."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from cli.main import main, run
from simulators.library.generate import generate
from tests.acceptance import entry
from tests.acceptance.entry import SECRETS, Ended
from tests.acceptance.site import Site
from tests.pool import Pool

Command = Callable[..., Ended]


@pytest.fixture(scope="module")
def site(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pool.both(generate(40, 3)) as both:
        yield Site(both, tmp_path_factory.mktemp("plugin") / "data")


@pytest.fixture(scope="module")
def command(site: Site) -> Command:
    def run(*arguments: str) -> Ended:
        env = {"STASH_URL": site.both.stash.url, "STASH_PLUGIN_DATA": str(site.data)}
        ended = entry.command_here(arguments, env)
        assert not [one for one in SECRETS if one.encode() in ended.stdout + ended.stderr]
        return ended

    return run


def test_a_library_that_was_never_compared_is_not_called_in_step(command: Command) -> None:
    told = command("gaps")
    assert (told.status, told.stdout.decode()[:12]) == (1, "Nothing has ")
    assert command("runs").stdout == b"No runs yet.\n"


def test_a_library_is_brought_into_step_by_commands(site: Site, command: Command) -> None:
    assert command("check").status == 1
    synced = command("sync", "--json")
    assert synced.status in (0, 1), synced.stderr
    told = json.loads(synced.stdout)
    assert told["process_queue"]["succeeded"] > 0
    recent = json.loads(command("sync", "--recent", "--json").stdout)
    assert recent["reconcile"]["scenes_checked"] < told["reconcile"]["scenes_checked"]
    shown = json.loads(command("--json", "check").stdout)
    assert shown["total_gaps"] == shown["missing_count"] + shown["vanished_count"]
    assert json.loads(command("--json", "check").stdout)["scenes_spared"] > 0
    assert json.loads(command("--json", "check", "--full").stdout)["scenes_spared"] == 0
    assert command("undo", "--dry-run").status == 0
    assert json.loads(command("status", "--json").stdout)["scenes_recorded"] > 0
    gaps = command("gaps", "--type", "missing")
    assert (gaps.status, gaps.stdout.splitlines()[0]) == (1, b"scene\ttype\ttitle\twhy")
    assert json.loads(command("gaps", "--text", "no such film", "--json").stdout)["total"] == 0
    assert b"Sync to Plex" in command("runs", "--limit", "5").stdout


def test_the_queue_says_what_waits_and_what_was_given_up_on(command: Command) -> None:
    listed = command("queue", "list")
    assert "Nothing was given up on." in listed.stdout.decode()
    assert "for Plex." in listed.stdout.decode()
    assert json.loads(command("queue", "list", "--json").stdout)["waiting"] >= 0
    assert json.loads(command("queue", "retry", "99999", "--json").stdout)["retried"] == 0
    dropped = command("queue", "drop", "99999")
    assert "None of these scenes was given up on." in dropped.stdout.decode()


def test_doctor_names_the_libraries(command: Command) -> None:
    found = command("doctor", "--json")
    assert found.status == 0, found.stderr
    assert json.loads(found.stdout)["libraries"]


def test_rules_are_previewed(command: Command) -> None:
    found = command(
        "--json", "rules", "use < 1 => nothing; others => collection", "--min-items", "3"
    )
    assert found.status == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["collections"] > told["collections_with_minimum"] > 0

    wrong = command("rules", "tag => label")
    assert wrong.status == 1
    assert b"'tag' needs the name of a tag" in wrong.stdout


def test_watch_looks_as_often_as_it_is_told(command: Command) -> None:
    ended = command("--json", "watch", "--every", "5", "--times", "1")
    assert ended.status == 0
    assert "processed" in json.loads(ended.stdout)


def test_a_stash_that_is_not_there_is_an_error_for_people(site: Site, command: Command) -> None:
    ended = command("--stash-url", "http://127.0.0.1:9", "check")
    assert ended.status == 2
    assert ended.stdout == b""
    assert b"Stash" in ended.stderr
    assert b"Traceback" not in ended.stderr
    told = command("--stash-url", "http://127.0.0.1:9", "--json", "check")
    assert list(json.loads(told.stdout)) == ["error"]


def test_a_command_that_there_is_not_is_an_error(command: Command) -> None:
    ended = command("chekc")
    assert ended.status == 2
    assert b"chekc" in ended.stderr
    told = command("gaps", "--type", "odd", "--json")
    assert (told.status, list(json.loads(told.stdout))) == (2, ["error"])


def test_what_breaks_off_is_not_told_as_something_to_do(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Python's own status would."""

    def fail(*_args: object, **_more: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr("cli.session.Session.run", fail)
    ended = command("status")
    assert (ended.status, b"KeyError: 'odd'. This is a bug" in ended.stderr) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_output_that_finds_no_room_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], as_json: list[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run([*as_json, "completion", "bash"]) == 2
        monkeypatch.undo()
    assert "The output cannot be written: [Errno 28]" in capfd.readouterr().err


def test_the_release_has_no_demo(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.main.PLUGIN_DIR", Path(__file__).parent)
    ended = command("demo")
    assert ended.status == 2
    assert b"checkout" in ended.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(command: Command, shell: str) -> None:
    assert b"_STASH2PLEX_COMPLETE" in command("completion", shell).stdout


def _all_commands(group: click.Group) -> Iterator[click.Command]:
    for each in group.commands.values():
        yield each
        if isinstance(each, click.Group):
            yield from _all_commands(each)


def test_every_command_and_option_says_what_it_does() -> None:
    for each in (main, *_all_commands(main)):
        assert each.help, each.name
        assert not each.get_short_help_str(62).endswith("..."), each.name
        for option in each.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help, (each.name, option.name)


def test_the_report_is_written_where_it_is_wanted(command: Command, tmp_path: Path) -> None:
    assert command("check").status == 1  # a preview tells the page nothing
    command("sync")
    ended = command("report", "--output", str(tmp_path / "out"), "--json")
    assert ended.status == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert Path(told["files"]["html"]).read_text("utf-8").startswith("<!doctype html>")
    assert told["scenes"] == 40
