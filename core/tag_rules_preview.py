"""What rules would make of a library, in numbers and examples, before anything is synced. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.change_words import counted, named
from core.library_facts import STUDIO, TAG, LibraryFacts
from core.models import Entity
from core.tag_placement import Place, Placing, PlacingRules
from core.tag_rules import TargetKind, Taxonomy

EXAMPLES = 10
USUAL_LEAST = 5  # scenes of a collection, as a proposal where the user has not said


@dataclass(frozen=True, slots=True)
class RulesPreview:
    """What Plex would show of all tags, studios and groups together.

    Attributes:
        collections: by the rules alone.
        collections_with_minimum: those of them with enough scenes (`collection_min_items`).
        examples: what becomes of those that the rules place otherwise, the most used first.
        problems: what is wrong with rules, for people; the others count.
        text: all of it in one sentence or two.
    """

    genres: int
    labels: int
    collections: int
    collections_with_minimum: int
    examples: tuple[str, ...]
    problems: tuple[str, ...]
    text: str


def preview_rules(
    rules: PlacingRules, facts: LibraryFacts, problems: Sequence[str] = ()
) -> RulesPreview:
    """What the rules make of a library.

    Args:
        facts: of all tags, and of studios and groups as far as the rules are about them.
    """
    plain = Placing(replace(rules, least=1), facts)
    names = plain.names()
    least = rules.least if rules.least > 1 else USUAL_LEAST
    large = sum(size >= least for size in plain.sizes().values())
    genres, labels, collections = (
        len(names[kind]) for kind in (TargetKind.GENRE, TargetKind.LABEL, TargetKind.COLLECTION)
    )
    text = (
        f"Would create {counted(collections, 'collection')}; with a minimum of {least} items:"
        f" {large}. {counted(labels, 'label')} and {counted(genres, 'genre')}."
    )
    without = Placing(replace(rules, least=1, taxonomy=Taxonomy()), facts)
    if rules.taxonomy.rules and plain.placed() == without.placed():
        text = f"No rule changes what becomes of a tag or a studio. {text}"
    if problems:
        text = f"{counted(len(problems), 'rule')} cannot be read: {'; '.join(problems)}. {text}"
    return RulesPreview(
        genres,
        labels,
        collections,
        large if rules.least > 1 else collections,
        tuple(_examples(plain, facts)),
        tuple(problems),
        text,
    )


def _examples(placing: Placing, facts: LibraryFacts) -> Sequence[str]:
    usual = {TAG: TargetKind.GENRE, STUDIO: TargetKind.STUDIO}
    found = [
        (used.scenes, about, used.name, places)
        for about in (TAG, STUDIO)
        for number, used in facts.of(about).items()
        if (places := placing.places(about, Entity(number, used.name)))
        != (Place(usual[about], used.name),)
    ]
    found.sort(key=lambda each: (-each[0], each[1], each[2]))
    return [
        f"{about} {named(name)} ({counted(scenes, 'scene')}): {_told(places, name)}"
        for scenes, about, name, places in found[:EXAMPLES]
    ]


def _told(places: Sequence[Place], own: str) -> str:
    if not places:
        return "nothing"
    return ", ".join(
        place.kind.value if place.name == own else f"{place.kind.value} {named(place.name)}"
        for place in places
    )
