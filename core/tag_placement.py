"""Where the tags, the studio and the groups of a scene show in Plex, by the user's rules. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from core.fields import LINE_LIMIT
from core.library_facts import GROUP, STUDIO, TAG, LibraryFacts, Used, all_above
from core.models import Entity, Scene
from core.tag_rules import Rule, Subject, Target, TargetKind, Taxonomy
from core.text import clean_line, name_key


class Place(NamedTuple):
    """One name and what it shows as."""

    kind: TargetKind
    name: str


Places = tuple[Place, ...]
_AS_GENRE = (Target(TargetKind.GENRE),)
_AS_STUDIO = Target(TargetKind.STUDIO)
_AS_COLLECTION = Target(TargetKind.COLLECTION)


@dataclass(frozen=True, slots=True)
class PlacingRules:
    """The settings that say where something shows.

    Attributes:
        taxonomy: the rules of tags and studios.
        blocked: the identities of tags that show nowhere.
        studios: each studio makes a collection (`sync_collection`).
        groups: each group makes one (`sync_groups`).
        least: a collection is made of so many scenes at least (`collection_min_items`).
    """

    taxonomy: Taxonomy = field(default_factory=Taxonomy)
    blocked: frozenset[str] = frozenset()
    studios: bool = False
    groups: bool = False
    least: int = 1

    @property
    def is_plain(self) -> bool:
        """Tags are genres, the studio is the studio and perhaps a collection, and that is all."""
        return not self.taxonomy.rules and not self.groups and self.least <= 1

    @property
    def makes_collections(self) -> bool:
        makes = self.taxonomy.makes(TargetKind.COLLECTION)
        return makes or self.studios or self.groups

    @property
    def is_about_studios(self) -> bool:
        """Studios become anything else than the studio."""
        return bool(self.network_targets) or self.studio_targets != (_AS_STUDIO,)

    @property
    def needs_tags(self) -> bool:
        """What lies above tags, or how often they are used, matters."""
        tags = self.taxonomy.of_tags
        counted = self.least > 1 and any(
            t.kind is TargetKind.COLLECTION for r in tags for t in r.targets
        )
        return counted or self.taxonomy.looks_at(Subject.PARENT, Subject.USE)

    @property
    def needs_studios(self) -> bool:
        """The same of studios."""
        targets = (*self.studio_targets, *self.network_targets)
        counted = self.least > 1 and any(each.kind is TargetKind.COLLECTION for each in targets)
        return counted or bool(self.network_targets)

    @property
    def needs_groups(self) -> bool:
        """How often groups are used matters."""
        return self.groups and self.least > 1

    @property
    def studio_targets(self) -> tuple[Target, ...]:
        said = self.taxonomy.of_studios(Subject.STUDIO)
        targets = said if said is not None else (_AS_STUDIO,)
        also = (_AS_COLLECTION,) if self.studios else ()
        return tuple(dict.fromkeys((*targets, *also)))

    @property
    def network_targets(self) -> tuple[Target, ...]:
        """What becomes of the studios above, or of studios that have none above."""
        return self.taxonomy.of_studios(Subject.NETWORK) or ()


class Placing:
    """Applies the rules to one library; what it has decided it keeps.

    Args:
        facts: of what is not in there, only its name is known.
    """

    def __init__(self, rules: PlacingRules, facts: LibraryFacts) -> None:
        self._rules = rules
        self._facts = facts
        self._tag_rules = [(_Matcher.of(rule), rule.targets) for rule in rules.taxonomy.of_tags]
        self._known: dict[tuple[str, Entity], Places] = {}
        self._small = frozenset[str]()
        if rules.least > 1:
            sizes = self.sizes()
            self._small = frozenset(key for key, size in sizes.items() if size < rules.least)
            self._known.clear()

    def of_scene(self, scene: Scene) -> dict[TargetKind, tuple[str, ...]]:
        """The names that a scene shows, by what they show as; of studios the first one counts."""
        studios = (scene.studio,) if scene.studio is not None else ()
        found: dict[TargetKind, list[str]] = {kind: [] for kind in TargetKind}
        for about, entities in ((TAG, scene.tags), (STUDIO, studios), (GROUP, scene.groups)):
            for entity in entities:
                for place in self.places(about, entity):
                    found[place.kind].append(place.name)
        return {kind: tuple(names) for kind, names in found.items()}

    def places(self, about: str, entity: Entity) -> Places:
        """What becomes of a tag, studio or group."""
        known = self._known.get((about, entity))
        if known is None:
            said = self._said(about, entity)
            known = tuple(place for place in said if not self._is_small(place))
            self._known[about, entity] = known
        return known

    def sizes(self) -> Mapping[str, int]:
        """How many scenes each collection has, by the identity of its name; a scene that has two of
        what makes one collection counts twice."""
        sizes: Counter[str] = Counter()
        for about, number, used in self._everything():
            for place in self.places(about, Entity(number, used.name)):
                if place.kind is TargetKind.COLLECTION:
                    sizes[_key(place.name)] += used.scenes
        return sizes

    def names(self) -> dict[TargetKind, dict[str, str]]:
        """Everything that Plex would show, by what it shows as and by identity."""
        found: dict[TargetKind, dict[str, str]] = {kind: {} for kind in TargetKind}
        for about, number, used in self._everything():
            for place in self.places(about, Entity(number, used.name)):
                found[place.kind].setdefault(_key(place.name), place.name)
        return found

    def placed(self) -> dict[tuple[str, int], Places]:
        """What becomes of everything that facts are known of, by kind and id."""
        return {
            (about, number): self.places(about, Entity(number, used.name))
            for about, number, used in self._everything()
        }

    def effects(self) -> dict[tuple[str, int], Places]:
        """What becomes of those that names alone would place otherwise, by kind and id."""
        bare = Placing(self._rules, LibraryFacts())
        return {
            (about, number): places
            for (about, number), places in self.placed().items()
            if places != bare.places(about, Entity(number, self._facts.of(about)[number].name))
        }

    @property
    def places_groups(self) -> bool:
        """Groups make collections."""
        return self._rules.groups

    @property
    def parts(self) -> tuple[object, ...]:
        """All that it goes by, in an order of its own, for digests."""
        rules = self._rules
        said = (str(rules.taxonomy), sorted(rules.blocked), rules.studios, rules.groups)
        effects = [
            (*about, [(place.kind.value, place.name) for place in places])
            for about, places in sorted(self.effects().items())
        ]
        return (*said, rules.least, effects)

    def _everything(self) -> Iterator[tuple[str, int, Used]]:
        for about in (TAG, STUDIO, GROUP):
            for number, used in self._facts.of(about).items():
                yield about, number, used

    def _is_small(self, place: Place) -> bool:
        return place.kind is TargetKind.COLLECTION and _key(place.name) in self._small

    def _said(self, about: str, entity: Entity) -> Places:
        if about == TAG:
            return _named(self._tag_targets(entity), entity.name)
        if about == GROUP:
            return _named((_AS_COLLECTION,) if self._rules.groups else (), entity.name)
        network = _named(self._rules.network_targets, self._network(entity))
        return (*network, *_named(self._rules.studio_targets, entity.name))

    def _tag_targets(self, tag: Entity) -> Iterable[Target]:
        key = _key(tag.name)
        if key in self._rules.blocked:
            return ()
        known = self._facts.tags
        above = {_key(known[i].name) for i in all_above(tag.id, known) if i in known}
        used = known.get(tag.id)
        fitting = (targets for rule, targets in self._tag_rules if rule.fits(key, above, used))
        return next(fitting, _AS_GENRE)

    def _network(self, studio: Entity) -> str:
        """The name of the studio above, or of the studio itself where there is none."""
        known = self._facts.studios
        above = known[studio.id].above if studio.id in known else ()
        return next((known[each].name for each in above if each in known), studio.name)


@dataclass(frozen=True, slots=True)
class _Matcher:
    """The conditions of a rule, ready to be held against many tags."""

    conditions: tuple[tuple[Subject, str, int], ...]

    @classmethod
    def of(cls, rule: Rule) -> _Matcher:
        return cls(tuple((each.subject, _key(each.name), each.below) for each in rule.conditions))

    def fits(self, key: str, above: Collection[str], used: Used | None) -> bool:
        return all(_fits(condition, key, above, used) for condition in self.conditions)


def _fits(
    condition: tuple[Subject, str, int], key: str, above: Collection[str], used: Used | None
) -> bool:
    subject, name, below = condition
    if subject is Subject.TAG:
        return name == key
    if subject is Subject.PARENT:
        return name in above
    if subject is Subject.USE:
        return used is not None and used.scenes < below
    return True


def _named(targets: Iterable[Target], own: str) -> Places:
    return tuple(Place(target.kind, target.name or own) for target in targets)


def _key(name: str) -> str:
    return name_key(clean_line(name, LINE_LIMIT))
