"""Reads plugin definitions as Stash does: every *.yml below a plugins folder, strictly.

An unknown or a duplicate key rejects the whole file; scalars in `defaultArgs` are always strings;
the id is the file's base name, unique ignoring case. (Stash's pkg/plugin/config.go, plugins.go.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TOP_KEYS = {
    *("name", "description", "url", "version", "interface", "exec", "errLog"),
    *("tasks", "hooks", "ui", "settings"),
}
TASK_KEYS = {"name", "description", "execArgs", "defaultArgs"}
HOOK_KEYS = TASK_KEYS | {"triggeredBy"}
SETTING_KEYS = {"type", "displayName", "description"}
UI_KEYS = {"requires", "csp", "javascript", "css", "assets"}
CSP_KEYS = {"script-src", "style-src", "connect-src"}
INTERFACES = {"raw", "rpc", "js"}
SETTING_TYPES = {"", "STRING", "NUMBER", "BOOLEAN"}
NULLS = ("~", "null", "Null", "NULL")


class PluginConfigError(Exception):
    """The file is no plugin definition: Stash logs this and goes on without the plugin."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A task or a hook of a plugin."""

    name: str
    description: str
    exec_args: tuple[str, ...]
    default_args: Mapping[str, str]
    triggered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    display_name: str
    description: str
    type: str  # STRING, NUMBER, BOOLEAN


@dataclass(frozen=True, slots=True)
class Plugin:
    id: str
    path: Path  # of the yml
    name: str
    description: str | None
    url: str | None
    version: str | None
    interface: str  # raw, rpc, js
    exec: tuple[str, ...]
    err_log: str
    tasks: tuple[Operation, ...]
    hooks: tuple[Operation, ...]
    settings: tuple[Setting, ...]  # sorted by key, as the settings page shows them
    requires: tuple[str, ...]

    def task(self, name: str) -> Operation | None:
        return next((task for task in self.tasks if task.name == name), None)

    def hooks_for(self, trigger: str) -> list[Operation]:
        """A hook that names a trigger twice runs twice."""
        return [hook for hook in self.hooks for name in hook.triggered_by if name == trigger]

    def command(self, operation: Operation | None, folder: str) -> list[str]:
        """The command line; `{pluginDir}` is the folder in all but its first element."""
        arguments = [*self.exec[1:], *(operation.exec_args if operation else ())]
        return [*self.exec[:1], *(arg.replace("{pluginDir}", folder) for arg in arguments)]


class _Strict(yaml.BaseLoader):
    """All scalars stay text, as Go's string fields take them, but that null is empty; a key given
    twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        twins = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twins:
            raise PluginConfigError(f"key {twins[0]!r} already set in map")
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        text = super().construct_scalar(node)
        return "" if node.style is None and text in NULLS else text


def read_plugin(path: Path) -> Plugin:
    """Parses one file. Raises PluginConfigError: it is not valid."""
    try:
        # What follows the first document is not looked at.
        raw: Any = next(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Strict), None)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PluginConfigError(str(error)) from error
    if raw is None:
        raise PluginConfigError("EOF")
    top = _mapping(raw, TOP_KEYS, "plugin.Config")
    if (top.get("interface") or "raw") not in INTERFACES:
        raise PluginConfigError(f"invalid interface type {top['interface']}")
    ui = _mapping(top.get("ui"), UI_KEYS, "plugin.UIConfig")
    _mapping(ui.get("csp"), CSP_KEYS, "plugin.PluginCSP")
    return Plugin(
        id=path.stem,
        path=path,
        name=top.get("name") or path.stem,
        description=top.get("description"),
        url=top.get("url"),
        version=top.get("version"),
        interface=top.get("interface") or "raw",
        exec=_texts(top.get("exec")),
        err_log=top.get("errLog") or "error",
        tasks=tuple(_operation(task, TASK_KEYS) for task in _list(top.get("tasks"))),
        hooks=tuple(_operation(hook, HOOK_KEYS) for hook in _list(top.get("hooks"))),
        settings=_settings(_mapping(top.get("settings"), None, "settings")),
        requires=_texts(ui.get("requires")),
    )


def read_plugins(folders: Iterable[Path]) -> tuple[list[Plugin], list[str]]:
    """Every plugin below the folders, in the order of the walk, and the errors met."""
    plugins: list[Plugin] = []
    errors: list[str] = []
    for path in (path for folder in folders for path in _definitions(folder)):
        try:
            plugin = read_plugin(path)
        except PluginConfigError as error:
            errors.append(f"Error loading plugin {path}: {error}")
            continue
        if any(plugin.id.lower() == known.id.lower() for known in plugins):
            errors.append(f"Error loading plugin {path}: plugin ID {plugin.id} already exists")
            continue
        plugins.append(plugin)
    return plugins, errors


def _definitions(folder: Path) -> Iterator[Path]:
    """The definitions below a folder, hidden and linked folders too, in the order of their bytes,
    files among folders."""
    try:
        entries = sorted(folder.iterdir(), key=lambda path: os.fsencode(path.name))
    except OSError:
        return
    for path in entries:
        if path.is_dir():
            yield from _definitions(path)
        elif path.name.endswith(".yml"):
            yield path


def _operation(raw: Any, keys: set[str]) -> Operation:
    known = _mapping(raw, keys, "plugin.OperationConfig")
    return Operation(
        name=known.get("name", ""),
        description=known.get("description", ""),
        exec_args=_texts(known.get("execArgs")),
        default_args=_scalars(known.get("defaultArgs")),
        triggered_by=_texts(known.get("triggeredBy")),
    )


def _settings(raw: Mapping[str, Any]) -> tuple[Setting, ...]:
    found = []
    for name in sorted(raw):
        known = _mapping(raw[name], SETTING_KEYS, "plugin.SettingConfig")
        if known.get("type", "") not in SETTING_TYPES:
            # The message there has the two the wrong way round.
            raise PluginConfigError(f"invalid type {name} for setting {known['type']}")
        found.append(
            Setting(
                name,
                known.get("displayName", ""),
                known.get("description", ""),
                known.get("type") or "STRING",
            )
        )
    return tuple(found)


def _mapping(raw: Any, keys: set[str] | None, what: str) -> dict[str, Any]:
    if raw in (None, ""):
        return {}
    if not isinstance(raw, dict):
        raise PluginConfigError(f"cannot unmarshal {type(raw).__name__} into {what}")
    unknown = sorted(set(raw) - keys) if keys is not None else []
    if unknown:
        raise PluginConfigError(f"field {unknown[0]} not found in type {what}")
    return raw


def _scalars(raw: Any) -> dict[str, str]:
    known = _mapping(raw, None, "defaultArgs")
    for value in known.values():
        if not isinstance(value, str):
            kind = "seq" if isinstance(value, list) else "map"
            raise PluginConfigError(f"cannot unmarshal !!{kind} into string")
    return known


def _list(raw: Any) -> list[Any]:
    if raw in (None, ""):
        return []
    if not isinstance(raw, list):
        raise PluginConfigError(f"cannot unmarshal {raw!r} into a list")
    return raw


def _texts(raw: Any) -> tuple[str, ...]:
    texts = _list(raw)
    if not all(isinstance(text, str) for text in texts):
        raise PluginConfigError(f"cannot unmarshal {raw!r} into []string")
    return tuple(texts)
