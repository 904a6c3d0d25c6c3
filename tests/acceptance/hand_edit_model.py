"""What must become of hand edits in Plex while `preserve_plex_edits` is on: a reading of its own.

Written from docs/merge.md in the words of users, and sharing nothing with
`core.planning.three_way_merge`: a value is the user's or not, an entry was put in by the user,
taken out by the user, or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.dumps import State, stash_seed
from simulators.library.oracle_fields import Catalog, file_stem
from simulators.library.oracle_text import date_agrees, name_keys, padded_date, safe_text
from simulators.seed import StashScene

Scalar = str | float | None
Names = frozenset[str]
Place = tuple[str, str]  # "section:ratingKey" of an item, and our name of a field

# Our names of fields, and what Plex calls them.
TEXTS = {"title": "title", "summary": "summary", "studio": "studio"}
SCALARS = {**TEXTS, "date": "originallyAvailableAt", "rating": "userRating"}
LISTS = {
    "tags": "genre",
    "performers": "actor",
    "director": "director",
    "collection": "collection",
}
FIELDS = {**SCALARS, **LISTS}


@dataclass(frozen=True)
class Side:
    """All fields of one scene or item, in comparable forms."""

    scalars: Mapping[str, Scalar]
    lists: Mapping[str, Names]

    def value(self, name: str) -> Scalar | Names:
        return self.scalars[name] if name in SCALARS else self.lists[name]


def said(scene: StashScene, catalog: Catalog) -> Side:
    """What Stash says of a scene, its file's name for a title where it has none."""
    studio = safe_text(catalog.studio(scene))
    rating = scene["rating100"]
    scalars: dict[str, Scalar] = {
        "title": safe_text(scene["title"]) or safe_text(file_stem(scene["files"][0]["path"])),
        "summary": safe_text(scene["details"]) or None,
        "studio": studio or None,
        "date": scene["date"],
        "rating": None if rating is None else round(rating / 10, 2),
    }
    lists = {
        "tags": name_keys(catalog.tags[tag] for tag in scene["tag_ids"]),
        "performers": name_keys(catalog.performers[who] for who in scene["performer_ids"]),
        "director": name_keys([scene["director"]]),
        "collection": name_keys([studio]),
    }
    return Side(scalars, lists)


def shown(row: State) -> Side:
    """What an item shows."""
    rating = row.get("userRating")
    scalars: dict[str, Scalar] = {
        name: safe_text(row.get(plex) or "") or None for name, plex in TEXTS.items()
    }
    scalars["date"] = row.get("originallyAvailableAt") or None
    scalars["rating"] = round(rating, 2) if rating else None
    lists = {
        name: name_keys(each["tag"] if plex == "actor" else each for each in row[plex])
        for name, plex in LISTS.items()
    }
    return Side(scalars, lists)


def to_show(name: str, says: Scalar) -> Scalar:
    """What Plex is asked to show: a partial date as its first day."""
    return padded_date(says) if name == "date" and isinstance(says, str) else says


@dataclass
class ScalarLot:
    """One value: the user's, or one that Plex has from us, or neither.

    Attributes:
        locked: the user locked it, and has changed nothing; we had never written it.
    """

    stash: Scalar
    plex: Scalar
    mine: bool = False
    ours: bool = False
    locked: bool = False

    def sync(self, name: str, says: Scalar, shows: Scalar) -> bool:
        """`plex` becomes what Plex must show after a sync; whether a conflict is to be reported."""
        touched, fresh = shows != self.plex, says != self.stash
        alike = to_show(name, says) == shows
        agreed = alike or (
            name == "date"
            and isinstance(says, str)
            and isinstance(shows, str)
            and date_agrees(says, shows)
        )
        self.locked = self.locked and not touched
        # Whoever sets in Plex what Stash says gives the field back.
        theirs = self.mine or touched or self.locked
        self.mine = self.mine and not touched if alike else theirs
        self.ours = self.ours and not touched and not self.mine
        self.stash, self.plex = says, shows
        nothing_of_ours = name == "rating" and says is None and not self.ours
        if self.mine:
            return fresh and not agreed and not nothing_of_ours
        if not agreed and not nothing_of_ours:
            self.plex, self.ours = to_show(name, says), True
        return False


@dataclass
class ListLot:
    """The entries of a list, by their identity."""

    stash: Names
    plex: Names
    put_in: set[str] = field(default_factory=set)
    taken_out: set[str] = field(default_factory=set)

    def sync(self, name: str, says: Names, shows: Names) -> bool:
        """`plex` becomes what Plex must show after a sync; whether a conflict is to be reported."""
        for entry in shows - self.plex:
            self.taken_out.discard(entry)
            # What both sides get between two syncs counts as Stash's, but in collections.
            if entry not in says or name == "collection":
                self.put_in.add(entry)
        for entry in self.plex - shows:
            if entry in says or entry in self.put_in:
                self.taken_out.add(entry)
            self.put_in.discard(entry)
        came, went = says - self.stash, self.stash - says
        self.stash, self.plex = says, (says - self.taken_out) | self.put_in
        return bool(came & self.taken_out or went & self.put_in)


class HandModel:
    """All items of a library, from their first sync on.

    Args:
        owners: "section:ratingKey" → the scene that owns the item.
        before: Plex before the first sync; `stash` and `plex` are both sides after it.
    """

    def __init__(self, owners: Mapping[str, int], before: State, stash: State, plex: State) -> None:
        self._owners = owners
        self._scalars: dict[Place, ScalarLot] = {}
        self._lists: dict[Place, ListLot] = {}
        for item, says in self.said(stash).items():
            was, now = shown(row_of(before, item)), shown(row_of(plex, item))
            for name in SCALARS:
                ours = was.scalars[name] != now.scalars[name]
                lot = ScalarLot(says.scalars[name], now.scalars[name], ours=ours)
                self._scalars[item, name] = lot
            for name in LISTS:
                self._lists[item, name] = ListLot(says.lists[name], now.lists[name])

    def said(self, stash: State) -> dict[str, Side]:
        """What Stash says of each item's scene."""
        seed = stash_seed(stash)
        catalog = Catalog.of(seed)
        scenes = {scene["id"]: said(scene, catalog) for scene in seed["scenes"]}
        return {item: scenes[owner] for item, owner in self._owners.items()}

    def note_locked(self, place: Place) -> None:
        """The user has locked a value that we have never written, and nothing else."""
        self._scalars[place].locked = True

    def sync(self, stash: State, plex: State) -> tuple[dict[Place, Scalar | Names], set[Place]]:
        """What each field must show after a sync of all scenes, and where the conflicts are.

        Args:
            stash, plex: both sides just before it.
        """
        expected: dict[Place, Scalar | Names] = {}
        conflicts: set[Place] = set()
        for item, says in self.said(stash).items():
            now = shown(row_of(plex, item))
            for name in SCALARS:
                scalar = self._scalars[item, name]
                if scalar.sync(name, says.scalars[name], now.scalars[name]):
                    conflicts.add((item, name))
                expected[item, name] = scalar.plex
            for name in LISTS:
                entries = self._lists[item, name]
                if entries.sync(name, says.lists[name], now.lists[name]):
                    conflicts.add((item, name))
                expected[item, name] = entries.plex
        return expected, conflicts


def row_of(plex: State, item: str) -> State:
    """One item in a dump of Plex."""
    row: State = plex["items"][item.partition(":")[2]]
    return row
