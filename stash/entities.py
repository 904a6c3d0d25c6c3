"""Listings of performers, studios, tags and groups: what a scene's own answer does not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from core.errors import StashError
from core.library_facts import GROUP, STUDIO, TAG, Used
from core.performer_names import Disambiguate, Performer, in_doubt, shown
from stash import queries
from stash.answers import inside, objects
from stash.mapping import number, text
from stash.scenes import MAX_IDS, StashApi, query_data, scene_fields

T = TypeVar("T")
PAGE = 5000  # as many as `stash.scalars` asks for at once
TRIES = 3  # of a listing that changes while it is read
_HAVE_DISAMBIGUATION = {"disambiguation": {"value": "", "modifier": "NOT_NULL"}}


def list_entities(
    stash: StashApi, kind: str, fields: str, criteria: Mapping[str, object] | None = None
) -> list[Mapping[str, Any]]:
    """All entities of a kind by name, each once, as JSON objects.

    Args:
        fields: those to ask for besides `id`, as GraphQL.
        criteria: of Stash's filter of that kind.

    Raises:
        StashError: or its kinds; Stash does not answer, or not for all that it counts.
    """
    read = partial(_listed, stash, kind, fields, criteria, "name", lambda row: row)
    return list(_all(kind, read).values())


def list_texts(stash: StashApi, kind: str, name: str, sort: str) -> dict[int, str]:
    """One field of all entities of a kind, by their ids; see `list_entities`.

    Args:
        sort: by what they are listed.
    """
    read = partial(_listed, stash, kind, name, None, sort, lambda row: text(row.get(name)))
    return _all(kind, read)


def _all(kind: str, read: Callable[[], tuple[dict[int, T], set[int]]]) -> dict[int, T]:
    """What `_listed` brings, once it brings as many as Stash counts."""
    found: dict[int, T] = {}
    totals: set[int] = set()
    for _ in range(TRIES):
        found, totals = read()
        if totals == {len(found)}:
            return found
    # What is not told is unknown: taken for absent, it would change names and lists in Plex.
    told = ", ".join(map(str, sorted(totals))) or "an unknown number"
    raise StashError(f"Stash lists {len(found)} of {told} {kind}s")


def _listed(
    stash: StashApi,
    kind: str,
    fields: str,
    criteria: Mapping[str, object] | None,
    sort: str,
    keep: Callable[[Mapping[str, Any]], T],
) -> tuple[dict[int, T], set[int]]:
    """The entities by id, and how many Stash counts with each page: these go by offset, and
    slide."""
    given, passed = "", ""
    if criteria is not None:
        given = f", $criteria: {kind.capitalize()}FilterType"
        passed = f", {kind}_filter: $criteria"
    asked = (
        f"query Listed($filter: FindFilterType{given}) {{"
        f" listed: find{kind.capitalize()}s(filter: $filter{passed})"
        f" {{ count found: {kind}s {{ id {fields} }} }} }}"
    )
    found: dict[int, T] = {}
    totals: set[int] = set()
    page = 1
    while True:
        variables: dict[str, object] = {"filter": queries.page_of(PAGE, page, sort)}
        variables |= {"criteria": criteria} if criteria is not None else {}
        listed = inside(query_data(stash, asked, variables), "listed")
        rows = objects(listed.get("found"))
        had = len(found)
        found.update({i: keep(each) for each in rows if (i := number(each.get("id"))) is not None})
        total = number(listed.get("count"))
        totals |= {total} if total is not None else set()
        # A page without news would be asked for for ever.
        if len(rows) < PAGE or len(found) == had:
            return found, totals
        page += 1


def disambiguations(stash: StashApi, when: Disambiguate) -> Mapping[int, str]:
    """The disambiguations that are part of names, by the performer's id: one request, and more only
    where there are some. Raises StashError: or its kinds; Stash does not answer."""
    if when is Disambiguate.NEVER:
        return {}
    listed = list_entities(stash, "performer", "name disambiguation", _HAVE_DISAMBIGUATION)
    performers = [
        Performer(number(each["id"]) or 0, text(each.get("name")), text(each.get("disambiguation")))
        for each in listed
    ]
    shared: list[str] = []
    if when is Disambiguate.NEEDED:
        names = in_doubt(performers)
        for start in range(0, len(names), MAX_IDS):
            shared += _shared(stash, names[start : start + MAX_IDS])
    return shown(performers, when, shared)


def _shared(stash: StashApi, names: Sequence[str]) -> Iterable[str]:
    """Those of some names that more than one performer has, whatever their case."""
    given = ", ".join(f"$n{place}: String!" for place in range(len(names)))
    # A name with % or _ is a pattern there, and may find too many: then it says more than needed.
    asked = " ".join(
        f"n{place}: findPerformers(filter: {{per_page: 0}}, performer_filter:"
        f" {{name: {{value: $n{place}, modifier: EQUALS}}}}) {{ count }}"
        for place in range(len(names))
    )
    variables = {f"n{place}": name for place, name in enumerate(names)}
    data = query_data(stash, f"query Namesakes({given}) {{ {asked} }}", variables)
    for place, name in enumerate(names):
        if (number(inside(data, f"n{place}").get("count")) or 0) > 1:
            yield name


_ABOVE = {TAG: "parents { id }", STUDIO: "parent_studio { id }", GROUP: ""}


def used(stash: StashApi, kind: str) -> dict[int, Used]:
    """All tags, studios or groups by id: how many scenes have each, and what lies right above it.

    Raises:
        StashError: or its kinds; Stash does not answer.
    """
    listed = kind
    if kind == GROUP and queries.MOVIES in scene_fields(stash):
        listed = "movie"
    rows = list_entities(stash, listed, f"name scene_count {_ABOVE[kind]}")
    return {number(row["id"]) or 0: _used(row) for row in rows}


def _used(row: Mapping[str, Any]) -> Used:
    above = row.get("parents") or [row.get("parent_studio")]
    ids = [number(each.get("id")) for each in objects(above)]
    scenes = number(row.get("scene_count")) or 0
    return Used(text(row.get("name")), scenes, tuple(i for i in ids if i is not None))
