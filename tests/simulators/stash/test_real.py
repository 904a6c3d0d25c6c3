"""What a running Stash (v0.30.1-44-gcf3489efd) was seen to do: plugins, jobs, access and pictures.

Each docstring names the fact. Queries are in test_stash_real_queries.py, changes of the library in
test_stash_real_changes.py.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.stash.plugin_config import read_plugins
from simulators.stash.plugin_io import LogSplitter, decode_output, go_text
from simulators.stash.sample_pictures import media_type
from tests.simulators.stash.running import (
    Stash,
    StashProcess,
    loaded,
    scene,
    seed,
    write_plugin,
)

YML = """
tasks: [{name: Wait, defaultArgs: {mode: wait}}]
hooks: [{name: note, triggeredBy: [Scene.Update.Post]}]
errLog: loud
"""
# Scene 7 updates itself with key and cookie, 8 with the key alone until a file says stop.
SCRIPT = """
mode = args.get("mode")
here = os.path.dirname(os.path.abspath(__file__))
number = args.get("hookContext", {}).get("id")
def update(cookie):
    import http.client
    server = seen["server_connection"]
    headers = {"Content-Type": "application/json", "ApiKey": open(here + "/key").read()}
    if cookie:
        headers["Cookie"] = f"session={server['SessionCookie']['Value']}"
    query = 'mutation { sceneUpdate(input: {id: "%d", rating100: 5}) { id } }' % number
    connection = http.client.HTTPConnection("127.0.0.1", server["Port"], timeout=20)
    connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
    connection.getresponse().read()
if mode == "wait":
    time.sleep(60)
elif mode == "say":
    sys.stderr.write("  unframed  \\n")
    answer("said")
elif mode == "raw":
    sys.stdout.write(args["text"])
elif number == 7:
    update(cookie=True)
elif number == 8:
    with open(here + "/count", "a") as file:
        file.write("x")
    if os.path.getsize(here + "/count") < 11:
        update(cookie=False)
"""


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real") / "plugins"
    write_plugin(folder, "Real", SCRIPT, YML)
    return folder


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess, plugins: Path) -> Iterator[Stash]:
    library = seed(*(scene(num) for num in range(1, 10)))
    options = (f"--plugin-dir={plugins}", "--username=anna", "--password=secret", "--api-key=key")
    with loaded(stash_process, library, *options) as client:
        form = {"username": "anna", "password": "secret"}
        client.session.post(f"{client.url}/login", data=form, timeout=10)
        (plugins / "Real" / "key").write_text("key", encoding="utf-8")
        yield client


def operate(stash: Stash, **args: Any) -> dict[str, Any]:
    query = 'mutation ($a: Map) { runPluginOperation(plugin_id: "Real", args: $a) }'
    return stash.answer(query, a=args)


def test_progress_is_zero_and_never_null(stash: Stash) -> None:
    """Waiting, running and finished jobs that told no progress have 0."""
    task = 'mutation { runPluginTask(plugin_id: "Real", task_name: "Wait") }'
    first, second = (stash.data(task)["runPluginTask"] for _ in range(2))
    queue = stash.data("{ jobQueue { status progress } }")["jobQueue"]
    assert [job["progress"] for job in queue] == [0, 0]
    stash.data("mutation { stopAllJobs }")
    assert stash.finished(first)["status"] == "CANCELLED"
    for num in (first, second):
        query = f'{{ findJob(input: {{id: "{num}"}}) {{ status progress }} }}'
        assert stash.data(query)["findJob"] == {"status": "CANCELLED", "progress": 0}


@pytest.mark.parametrize("text", ['{"error": ""}', '{"error": 5, "output": 1}', '{"error": {}}'])
def test_an_empty_error_is_an_error(stash: Stash, text: str) -> None:
    """`{"error": ""}` and an error that is no text are errors with an empty message."""
    assert operate(stash, mode="raw", text=text)["errors"][0]["message"] == ""


def test_numbers_in_the_output_lose_digits() -> None:
    """The output passes through float64."""
    text = b'{"output": [12345678901234567890, 9007199254740993, 1.0, -0.5, true]}'
    shown = [12345678901234567000, 9007199254740992, 1, -0.5, True]
    assert decode_output(text, None).output == shown
    assert go_text({"b": [None, False], "a": 1}) == "map[a:1 b:[<nil> false]]"


@pytest.mark.parametrize(("size", "passes"), [(65_536, True), (65_537, False), (70_000, False)])
def test_the_exact_limit_of_a_log_line(size: int, passes: bool) -> None:
    """65,536 bytes with the newline pass; one more ends the log, and nothing tells of it."""
    said: list[tuple[str, str]] = []
    splitter = LogSplitter("error", lambda level, text: said.append((level, text)))
    line = b"\x01i\x02" + b"x" * (size - 4) + b"\n"
    fed = splitter.feed(line[:1000]) and splitter.feed(line[1000:] + b"after")
    splitter.end()
    assert fed is passes
    assert [len(text) for _level, text in said] == ([size - 4, 5] if passes else [])


def test_an_unknown_errlog_means_error_and_unframed_lines_stay_as_they_are(stash: Stash) -> None:
    """An unknown `errLog` is accepted and means error; only framed lines are trimmed."""
    operate(stash, mode="say")
    said = {"level": "error", "message": "[Plugin / Real]   unframed  ", "plugin": "Real"}
    entries = stash.ask("plugin_log")
    assert any(said.items() <= entry.items() for entry in entries)


def test_a_key_beside_a_cookie_keeps_the_end_of_loops(stash: Stash) -> None:
    """ApiKey with cookie: ten runs of a hook that updates its scene; ApiKey alone: no end."""
    for number, runs in ((7, 10), (8, 11)):
        before = len(stash.ask("hooks"))
        stash.data(f'mutation {{ sceneUpdate(input: {{id: "{number}", title: "L"}}) {{ id }} }}')
        assert len(stash.ask("hooks")) - before == runs


def test_pictures_know_get_alone_and_say_what_is_wrong(stash: Stash) -> None:
    """HEAD is 405, no number as an id 400, part of a picture 206, a weak ETag 304."""
    url = f"{stash.url}/scene/1/screenshot"
    head = stash.session.head(url, timeout=10)
    assert (head.status_code, head.headers["Allow"]) == (405, "GET")
    bad = stash.session.get(f"{stash.url}/scene/abc/screenshot", timeout=10)
    assert (bad.status_code, bad.text) == (400, "Bad Request\n")
    part = stash.session.get(url, headers={"Range": "bytes=0-9"}, timeout=10)
    assert (part.status_code, len(part.content)) == (206, 10)
    assert part.headers["Content-Range"].startswith("bytes 0-9/")
    known = {"If-None-Match": "W/" + part.headers["ETag"]}
    assert stash.session.get(url, headers=known, timeout=10).status_code == 304


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x00\x00\x00\x1cftypavif\x00\x00", "application/octet-stream"),
        (b"hello world", "image/svg+xml"),
        (b"<svg/>", "image/svg+xml"),
        (b'<?xml version="1.0"?><svg/>', "image/svg+xml"),
        (b"<!-- a comment --><svg/>", "text/html; charset=utf-8"),
        (b"\n <!DOCTYPE html><html>", "text/html; charset=utf-8"),
        (b"BM\x00\x00", "image/bmp"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_types_of_pictures_are_sniffed(data: bytes, kind: str) -> None:
    """AVIF is unknown; text and XML are called SVG."""
    assert media_type(data) == kind


def test_a_cover_must_be_a_data_url(stash: Stash) -> None:
    """Bare base64 is taken for an address and refused; null, "" and no bytes change nothing."""
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    change = 'mutation ($c: String) { sceneUpdate(input: {id: "2", cover_image: $c}) { id } }'
    refused = stash.error(change, c=png)
    assert refused == f'processing cover image: Get "{png}": unsupported protocol scheme ""'
    for cover in (f"data:image/png;base64,{png}", None, "", "data:image/png;base64,"):
        stash.data(change, c=cover)
        shown = stash.session.get(f"{stash.url}/scene/2/screenshot", timeout=10)
        assert shown.content == base64.b64decode(png)


def test_settings_are_kept_as_they_come_but_for_huge_integers(stash: Stash) -> None:
    """Keys with dots stay flat, integers end at 64 bits, a plugin with {} is in the whole list."""
    write = "mutation ($p: ID!, $m: Map!) { configurePlugin(plugin_id: $p, input: $m) }"
    given = {"dotted.key": 1, "big": 2**64, "low": -(2**64), "deep": {"big": 2**64}, "none": None}
    kept = {**given, "big": 2**63 - 1, "low": -(2**63)}
    assert stash.data(write, p="Real", m=given)["configurePlugin"] == kept
    stash.data(write, p="real", m={})
    everything = stash.data("{ configuration { plugins } }")["configuration"]["plugins"]
    assert everything == {"Real": kept, "real": {}}
    query = '{ configuration { plugins(include: ["real"]) } }'
    assert stash.data(query)["configuration"]["plugins"] == {}
    assert stash.error(write, p="Real", m=[1]) == "[]interface {} is not a map"


@pytest.mark.parametrize(
    ("extra", "error"),
    [
        ("settings: {a: {type: ENUM}}", "invalid type a for setting ENUM"),
        ("settings: {a: {type: string}}", "invalid type a for setting string"),
        ("tasks: [{name: a, defaultArgs: {n: [1]}}]", "cannot unmarshal !!seq into string"),
        ("hooks: [{name: h, triggeredBy: Scene.Update.Post}]", "cannot unmarshal"),
        ("exec: python3", "cannot unmarshal"),
        (None, "EOF"),
    ],
)
def test_plugin_files_that_are_refused(tmp_path: Path, extra: str | None, error: str) -> None:
    """Unknown types of settings, lists as arguments, texts for lists and empty files."""
    (tmp_path / "P.yml").write_text(extra or "", encoding="utf-8")
    plugins, errors = read_plugins([tmp_path])
    assert plugins == []
    assert error in errors[0]


def test_plugin_files_that_are_taken(tmp_path: Path) -> None:
    """A BOM, null for text, and whatever follows the first document."""
    text = "\ufeffname:\nsettings: {z: , B: {type: NUMBER}}\ntasks: [{defaultArgs: {a: null, "
    (tmp_path / "P.yml").write_text(text + 'b: ~, c: "null", d: 0x10}}]\n---\nfoo: 1\n')
    ((plugin,), _errors) = read_plugins([tmp_path])
    assert plugin.name == "P"
    assert [setting.name for setting in plugin.settings] == ["B", "z"]
    assert plugin.tasks[0].default_args == {"a": "", "b": "", "c": "null", "d": "0x10"}


def test_plugins_are_met_in_the_order_of_one_walk(tmp_path: Path) -> None:
    """Files among folders by their bytes, hidden ones too; ids are unique ignoring case."""
    for name in ("Top.yml", ".hid/Hid.yml", "Zed/no.yaml", "Zed/M.yml", "a/Deep.yml", "b/deep.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("exec: [a]\n", encoding="utf-8")
    plugins, errors = read_plugins([tmp_path])
    assert [plugin.id for plugin in plugins] == ["Hid", "Top", "M", "Deep"]
    assert errors[0].endswith("plugin ID deep already exists")
