"""Keeps what is remembered of files current when they are renamed or moved on either side.

A renamed folder leaves no trace in Stash, no hook and no time that moves; only a sweep sees it.
The record still knows the file by size and length, but the next move, or another encoding in the
same place, would be one change too many. So the new names are noted at once, without any sync.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.matching.match_outcome import Evidence, SceneMatch
from core.matching.pins import Pin, pinned_item
from core.models import Scene
from core.records import Record
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState
from storage.state_tables.pins import PinStore
from storage.state_tables.records import MovedFiles, RecordStore

GONE = "its item is gone from Plex, or its rating key names another film by now"
NOT_SYNCED = "its library is not among those that are synced"
NO_SCENE = "the scene is gone from Stash"


def ignored_pins(
    pins: Mapping[int, Sequence[Pin]],
    findings: DetectionState,
    side: PlexSnapshot,
    *,
    saw_all: bool,
) -> Iterator[tuple[Pin, str]]:
    """The pins that a run could not use, each with the reason.

    Args:
        saw_all: the run saw every scene, so one that it did not see is gone.
    """
    for scene_id, several in pins.items():
        for pin in several:
            if pin.released:
                continue
            if pin in findings.lost_pins.get(scene_id, ()):
                yield pin, GONE
            elif pin.ref.section not in side.sections:
                yield pin, NOT_SYNCED
            elif saw_all and scene_id not in findings.pinned:
                yield pin, NO_SCENE


def forget_released(pins: PinStore, records: RecordStore) -> None:
    """Forget the pins taken back whose match no record has any more."""
    released = [pin for several in pins.all().values() for pin in several if pin.released]
    known = records.get_many({pin.scene_id for pin in released}).values()
    matched = {(record.scene_id, item.ref) for record in known for item in record.items}
    pins.delete([pin for pin in released if (pin.scene_id, pin.ref) not in matched])


@dataclass(slots=True)
class Moves:
    """Collects what has other names by now."""

    side: PlexSnapshot
    known: list[MovedFiles] = field(default_factory=list)
    pins: list[tuple[Pin, Pin]] = field(default_factory=list)

    def note(
        self, scene: Scene, match: SceneMatch, record: Record | None, pins: Sequence[Pin]
    ) -> None:
        """Compare a scene and its items with what is remembered of them."""
        if record is not None:
            self._note_record(scene, match, record)
        for pin in pins:
            if not pin.released and pin not in match.lost_pins:
                self._note_pin(pin)

    def _note_record(self, scene: Scene, match: SceneMatch, record: Record) -> None:
        verified = {c.ref for c in match.claims if c.evidence >= Evidence.VERIFIED}
        if not verified:
            return
        paths = {}
        for item in record.items:
            if item.ref in verified:
                now = tuple(file.path for file in self.side.items[item.ref].files)
                if set(now) != set(item.files):
                    paths[item.ref] = now
        if paths or scene.files != record.files:
            self.known.append(MovedFiles(scene.id, scene.files, paths))

    def _note_pin(self, pin: Pin) -> None:
        index = self.side.indexes.get(pin.ref.section)
        ref = None if index is None else pinned_item(pin, index)
        if index is None or ref is None:
            return
        now = replace(pin, ref=ref, files=index.files(ref))
        if now != pin:
            self.pins.append((pin, now))

    def save(self, records: RecordStore, pins: PinStore) -> None:
        """Write down what was noted."""
        if self.known:
            records.note_files(self.known)
        for old, new in self.pins:
            pins.move(old, new)
