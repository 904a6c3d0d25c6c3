"""Changes of one item as the parameters of one edit. Pure.

The parameter language and its traps: facts of Plex, 4b and 4c, gathered in docs/queue.md.
Lists are sent whole as additions, with the surplus named as removals: that is right on servers that
add what an edit names, and on those that replace by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from core.models import Change, Role, Value
from core.text import name_key
from plex.field_names import ACTOR, LIST_NAMES, SCALAR_NAMES, lock_name
from plex.url_encoding import encode, encode_query

SAFE_TEXT = 6000  # bytes of a percent-encoded text that leave room for the rest of an edit
_FIELD = re.compile(r"[^.\[]+")


def edit_params(
    changes: Iterable[Change], roles: Iterable[Role] = (), *, lock: bool = True
) -> list[tuple[str, str]]:
    """The parameters that make one item show `change.after` of every change, and lock it.

    A scalar whose `after` is empty is cleared. A name of a list is never added and removed at once,
    whatever its spelling.

    Args:
        roles: what the item says of its actors now; those that stay keep their part and photo,
            which a server that replaces would otherwise drop.
        lock: False leaves the locks as they are.

    Raises:
        ValueError: a field that Plex does not have.
        TypeError: a list for a scalar, or the other way round.
    """
    params: list[tuple[str, str]] = []
    for change in changes:
        if change.field in SCALAR_NAMES:
            params.append((f"{SCALAR_NAMES[change.field]}.value", _scalar(change)))
        elif change.field in LIST_NAMES:
            known = roles if LIST_NAMES[change.field] == ACTOR else ()
            params += _list(LIST_NAMES[change.field], change, known)
        if lock:
            params += lock_params({change.field: True})
    return params


def difference(change: Change) -> Change:
    """A change of a list as what comes and what goes, for an edit of several items whose lists
    differ otherwise. On a server that replaces lists such an edit takes all else away."""
    if change.field not in LIST_NAMES:
        return change
    return replace(change, before=(), after=change.added)


def lock_params(locks: Mapping[str, bool]) -> list[tuple[str, str]]:
    """The parameters that lock fields or pictures (True) and unlock others, and leave what they
    show alone."""
    names = sorted(locks, key=lambda name: (not locks[name], name))
    return [(f"{lock_name(name)}.locked", "1" if locks[name] else "0") for name in names]


def shortened(change: Change, roles: Iterable[Role] = ()) -> Change | None:
    """A text, or a list, cut so that its edit fits an address that proxies take; None where it does
    already, or where nothing fits beside the entries that are to stay.

    Servers and proxies refuse long addresses with 414 or 400 (facts of Plex, 4e), and a character
    can take up to twelve bytes of one.

    Args:
        roles: as of `edit_params`.
    """
    if change.field in LIST_NAMES:
        return _shorter_list(change, tuple(roles))
    text = change.after
    if not isinstance(text, str) or len(encode(text)) <= SAFE_TEXT:
        return None
    room = SAFE_TEXT - len(encode("…"))
    kept = ""
    for letter in text:
        room -= len(encode(letter))
        if room < 0:
            break
        kept += letter
    return replace(change, after=kept.rstrip() + "…")


def _shorter_list(change: Change, roles: Sequence[Role]) -> Change | None:
    """With as many of the new entries as fit."""
    cut = change
    while len(encode_query(edit_params([cut], roles))) > SAFE_TEXT:
        if not cut.added:
            return None
        dropped = name_key(cut.added[-1])
        left = tuple(name for name in _names(cut.field, cut.after) if name_key(name) != dropped)
        cut = replace(cut, after=left, added=cut.added[:-1])
    return cut if cut is not change and (cut.added or cut.removed) else None


def split_params(params: Sequence[tuple[str, str]], max_length: int) -> list[list[tuple[str, str]]]:
    """Cuts parameters into as few edits as keep each query within `max_length` bytes.

    Only between fields: a list sent in two halves would lose one on servers that replace. A field
    that is too long by itself makes an edit of its own, for the server to accept or refuse.
    """
    fields: dict[str, list[tuple[str, str]]] = {}
    for name, value in params:
        match = _FIELD.match(name)
        fields.setdefault(match.group() if match else name, []).append((name, value))
    edits: list[list[tuple[str, str]]] = []
    length = max_length
    for group in fields.values():
        added = len(encode_query(group)) + 1  # with what parts it from the others
        length += added
        if length <= max_length:
            edits[-1] += group
        else:
            edits.append(list(group))
            length = added - 1
    return edits


def _scalar(change: Change) -> str:
    value = change.after
    if value is None:
        return ""
    if isinstance(value, tuple):
        raise TypeError(f"{change.field} takes one value, not a list")
    if isinstance(value, str):
        return value
    return f"{value:.15g}"


def _list(name: str, change: Change, roles: Iterable[Role]) -> list[tuple[str, str]]:
    known = {name_key(role.name): role for role in roles}
    shown = {name_key(entry): entry for entry in reversed(_names(change.field, change.after))}
    wanted = list(reversed(shown.items()))
    # By spelling and not by identity: of two spellings of one name each has to be named.
    surplus = dict.fromkeys(
        entry
        for entry in _names(change.field, (*change.removed, *_names(change.field, change.before)))
        if name_key(entry) not in shown
    )
    params: list[tuple[str, str]] = []
    for index, (key, entry) in enumerate(wanted):
        params.append((f"{name}[{index}].tag.tag", entry))
        if key in known and known[key].text:
            params.append((f"{name}[{index}].tagging.text", known[key].text))
        if key in known and known[key].thumb:
            params.append((f"{name}[{index}].tag.thumb", known[key].thumb))
    if surplus:
        # Plex cuts the value at commas and decodes each part once more (facts of Plex, 4.15).
        params.append((f"{name}[].tag.tag-", ",".join(map(encode, surplus))))
    return params


def _names(field: str, value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, tuple):
        raise TypeError(f"{field} takes a list of names")
    return tuple(name for name in value if name.strip())
