"""Whether two files, one on each server, can be or must be one recording."""

from __future__ import annotations

from core.models import MediaFile

# Two files at one path are the same recording when their lengths agree this well: a re-mux or a
# file that one side has not rescanned yet keeps its length, another film in its place does not.
DURATION_SECONDS = 2.0
DURATION_SHARE = 0.02


def sizes_differ(one: MediaFile, other: MediaFile) -> bool:
    """A veto: both sizes are known and not equal."""
    return one.size is not None and other.size is not None and one.size != other.size


def lengths_agree(one: MediaFile, other: MediaFile) -> bool:
    """Whether the lengths do not contradict each other; an unknown one contradicts nothing."""
    if not one.duration or not other.duration:
        return True
    slack = max(DURATION_SECONDS, DURATION_SHARE * max(one.duration, other.duration))
    return abs(one.duration - other.duration) <= slack


def may_be_same_file(one: MediaFile, other: MediaFile) -> bool:
    """Whether nothing that is known of two files at one path says that they differ."""
    return not sizes_differ(one, other) or lengths_agree(one, other)


def same_recording(one: MediaFile, other: MediaFile) -> bool:
    """Sizes and lengths are known on both sides, and equal."""
    known = one.size is not None and one.duration and other.duration
    return bool(known) and one.size == other.size and lengths_agree(one, other)
