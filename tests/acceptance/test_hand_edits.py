"""With `preserve_plex_edits` hundreds of hand edits in Plex survive each sync (in `make soak` ten),
every change in Stash that does not meet them arrives, and every one that does is reported, and
nothing else."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from simulators.dumps import State
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.hand_edit_model import (
    FIELDS,
    LISTS,
    SCALARS,
    HandModel,
    Place,
    Side,
    row_of,
    shown,
    to_show,
)
from tests.acceptance.site import Site
from tests.acceptance.soak import amount

CASES = ("in_sync_lists", "in_sync", "drift_title", "two_sections", "empty_agent")
SCENES = 50
ROUNDS = amount(4, 10)
BY_HAND = 100  # edits in Plex in each round
IN_STASH = 30  # scenes edited in each round
READINGS = ("additive", "replacing")
_CONFLICT = re.compile(r"scene \d+(?: “.*”)?, item (\S+): (\w+) .*", re.DOTALL)


def test_hand_edits_survive_and_all_else_arrives(open_alone: Open) -> None:
    chance = random.Random(1)
    site = open_alone(generate(SCENES, seed=1, only=CASES))
    model = _synced_once(site)
    _lock_some(site, chance, model)
    made = 0
    for number in range(ROUNDS):
        # Plex's times are whole seconds, and nobody edits by hand in the second of our own edit.
        clock = 5 * number + 5
        site.both.plex.configure(clock_offset=clock, edit_section=READINGS[number % 2])
        made += _edit_plex(site, chance, model)
        _edit_stash(site, chance)
        expected, conflicts = model.sync(site.both.stash.state(), site.both.plex.state())

        site.reconcile()
        drained = site.drain()

        plex = site.both.plex.state()
        now = {(item, name): shown(row_of(plex, item)).value(name) for item, name in expected}
        wrong = {at: (value, now[at]) for at, value in expected.items() if value != now[at]}
        assert wrong == {}, f"round {number}: {wrong}"
        assert _reported(drained) == conflicts
        assert conflicts
        site.reset_counters()
        assert (site.reconcile()["total_gaps"], site.writes()) == (0, 0)
    assert made == ROUNDS * BY_HAND


def _synced_once(site: Site) -> HandModel:
    site.use(
        first_sync="mirror",
        max_clear_percent=100,
        preserve_plex_edits=True,
        sync_collection=True,
    )
    before = site.both.plex.state()
    site.reconcile()
    assert site.drain()["failed"] == 0
    return HandModel(site.rightful(), before, site.both.stash.state(), site.both.plex.state())


def _reported(drained: Mapping[str, Any]) -> set[Place]:
    lines = drained["conflicts"]
    found = [match for line in lines if (match := _CONFLICT.fullmatch(line)) is not None]
    places = {(match[1], match[2]) for match in found}
    assert len(places) == len(lines) == drained["conflict_count"]
    return places


# Hands ---------------------------------------------------------------------------------------


def _lock_some(site: Site, chance: random.Random, model: HandModel) -> None:
    """Locks alone, on values that both sides had in common and that we have never written."""
    plex = site.both.plex.state()
    free = [
        (item, name)
        for item in sorted(site.rightful())
        for name in SCALARS
        if SCALARS[name] not in row_of(plex, item)["locked"]
    ]
    chosen: dict[str, list[str]] = {}
    for item, name in chance.sample(free, 40):
        model.note_locked((item, name))
        chosen.setdefault(item, []).append(SCALARS[name])
    for item, names in chosen.items():
        locked = [*row_of(plex, item)["locked"], *names]
        site.hand_edit(item.partition(":")[2], lock=False, locked=locked)


def _edit_plex(site: Site, chance: random.Random, model: HandModel) -> int:
    """Edit as many different fields; how many those were."""
    plex, says = site.both.plex.state(), model.said(site.both.stash.state())
    places = [(item, name) for item in sorted(says) for name in FIELDS]
    for item, name in chance.sample(places, BY_HAND):
        row = row_of(plex, item)
        if name in LISTS:
            value: Any = _another_list(chance, name, row)
        else:
            value = _another_value(chance, name, row, says[item])
        is_news = shown({**row, FIELDS[name]: value}).value(name) != shown(row).value(name)
        # Plex locks what is edited, but tools that edit it need not.
        lock = is_news and chance.random() < 0.8
        site.hand_edit(item.partition(":")[2], lock=lock, **{FIELDS[name]: value})
    return BY_HAND


def _another_value(chance: random.Random, name: str, row: State, says: Side) -> Any:
    lot = chance.random()
    if lot < 0.15:
        return to_show(name, says.scalars[name]) or ""
    if lot < 0.35:
        return ""
    if name == "date":
        return f"19{chance.randint(70, 99)}-{chance.randint(1, 12):02d}-0{chance.randint(1, 9)}"
    if name == "rating":
        return chance.randint(1, 20) / 2
    if lot < 0.5:
        return str(row.get(FIELDS[name]) or "").swapcase()
    if name == "summary":
        return f"By hand {chance.randint(1, 9)}.\n\n“Quoted” 👩‍👩‍👧, 100 % & more"
    return f"By hand {chance.randint(1, 9)}, ﬁne"


def _another_list(chance: random.Random, name: str, row: State) -> list[Any]:
    there: list[Any] = list(row[FIELDS[name]])
    lot = chance.random()
    if there and lot < 0.4:
        there.remove(chance.choice(there))
        return there
    if there and lot < 0.5:
        entry = _name(there[0]).swapcase()
    elif lot < 0.8:
        entry = str(chance.choice(_VOCABULARY[name]))
    else:
        entry = f"Mine, 100% + {chance.randint(1, 5)}"
    return [*there, {"tag": entry} if name == "performers" else entry]


def _name(entry: Any) -> str:
    return str(entry["tag"] if isinstance(entry, dict) else entry)


# Names that Stash may say as well.
_VOCABULARY = {
    "tags": ("Night", "Drama", "Mine, 100% + 1"),
    "performers": ("Ana Lind", "Nobody Here"),
    "director": ("R. Vale", "M. Holt"),
    "collection": ("Quay Films", "By hand 1, ﬁne"),
}


def _edit_stash(site: Site, chance: random.Random) -> None:
    scenes = sorted(set(site.rightful().values()))
    for scene in chance.sample(scenes, IN_STASH):
        edits: list[dict[str, Any]] = [
            {"title": chance.choice(["", f"By hand {chance.randint(1, 9)}, ﬁne"])},
            {"details": chance.choice(["", "One.\n\nTwo.", f"By hand {chance.randint(1, 9)}."])},
            {"rating100": chance.choice([None, chance.randint(1, 20) * 5])},
            {"date": chance.choice([None, "2001-02-03", "1985", "1985-06", "1999"])},
            {"director": chance.choice(["", "R. Vale", "Mine, 100% + 1"])},
            {"studio_id": chance.choice([None, "1", "2", "3"])},
            {"performer_ids": [str(number) for number in chance.sample(range(1, 8), 3)]},
            {"tag_ids": [str(number) for number in chance.sample(range(1, 12), 4)]},
        ]
        values: dict[str, Any] = {}
        for each in chance.sample(edits, 3):
            values |= each
        site.edit_scene(scene, **values)
