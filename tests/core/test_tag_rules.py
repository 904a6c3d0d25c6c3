"""The text of `tag_rules`: what it means, what it must not be, and that it comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tag_rules import (
    STUDIOS,
    Condition,
    Rule,
    RuleError,
    Subject,
    Target,
    TargetKind,
    Taxonomy,
    parse,
    read,
)
from core.text import clean_line, name_key
from tests.core.builders import FEWER

TAG_KINDS = [TargetKind.GENRE, TargetKind.LABEL, TargetKind.COLLECTION]
STUDIO_KINDS = [TargetKind.STUDIO, TargetKind.LABEL, TargetKind.COLLECTION]
SPECIAL = ["studio", "Studio Lights", "nothing", "A, B", "A; B", "a => b", "<5", "tag"]
names = (st.sampled_from([*SPECIAL, 'The "Big" One']) | st.text(min_size=1, max_size=8)).map(
    lambda text: clean_line(text, 255).strip()
)
named = names.filter(bool)
conditions = st.one_of(
    st.builds(Condition, st.just(Subject.TAG), named),
    st.builds(Condition, st.just(Subject.PARENT), named),
    st.builds(Condition, st.just(Subject.USE), below=st.integers(1, 99)),
)


def targets(kinds: list[TargetKind]) -> st.SearchStrategy[tuple[Target, ...]]:
    one = st.builds(Target, st.sampled_from(kinds), st.just("") | named)
    return st.lists(one, max_size=3, unique=True).map(tuple)


of_tags = st.builds(
    Rule, st.lists(conditions, min_size=1, max_size=3).map(tuple), targets(TAG_KINDS)
)
of_studios = st.builds(
    Rule,
    st.sampled_from(STUDIOS).map(lambda subject: (Condition(subject),)),
    targets(STUDIO_KINDS),
)
taxonomies = st.lists(of_tags | of_studios, max_size=5, unique_by=lambda rule: rule.conditions).map(
    lambda rules: Taxonomy(tuple(rules))
)


@FEWER
@given(taxonomies, st.sampled_from(["; ", "\n", " ;\n\n; "]))
def test_what_is_written_reads_as_it_was(rules: Taxonomy, between: str) -> None:
    assert parse(str(rules)) == rules
    assert parse(between.join(map(str, rules.rules))) == rules


@FEWER
@given(st.text(max_size=40) | st.text('tag=>,;\n"<5 nothing', max_size=40))
def test_any_text_is_rules_or_says_which_is_wrong(text: str) -> None:
    rules, problems = read(text)
    assert parse(str(rules)) == rules
    assert all(problem.startswith("rule ") for problem in problems)


def test_what_rules_look_like() -> None:
    text = """
        TAG Solo => Label
        parent "Places, far" , use < 5 => nothing;
        parent Places => collection, genre "A Place"
        tag and => genre And
        others => nothing;; parent  studio => studio, collection
    """
    assert parse(text).rules == (
        Rule((Condition(Subject.TAG, "Solo"),), (Target(TargetKind.LABEL),)),
        Rule((Condition(Subject.PARENT, "Places, far"), Condition(Subject.USE, below=5)), ()),
        Rule(
            (Condition(Subject.PARENT, "Places"),),
            (Target(TargetKind.COLLECTION), Target(TargetKind.GENRE, "A Place")),
        ),
        Rule((Condition(Subject.TAG, "and"),), (Target(TargetKind.GENRE, "And"),)),
        Rule((Condition(Subject.OTHERS),), ()),
        Rule(
            (Condition(Subject.NETWORK),),
            (Target(TargetKind.STUDIO), Target(TargetKind.COLLECTION)),
        ),
    )
    assert parse(" \n;") == Taxonomy()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tag Solo", 'rule 1 (tag Solo): one "=>" has to stand between'),
        ("tag A => label => genre", 'one "=>" has to stand between'),
        ("Solo => label", "rule 1 (Solo => label): on the left goes one of tag, parent, use"),
        ("tag A => label; tag => label", "rule 2 (tag => label): 'tag' needs the name of a tag"),
        ("parent '' => label; parent => x", "rule 2 (parent => x): 'parent' needs the name"),
        ("tag A => hidden", "on the right goes genre, label, collection or, alone, nothing"),
        ("tag A => studio", "on the right goes genre, label, collection or, alone, nothing"),
        ("tag A =>", "on the right goes genre"),
        ("tag A => nothing, label", "or, alone, nothing"),
        ("studio => genre", "on the right goes label, collection, studio or, alone, nothing"),
        ("studio Foo => label", "nothing goes behind 'studio'"),
        ("studio, use < 5 => label", "a rule about studios has no other conditions"),
        ("use > 5 => label", "'use' goes with a number, like: use < 5"),
        ("use < 0 => label", "'use' goes with a number"),
        ("others => label; tag A => genre", "rule 2 (tag A => genre): it comes after 'others'"),
        ("tag A => label; tag A => genre", "an earlier rule has the same on its left"),
    ],
)
def test_what_is_wrong_is_named(text: str, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert problem in str(caught.value)


def test_each_bad_rule_is_told_and_the_good_ones_count() -> None:
    rules, problems = read("tag A => label; what => ever; tag B => collection; use 3 => nothing")

    assert [str(rule) for rule in rules.rules] == ["tag A => label", "tag B => collection"]
    assert [problem.split(" (")[0] for problem in problems] == ["rule 2", "rule 4"]


def test_a_name_counts_whatever_its_case() -> None:
    rule = parse("tag CAFÉ => label").rules[0]
    assert name_key(rule.conditions[0].name) == name_key("Cafe\u0301")


@pytest.mark.parametrize(("length", "shown"), [(60, "x" * 60), (61, "x" * 59 + "…")])
def test_a_long_rule_is_shown_cut(length: int, shown: str) -> None:
    (problem,) = read("x" * length)[1]
    assert problem.startswith(f"rule 1 ({shown}): ")
