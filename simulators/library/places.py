"""Where the files of a simulated library lie: folders as Stash and as Plex see them.

A `Place` is a folder that both servers can see under their own names. Which of them the
`path_map` setting names, and which have to be recognised by name and size alone, depends on
the `mounts` of the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulators.seed import PlexSection

Mounts = Literal["simple", "different", "windows", "mixed"]

CLIPS, FILMS, SHELF, SERIES, MUSIC, PHOTOS, SELECTION = range(1, 8)  # section keys


@dataclass(frozen=True, slots=True)
class Place:
    """A folder: its path in Stash, its path in Plex ("" if Plex cannot see it), its sections."""

    stash_root: str
    plex_root: str
    sections: tuple[int, ...]
    mapped: bool = False  # named in path_map

    @property
    def windows(self) -> bool:
        return "\\" in self.plex_root

    def stash_path(self, folder: str, name: str) -> str:
        return _joined(self.stash_root, folder, name)

    def plex_path(self, folder: str, name: str) -> str:
        return _joined(self.plex_root, folder, name)


def _joined(root: str, folder: str, name: str) -> str:
    separator = "\\" if "\\" in root else "/"
    middle = [part for part in folder.split("/") if part]
    return separator.join([root, *middle, name])


# place -> (path in Stash, path in Plex, named in path_map)
_ROOTS: dict[str, dict[str, tuple[str, str, bool]]] = {
    "simple": {
        "main": ("/media/videos", "/media/videos", False),
        "inbox": ("/media/arrivals", "/media/arrivals", False),
        "films": ("/media/films", "/media/films", False),
        "same": ("/srv/clips", "/srv/clips", False),
        "shelf": ("/media/shelf", "/media/shelf", False),
        "nas": ("/media/nas", "/media/nas", False),
        "shows": ("/media/shows", "/media/shows", False),
        "outside": ("/media/private", "", False),
    },
    "different": {
        "main": ("/data/library", "/mnt/media/videos", True),
        "inbox": ("/data/inbox", "/mnt/media/arrivals", True),
        "films": ("/data/films", "/mnt/media/cinema", True),
        "same": ("/data/clips", "/mnt/clips", True),
        "shelf": ("/data/shelf", "/mnt/shelf", True),
        "nas": ("/data/nas", "/mnt/nas", True),
        "shows": ("/data/shows", "/mnt/media/series", True),
        "outside": ("/data/private", "", False),
    },
    "windows": {
        "main": ("D:\\Library", "M:\\Videos", True),
        "inbox": ("D:\\Inbox", "M:\\Arrivals", True),
        "films": ("D:\\Films", "M:\\Films", False),
        "same": ("M:\\Clips", "M:\\Clips", False),
        "shelf": ("D:\\Shelf", "M:\\Shelf", True),
        "nas": ("D:\\Nas", "\\\\nas\\films", False),
        "shows": ("D:\\Shows", "M:\\Series", True),
        "outside": ("D:\\Private", "", False),
    },
    "mixed": {
        "main": ("/data/library", "/mnt/media/videos", True),
        "inbox": ("/data/inbox", "/mnt/media/arrivals", True),
        "films": ("/data/films", "/mnt/media/films", False),
        "same": ("/srv/clips", "/srv/clips", False),
        "shelf": ("/data/shelf", "M:\\Videos", True),
        "nas": ("/data/nas", "\\\\nas\\films", False),
        "shows": ("/data/shows", "/mnt/media/shows", True),
        "outside": ("/data/private", "", False),
    },
}
_SECTIONS = {
    "main": (CLIPS,),
    "inbox": (CLIPS,),
    "films": (FILMS,),
    "same": (FILMS,),
    "shelf": (SHELF,),
    "nas": (SHELF,),
    "shows": (SERIES,),
    "outside": (),
}
_LIBRARIES = {
    CLIPS: ("Clips", "movie", "com.plexapp.agents.none", "Plex Video Files Scanner"),
    FILMS: ("Films", "movie", "tv.plex.agents.movie", "Plex Movie"),
    SHELF: ("Shelf", "movie", "tv.plex.agents.none", "Plex Video Files"),
    SERIES: ("Series", "show", "tv.plex.agents.series", "Plex TV Series"),
    MUSIC: ("Music", "artist", "tv.plex.agents.music", "Plex Music"),
    PHOTOS: ("Photos", "photo", "com.plexapp.agents.none", "Plex Photo Scanner"),
    SELECTION: ("Selection", "movie", "tv.plex.agents.movie", "Plex Movie"),
}


def places(mounts: Mounts) -> dict[str, Place]:
    """The places by name; "shared" lies in two sections."""
    found = {
        name: Place(stash, plex, _SECTIONS[name], mapped)
        for name, (stash, plex, mapped) in _ROOTS[mounts].items()
    }
    main = found["main"]
    found["shared"] = Place(
        main.stash_path("", "Shared"), main.plex_path("", "Shared"), (CLIPS, SELECTION)
    )
    return found


def path_map(known: dict[str, Place]) -> str:
    rules = [f"{place.stash_root}=>{place.plex_root}" for place in known.values() if place.mapped]
    return "; ".join(rules)


def sections(known: dict[str, Place]) -> list[PlexSection]:
    """Empty sections whose locations are those places, and two that are none of ours."""
    made: list[PlexSection] = []
    for key, (title, kind, agent, scanner) in _LIBRARIES.items():
        locations = [place.plex_root for place in known.values() if key in place.sections]
        if key in (MUSIC, PHOTOS):
            locations = [f"M:\\{title}" if known["main"].windows else f"/mnt/{title.lower()}"]
        elif key == CLIPS:
            locations = locations[:2]  # "shared" lies inside the first
        made.append(
            {
                "key": key,
                "title": title,
                "type": kind,
                "agent": agent,
                "scanner": scanner,
                "locations": locations,
                "items": [],
            }
        )
    return made
