"""Arguments of tasks: Stash's buttons send texts, its API any JSON."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from core.errors import ConfigError
from core.timestamps import parse_timestamp

_ON = frozenset({"true", "1", "yes", "on"})
_OFF = frozenset({"false", "0", "no", "off", ""})


def flag(args: Mapping[str, object], name: str) -> bool:
    """A switch; False where it is not given. Raises ConfigError: it is neither on nor off."""
    raw = args.get(name)
    told = "" if raw is None else str(raw).strip().casefold()
    if told not in _ON | _OFF:
        raise ConfigError(f"The argument {name!r} is {raw!r}; true or false is allowed.")
    return told in _ON


def number(args: Mapping[str, object], name: str) -> int | None:
    """A whole number above 0; None where it is not given. Raises ConfigError: it is none."""
    raw = args.get(name)
    told = "" if raw is None else str(raw).strip()
    if not told:
        return None
    if isinstance(raw, bool) or not told.isdecimal() or len(told) > 18 or int(told) == 0:
        raise ConfigError(f"The argument {name!r} is {raw!r}; a whole number above 0 is allowed.")
    return int(told)


def text(args: Mapping[str, object], name: str) -> str:
    """A text without blanks around it; "" where it is not given. What no file could hold, half a
    surrogate pair, is a question mark in it."""
    raw = args.get(name)
    return "" if raw is None else str(raw).encode(errors="replace").decode().strip()


def choice(args: Mapping[str, object], name: str, allowed: Collection[str]) -> str:
    """One of some texts; "" where it is not given. Raises ConfigError: it is none of them."""
    told = text(args, name)
    if told and told not in allowed:
        raise ConfigError(
            f"The argument {name!r} is {told!r}; one of these is allowed: {', '.join(allowed)}."
        )
    return told


def allow_only(args: Mapping[str, object], known: Collection[str] = ()) -> None:
    """Look for arguments that are not known: those that are misspelled would choose all.

    Raises:
        ConfigError: there is one.
    """
    _refuse("argument", args.keys() - {"mode", "dry_run", *known}, known)


def filters(args: Mapping[str, object], known: Collection[str]) -> Mapping[str, object] | None:
    """The argument `filter`, which means all that a list shows so; None where it is not given.

    Raises:
        ConfigError: it is no mapping, or has what is not known: without that there would be more.
    """
    told = args.get("filter")
    if told is None:
        return None
    if not isinstance(told, Mapping):
        raise ConfigError(f"The argument 'filter' is {told!r}; a mapping is allowed.")
    _refuse("filter", told.keys() - set(known), known)
    return told


def _refuse(what: str, unknown: Iterable[object], known: Collection[str]) -> None:
    """Raises where there is something unknown."""
    if told := sorted(map(str, unknown)):
        allowed = f"these are allowed: {', '.join(known)}" if known else "none is allowed"
        raise ConfigError(f"The {what} {told[0]!r} is unknown; {allowed}.")


def moment(args: Mapping[str, object], name: str) -> float | None:
    """A point in time, as epoch seconds; None where it is not given.

    Raises:
        ConfigError: it is none.
    """
    told = text(args, name)
    if not told:
        return None
    if re.fullmatch(r"\d{1,12}(\.\d+)?", told, re.ASCII):
        return float(told)
    at = parse_timestamp(told if "T" in told or " " in told else f"{told}T00:00:00")
    if at is None:
        raise ConfigError(
            f"The argument {name!r} is {args[name]!r}; a time like 2026-01-31T18:00:00+01:00, a "
            "day like 2026-01-31, or seconds since 1970 are allowed."
        )
    return at


def numbers(args: Mapping[str, object], name: str) -> list[int] | None:
    """Whole numbers above 0, as a list or with commas between them; None where it is not given,
    which an empty list is not: that names none, and not all.

    Raises:
        ConfigError: something else is among them.
    """
    raw = args.get(name)
    listed = raw if isinstance(raw, list) else text(args, name).split(",")
    found = [number({name: each}, name) for each in listed]
    given = [each for each in found if each is not None]
    return given if isinstance(raw, list) else given or None
