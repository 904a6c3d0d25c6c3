"""By what the items are looked up that concern some scenes: whatever matching may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.matching.pins import Pin
from core.models import MediaFile
from core.paths import PathMap, base_key, path_key
from core.records import Record
from storage.plex_index.saved_index import ItemQuery


@dataclass(slots=True)
class NameMap:
    """The names, as keys, that files may have in Plex: a pair of the path map may name a file."""

    path_map: PathMap
    _renamed: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for source, target in self.path_map.pairs:
            self._renamed.setdefault(base_key(source), {base_key(source)}).add(base_key(target))

    def of(self, file: MediaFile) -> Sequence[str]:
        """Those of one file of Stash, in order."""
        name = base_key(file.path)
        return sorted(self._renamed[name]) if name in self._renamed else (name,)


def wanted(
    files: Iterable[MediaFile],
    names: NameMap,
    learned: PathMap | None = None,
    records: Iterable[Record] = (),
    pins: Iterable[Pin] = (),
) -> ItemQuery:
    """What scenes with these files, records and pins are looked for by."""
    sought = ItemQuery()
    for file in files:
        for name in names.of(file):
            sought.names.setdefault(name, set()).add(file.size)
        for path in names.path_map.to_plex(file.path):
            sought.paths.add(path_key(path))
        if learned is not None:
            sought.paths.update(map(path_key, learned.to_plex(file.path)))
    for record in records:
        for item in record.items:
            sought.refs.add(item.ref)
            sought.paths.update(map(path_key, item.files))
    for pin in pins:
        sought.refs.add(pin.ref)
        sought.paths.update(path_key(file.path) for file in pin.files)
    return sought
