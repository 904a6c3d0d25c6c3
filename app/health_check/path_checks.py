"""Whether the files of scenes are those of items: a sample, at the cost of a few requests.

The saved index of the last reconcile is asked where it is fresh. Else a small library is listed
whole, and of a large one Plex is asked for the files of some scenes by their names.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.health_check.check_result import Checks
from app.health_check.server_checks import SyncedLibrary
from app.wiring import Context
from core import setting_values as kinds
from core.errors import StashError
from core.matching.index import ItemIndex
from core.matching.match import match_scene
from core.matching.match_outcome import Evidence, SceneMatch
from core.matching.prefix_votes import PrefixVotes, new_pairs
from core.matching.reasons import doubt
from core.models import ItemRef, MediaFile, Scene
from core.paths import PathMap, base_key, base_name, lies_in_any, path_key, spellings
from core.quoted_lists import quoted
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexError
from reconciliation.prefix_learning import saved_map
from stash.sampling import sample_scenes

SAMPLE = 200  # scenes, where the index is fresh or the library small
ASKED = 40  # requests for single files
FRESH = 86_400.0  # seconds
SMALL = 2_000  # items
SECONDS = 4.0  # after which no further file is asked for
EXAMPLES = 3
GOLDEN = 0.6180339887
_Item = tuple[ItemRef, Sequence[MediaFile]]
_TEACHERS = frozenset({Evidence.SUFFIX, Evidence.SIZE, Evidence.PATH})


@dataclass(frozen=True, slots=True)
class Example:
    """A scene that is not in Plex, by its file, and why."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class SampleMatches:
    """How a sample of scenes and the items of Plex line up.

    Attributes:
        scenes: how many were looked at.
        line_up: how many of them have an item.
        suggested: the path map that the matches imply, as the setting has it; "" where the
            setting says all of it.
        gained: how many scenes more would have an item with it.
    """

    scenes: int
    line_up: int
    examples: tuple[Example, ...] = ()
    suggested: str = ""
    gained: int = 0

    @property
    def text(self) -> str:
        if not self.scenes:
            return "There are no scenes with files to look at."
        if self.line_up == self.scenes == 1:
            return "The one scene that was looked at has its file in Plex."
        if self.line_up == self.scenes:
            return f"All {self.scenes} scenes that were looked at have their file in Plex."
        return (
            f"{self.line_up} of {self.scenes} scenes that were looked at have their file in Plex."
        )


@dataclass(slots=True)
class _Seen:
    """Files of Plex, by section."""

    indexes: dict[str, ItemIndex] = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)


def add_folders_check(
    checks: Checks,
    context: Context,
    plex: PlexClient,
    libraries: Sequence[SyncedLibrary],
    scenes: int,
) -> None:
    """How many of a sample line up, with examples of those that do not."""
    try:
        found = look(context, plex, libraries, scenes)
    except (StashError, PlexError) as error:
        checks.problem("folders", str(error), "Try again later.")
        return
    if found.line_up == found.scenes:
        checks.ok("folders", found.text)
        return
    why = " ".join(f"'{example.path}': {example.text}" for example in found.examples)
    told = f"{found.text} {why}"
    advice = (
        f"Enter in path_map: {found.suggested}"
        if found.gained
        else "Do what is said of the examples, and look again."
    )
    tell = checks.warn if found.line_up >= found.scenes / 2 else checks.problem
    tell("folders", told, advice)


def look(
    context: Context, plex: PlexClient, libraries: Sequence[SyncedLibrary], scenes: int
) -> SampleMatches:
    """Match a sample of scenes with what Plex has. Raises StashError, PlexError: or their kinds."""
    sampled = [s for s in sample_scenes(context.stash, scenes, SAMPLE) if s.files]
    seen = _seen(context, plex, libraries, sampled)
    with context.open_state() as state:
        learned = saved_map(state)
    path_map = PathMap(context.settings.path_map)
    votes, examples, lost = PrefixVotes(), list[Example](), list[Scene]()
    for scene in seen.scenes:
        match = match_scene(scene, seen.indexes, path_map, learned=learned)
        votes.note(_taught(scene, match, seen.indexes))
        if match.claims:
            continue
        lost.append(scene)
        if len(examples) < EXAMPLES:
            text = _why_not(scene, match, seen.indexes, path_map, libraries)
            examples.append(Example(scene.files[0].path, text))
    suggested = _suggested(votes, context.settings.path_map)
    better = PathMap(kinds.path_map(suggested))
    gained = sum(bool(match_scene(scene, seen.indexes, better).claims) for scene in lost)
    line_up = len(seen.scenes) - len(lost)
    return SampleMatches(len(seen.scenes), line_up, tuple(examples), suggested, gained)


def _seen(
    context: Context, plex: PlexClient, libraries: Sequence[SyncedLibrary], sampled: Sequence[Scene]
) -> _Seen:
    now = context.clock()
    with PlexCache(context.data_dir) as cache:
        saved = [cache.saved_at(library.section.key) for library in libraries]
        if all(at is not None and 0 <= now - at < FRESH for at in saved):
            keys = {base_key(file.path) for scene in sampled for file in scene.files}
            return _Seen(_indexed(libraries, cache.items_named(keys).items()), list(sampled))
    if sum(library.items for library in libraries) <= SMALL:
        listed: list[_Item] = [
            (item.ref, item.files)
            for library in libraries
            for page in plex.list_pages(library.section)
            for item in page.items
        ]
        return _Seen(_indexed(libraries, listed), list(sampled))
    return _asked(plex, libraries, sampled, PathMap(context.settings.path_map))


def _asked(
    plex: PlexClient,
    libraries: Sequence[SyncedLibrary],
    sampled: Sequence[Scene],
    path_map: PathMap,
) -> _Seen:
    """Ask for the primary files of as many scenes as a few seconds and requests allow."""
    end, left = time.monotonic() + SECONDS, ASKED
    found, seen = list[_Item](), list[Scene]()
    for scene in _spread(sampled):
        if left <= 0 or time.monotonic() > end:
            break
        file = scene.files[0]
        places = path_map.to_plex(file.path)
        # A file is mostly in the library that has its folder.
        likely = sorted(libraries, key=lambda one: not lies_in_any(places, one.section.locations))
        for library in likely:
            items = _named(plex, library, base_name(file.path))
            left -= 1
            found += items
            if items:
                break
        seen.append(scene._replace(files=(file,)))
    return _Seen(_indexed(libraries, found), seen)


def _named(plex: PlexClient, library: SyncedLibrary, name: str) -> list[_Item]:
    """The items with a file of this name, in whatever form its accents are."""
    found: list[_Item] = []
    for spelling in spellings(name):
        pages = plex.list_pages(library.section, query=(("file", spelling),))
        found += [(item.ref, item.files) for item in next(iter(pages)).items]
    return found


def _spread(scenes: Sequence[Scene]) -> list[Scene]:
    """The scenes in an order whose beginnings are from all over them."""
    places = sorted(range(len(scenes)), key=lambda place: place * GOLDEN % 1)
    return [scenes[place] for place in places]


def _indexed(libraries: Sequence[SyncedLibrary], items: Iterable[_Item]) -> dict[str, ItemIndex]:
    indexes = {library.section.key: ItemIndex() for library in libraries}
    for ref, files in items:
        if ref.section in indexes:
            indexes[ref.section].add(ref, files)
    return indexes


def _taught(
    scene: Scene, match: SceneMatch, indexes: Mapping[str, ItemIndex]
) -> list[tuple[str, str, str]]:
    """Section, path in Stash and path in Plex of what matched without learned folders."""
    return [
        (claim.ref.section, scene.files[claim.file_rank].path, file.path)
        for claim in match.claims
        if claim.evidence in _TEACHERS
        for file in indexes[claim.ref.section].files(claim.ref)
    ]


def _why_not(
    scene: Scene,
    match: SceneMatch,
    indexes: Mapping[str, ItemIndex],
    path_map: PathMap,
    libraries: Sequence[SyncedLibrary],
) -> str:
    file = scene.files[0]
    if match.undecided:
        titles = {library.section.key: library.section.title for library in libraries}
        told = doubt(scene.id, match.undecided[0], titles)
        return f"{told.why}. What you can do: {told.remedy}."
    named = [found.file for index in indexes.values() for found in index.named(base_key(file.path))]
    if named:
        sizes = ", ".join(str(each.size) for each in named[:EXAMPLES])
        return (
            f"Plex has a file of this name, but of another size ({sizes} bytes, in Stash"
            f" {file.size}). Let Plex scan the folder, if the file was replaced."
        )
    places = path_map.to_plex(file.path)
    if lies_in_any(places, [p for library in libraries for p in library.section.locations]):
        return "Plex has no such file, though its library has the folder. Let Plex scan it."
    return (
        f"Plex has no library folder for {' or '.join(map(repr, places))}. Say in path_map where"
        " Plex sees it, or add the folder to a library."
    )


def _suggested(votes: PrefixVotes, known: Sequence[tuple[str, str]]) -> str:
    """The user's path map with what the matches say besides; "" where that is nothing."""
    pairs = new_pairs(votes.pairs(), PathMap(tuple(known)))
    learned = {path_key(pair.stash) for pair in pairs}
    kept = [
        f"{quoted(stash)}=>{quoted(plex)}"
        for stash, plex in known
        if path_key(stash) not in learned
    ]
    return "; ".join([*(pair.setting for pair in pairs), *kept]) if pairs else ""
