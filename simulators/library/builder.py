"""The workbench on which the cases of a generated library are put together.

It hands out ids, names, sizes and moments, and appends what a case makes to both halves of
the seed. Cases decide what is odd about a scene; the builder makes the rest plausible.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, TypedDict

from simulators.library import names
from simulators.library.oracle_fields import NO_AGENT, Catalog, file_stem
from simulators.library.oracle_text import name_key, padded_date
from simulators.library.people import NOW, people_and_tags
from simulators.library.places import CLIPS, SERIES, Mounts, Place, path_map, places, sections
from simulators.seed import (
    PlexItem,
    PlexPart,
    PlexRole,
    PlexSeed,
    StashFile,
    StashScene,
    StashSeed,
    bare_item,
)

DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_OFFSETS = (0, 0, 60, 120, 660, 330, -300, -480)  # minutes: Stash writes its host's local offset
_PLAIN_PLACES = ("main",) * 10 + ("films",) * 4 + ("same", "shelf", "shelf", "nas", "shows")
_EXTENSIONS = ("mp4", "mp4", "mkv", "m4v", "webm", "avi")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one file lies; the names may differ in spelling between the servers."""

    place: Place
    stash_path: str
    plex_path: str


class Meta(TypedDict):
    """What people write into a scene."""

    title: str
    details: str
    director: str
    date: str | None
    rating100: int | None
    studio_id: int | None
    performer_ids: list[int]
    tag_ids: list[int]


@dataclass(slots=True)
class Builder:
    """A library in the making; see `simulators.library.generate`."""

    rng: random.Random
    mounts: Mounts
    cover_share: float
    expected_scenes: int
    places: dict[str, Place] = field(init=False)
    stash: StashSeed = field(init=False)
    plex: PlexSeed = field(init=False)
    catalog: Catalog = field(init=False)
    agents: dict[int, str] = field(init=False)
    cases: dict[str, str] = field(default_factory=dict)
    timestamps: dict[str, float] = field(default_factory=dict)
    _numbers: int = 0
    _scene_id: int = 0
    _file_id: int = 0
    _rating_key: int = 50_000

    def __post_init__(self) -> None:
        self.places = places(self.mounts)
        self.stash = people_and_tags(self.rng, self.expected_scenes)
        self.catalog = Catalog.of(self.stash)
        self.plex = {
            "version": "1.43.0.10492-abcdef012",
            "machine_identifier": f"{self.rng.getrandbits(160):040x}",
            "friendly_name": "Harbour",
            "sections": sections(self.places),
            "unscanned": [],
        }
        self.agents = {section["key"]: section["agent"] for section in self.plex["sections"]}

    @property
    def path_map(self) -> str:
        return path_map(self.places)

    # Files ------------------------------------------------------------------------------

    def number(self) -> int:
        """A number that nothing else in this library has."""
        self._numbers += 1
        return self._numbers

    def size(self) -> int:
        return self.rng.randrange(20_000_000, 9_000_000_000)

    def plain_place(self) -> str:
        return self.rng.choice(_PLAIN_PLACES)

    def spot(self, place: str, *, folder: str | None = None, name: str | None = None) -> Spot:
        """A file of that place. Without a name it gets one that no other file has."""
        where = self.places[place]
        shared = f"{self.rng.choice(names.PLACES)}/{self.rng.randrange(2005, 2026)}"
        folder = shared if folder is None else folder
        if name is None:
            stem = names.file_stem(self.rng, self.number(), names.title(self.rng), self.day())
            name = f"{stem}.{self.rng.choice(_EXTENSIONS)}"
        return Spot(where, where.stash_path(folder, name), where.plex_path(folder, name))

    def file(
        self, spot: Spot, *, size: int | None = None, duration: float | None = None
    ) -> StashFile:
        self._file_id += 1
        length = round(self.rng.uniform(60, 7200), 2) if duration is None else duration
        return {
            "id": self._file_id,
            "path": spot.stash_path,
            "size": self.size() if size is None else size,
            "duration": length,
            "oshash": f"{self.rng.getrandbits(64):016x}",
        }

    def part(self, spot: Spot, file: StashFile | None = None) -> PlexPart:
        """The part that Plex has of that file; without a file, of one that Stash lacks."""
        known = self.file(spot) if file is None else file
        return {
            "file": spot.plex_path,
            "size": known["size"],
            "duration": round(known["duration"] * 1000),
            "deleted_at": None,
        }

    # Scenes -----------------------------------------------------------------------------

    def day(self) -> str:
        age = self.rng.randrange(1, 15 * 365)
        return date.fromordinal(_EPOCH + NOW // DAY - age).isoformat()

    def meta(self, **changes: Any) -> Meta:
        """Plausible metadata, with a few fields unset now and then, changed as told."""
        rng = self.rng
        made: Meta = {
            "title": names.title(rng),
            "details": names.details(rng, rng.randrange(1, 6)),
            "director": f"{rng.choice(names.FIRST_NAMES)} {rng.choice(names.LAST_NAMES)}"
            if rng.random() < 0.2
            else "",
            "date": self.day(),
            "rating100": rng.randrange(5, 101) if rng.random() < 0.4 else None,
            "studio_id": rng.choice(self.stash["studios"])["id"] if rng.random() < 0.9 else None,
            "performer_ids": self.some(len(self.stash["performers"]), 1, 5),
            "tag_ids": self.some(len(self.stash["tags"]), 1, 7),
        }
        unknown = set(changes) - set(made)
        if unknown:
            raise TypeError(f"no such metadata: {sorted(unknown)}")
        made.update(changes)  # type: ignore[typeddict-item]  # names checked above
        return made

    def some(self, known: int, least: int, most: int) -> list[int]:
        """Between `least` and `most` of the ids 1 to `known`."""
        return sorted(self.rng.sample(range(1, known + 1), self.rng.randint(least, most)))

    def scene(
        self, case: str, files: list[StashFile], meta: Meta | None = None, *, cover: bool = True
    ) -> StashScene:
        """Append a scene made for `case`. `cover=False` makes sure that it has none."""
        self._scene_id += self.rng.choice((1, 1, 1, 2, 5))
        updated = self.moment()
        created = updated - self.rng.randrange(0, 400 * DAY)
        has_cover = cover and self.rng.random() < self.cover_share
        scene: StashScene = {
            "id": self._scene_id,
            **(self.meta() if meta is None else meta),
            "organized": self.rng.random() < 0.5,
            "files": files,
            "created_at": self.written(created),
            "updated_at": self.written(updated),
            "cover": f"cover {self._scene_id}" if has_cover else None,
        }
        self.stash["scenes"].append(scene)
        self.cases[str(scene["id"])] = case
        return scene

    def moment(self) -> int:
        """Epoch seconds of an edit: one in twenty within a day of `NOW`, one in ten a week."""
        lot = self.rng.random()
        span = 1 if lot < 0.05 else 7 if lot < 0.15 else 3 * 365
        return NOW - self.rng.randrange(60, span * DAY)

    def written(self, moment: int, offset: int | None = None) -> str:
        """RFC 3339 in whole seconds, as Stash writes it, in some (or the given) offset."""
        minutes = self.rng.choice(_OFFSETS) if offset is None else offset
        local = datetime.fromtimestamp(moment, tz=timezone(timedelta(minutes=minutes)))
        return local.isoformat().replace("+00:00", "Z")

    def stamp(self, scene: StashScene, after_update: float) -> None:
        """Note a sync by an earlier plugin, that many seconds after the last update."""
        updated = datetime.fromisoformat(scene["updated_at"].replace("Z", "+00:00"))
        self.timestamps[str(scene["id"])] = updated.timestamp() + after_update

    # Items ------------------------------------------------------------------------------

    def item(
        self,
        section: int,
        media: list[list[PlexPart]],
        scene: StashScene | None = None,
        **changes: Any,
    ) -> PlexItem:
        """Append an item that shows all of `scene`, or that was only scanned, then changed."""
        made = self.loose_item(section, media, scene, **changes)
        next(s for s in self.plex["sections"] if s["key"] == section)["items"].append(made)
        return made

    def loose_item(
        self,
        section: int,
        media: list[list[PlexPart]],
        scene: StashScene | None = None,
        **changes: Any,
    ) -> PlexItem:
        """The same without appending it anywhere."""
        self._rating_key += self.rng.choice((1, 1, 2))
        made = self._scanned(section, media)
        if scene is not None:
            made.update(self.showing(scene))  # type: ignore[typeddict-item]
        unknown = set(changes) - set(made)
        if unknown:
            raise TypeError(f"no such item fields: {sorted(unknown)}")
        made.update(changes)  # type: ignore[typeddict-item]
        return made

    def _scanned(self, section: int, media: list[list[PlexPart]]) -> PlexItem:
        agent = self.agents[section]
        plain = agent in NO_AGENT
        digest = f"{self.rng.getrandbits(160):040x}"
        added = NOW - self.rng.randrange(DAY, 900 * DAY)
        guid = f"{agent}://{digest}?lang=xn" if plain else f"local://{self._rating_key}"
        made = bare_item(self._rating_key, guid, file_stem(media[0][0]["file"]), media, added)
        if plain:
            made["originally_available_at"] = self.day()
        later = added + self.rng.randrange(0, DAY) if self.rng.random() < 0.95 else None
        made["updated_at"] = later
        if section == SERIES:
            show = f"{self.rng.choice(names.PLACES)} Diaries"
            season = self.rng.randrange(1, 9)
            made["type"], made["show_title"] = "episode", show
            made["season"], made["episode"] = season, self.number()
        return made

    def showing(self, scene: StashScene) -> dict[str, Any]:
        """The fields of an item that shows exactly what the scene has."""
        rating = scene["rating100"]
        title = {"title": scene["title"]} if scene["title"] else {}
        return {
            **title,
            "summary": scene["details"],
            "studio": self.catalog.studio(scene) or None,
            "originally_available_at": padded_date(scene["date"]) if scene["date"] else None,
            "user_rating": None if rating is None else rating / 10,
            "genres": distinct(self.catalog.tags[tag] for tag in scene["tag_ids"]),
            "roles": [
                role(name)
                for name in distinct(self.catalog.performers[who] for who in scene["performer_ids"])
            ],
            "directors": [scene["director"]] if scene["director"] else [],
        }

    def pair(
        self, case: str, place: str | None = None, meta: Meta | None = None, **changes: Any
    ) -> tuple[StashScene, PlexItem]:
        """A scene with one file and its item, which shows all of it but for `changes`."""
        spot = self.spot(self.plain_place() if place is None else place)
        file = self.file(spot)
        scene = self.scene(case, [file], meta, cover=False)
        section = spot.place.sections[0] if spot.place.sections else CLIPS
        return scene, self.item(section, [[self.part(spot, file)]], scene, **changes)


def role(name: str) -> PlexRole:
    return {"tag": name, "role": None, "thumb": None}


def distinct(found: Iterable[str]) -> list[str]:
    """One spelling of each name: Plex has one tag for all of them."""
    return list({name_key(name): name for name in found}.values())
