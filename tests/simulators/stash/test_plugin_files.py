"""Plugin definitions and plugin output, read as Stash reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.stash.plugin_config import PluginConfigError, read_plugin, read_plugins
from simulators.stash.plugin_io import LogSplitter, decode_output, progress_of


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_default_arguments_are_always_text(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "P.yml",
        "name: P\nexec: [python3, '{pluginDir}/p.py', '{pluginDir}']\n"
        "tasks:\n- name: T\n  execArgs: ['{pluginDir}/x']\n"
        "  defaultArgs: {flag: true, number: 3, text: a}\n",
    )
    plugin = read_plugin(path)
    task = plugin.task("T")
    assert task is not None
    assert task.default_args == {"flag": "true", "number": "3", "text": "a"}
    folder = str(tmp_path)
    assert plugin.command(task, folder) == ["python3", f"{folder}/p.py", folder, f"{folder}/x"]
    assert plugin.command(None, folder) == ["python3", f"{folder}/p.py", folder]


@pytest.mark.parametrize(
    "text",
    [
        "name: P\ncolour: red\n",
        "name: P\nname: Q\n",
        "name: P\ntasks:\n- name: T\n  args: {}\n",
        "name: P\nhooks:\n- name: H\n  triggeredBy: [{a: 1}]\n",
        "name: P\nsettings:\n  x: {type: STRING, default: 1}\n",
        "name: P\nui: {javascript: [a.js], frames: []}\n",
        "name: P\nui: {csp: {img-src: []}}\n",
        "name: P\ninterface: http\n",
        "- a list\n",
        "name: [\n",
    ],
)
def test_a_file_that_is_not_exactly_right_is_rejected(tmp_path: Path, text: str) -> None:
    with pytest.raises(PluginConfigError):
        read_plugin(write(tmp_path, "P.yml", text))


def test_every_yml_at_any_depth_is_a_plugin_and_ids_are_unique_ignoring_case(
    tmp_path: Path,
) -> None:
    for name in ("a/One.yml", "b/deep/Two.yml", "c/ONE.yml", "d/three.yaml"):
        write(tmp_path, name, "name: x\n")
    write(tmp_path, "e/Bad.yml", "no: yes\n")
    plugins, errors = read_plugins([tmp_path])
    assert [plugin.id for plugin in plugins] == ["One", "Two"]
    assert len(errors) == 2


@pytest.mark.parametrize(
    ("stdout", "output", "error"),
    [
        ('{"output": {"a": 1}}', {"a": 1}, None),
        ('{"error": "m"}', None, "m"),
        (' {"OUTPUT": 2, "Error": null}\n', 2, None),
        ("{}", None, None),
        ("null", None, None),
        ('{"foo": 1}', None, None),
        ("", "", None),
        ("123", "123", None),
        ('"ok"', '"ok"', None),
        ("[1]", "[1]", None),
        ('{"output":1}{"output":2}', '{"output":1}{"output":2}', None),
        ('log\n{"output":1}', 'log\n{"output":1}', None),
        ('{"output": NaN}', '{"output": NaN}', None),
        ('{"error":5,"output":1}', '{"error":5,"output":1}', ""),
    ],
)
def test_the_decoding_of_stdout(stdout: str, output: object, error: str | None) -> None:
    decoded = decode_output(stdout.encode(), None)
    assert (decoded.output, decoded.error) == (output, error)


def test_an_exit_code_is_an_error_unless_the_output_names_one() -> None:
    assert decode_output(b'{"output": 1}', "exit status 2").error == "exit status 2"
    assert decode_output(b'{"error": "mine"}', "exit status 2").error == "mine"
    assert decode_output(b"half a docu", "signal: killed").error == "signal: killed"


def lines_of(*chunks: bytes, level: str = "error") -> tuple[list[tuple[str, str]], bool]:
    said: list[tuple[str, str]] = []
    splitter = LogSplitter(level, lambda *entry: said.append(entry))
    open_still = all(splitter.feed(chunk) for chunk in chunks)
    splitter.end()
    return said, open_still


def test_framed_and_plain_lines() -> None:
    said, _ = lines_of(b"\x01i\x02 hello \r\n\x01p\x020.5\nplain\n\x01z\x02what\n\x01d\x02", b"x\n")
    assert said == [
        ("info", "hello"),
        ("progress", "0.5"),
        ("error", "plain"),
        ("error", "\x01z\x02what"),
        ("debug", "x"),
    ]
    assert lines_of(b"plain\n", level="none") == ([], True)


def test_a_line_of_64_kib_ends_the_reading() -> None:
    assert lines_of(b"x" * 65_535 + b"\n")[1] is True
    assert lines_of(b"x" * 65_536 + b"\n")[1] is False
    assert lines_of(b"x" * 40_000, b"x" * 40_000)[1] is False


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=2)))
def test_lines_are_the_same_however_they_are_cut(texts: list[str]) -> None:
    whole = "".join(f"\x01w\x02{text}\n" for text in texts).encode()
    cut = lines_of(*(whole[index : index + 3] for index in range(0, len(whole), 3)))
    assert cut == lines_of(whole)


def test_progress_is_clamped() -> None:
    assert [progress_of(text) for text in ("-1", "0.4", "2")] == [0.0, 0.4, 1.0]
    with pytest.raises(ValueError, match="soon"):
        progress_of("soon")
