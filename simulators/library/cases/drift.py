"""Scenes whose item shows something else, by a person's hand, an agent's, or a lost write."""

from __future__ import annotations

from simulators.library.builder import Builder, role
from simulators.library.cases.base import Case, full


def drift_title(builder: Builder) -> None:
    builder.pair("drift_title", title="A Working Title")


def drift_summary(builder: Builder) -> None:
    builder.pair("drift_summary", summary="A text that nobody wrote in Stash.")


def drift_studio(builder: Builder) -> None:
    builder.pair("drift_studio", meta=full(builder), studio="Somebody Else's Films")


def drift_date(builder: Builder) -> None:
    builder.pair("drift_date", originally_available_at="1999-09-09")


def drift_rating(builder: Builder) -> None:
    builder.pair("drift_rating", meta=full(builder, rating100=77), user_rating=3.0)


def drift_director(builder: Builder) -> None:
    builder.pair("drift_director", meta=full(builder), directors=[])


def extra_genre(builder: Builder) -> None:
    """A tag that Stash no longer has is still in Plex."""
    _, item = builder.pair("extra_genre")
    item["genres"] = ["Discarded Tag", *item["genres"]]


def missing_performer(builder: Builder) -> None:
    who = builder.rng.sample(range(10, 31), 3)
    _, item = builder.pair("missing_performer", meta=full(builder, performer_ids=who))
    item["roles"] = item["roles"][:-1]


def beyond_the_cut(builder: Builder) -> None:
    """Listings show 3 roles and 2 genres, all of them right; the rest is not."""
    meta = full(
        builder,
        performer_ids=builder.rng.sample(range(10, 31), 6),
        tag_ids=builder.rng.sample(range(20, 51), 5),
    )
    _, item = builder.pair("beyond_the_cut", meta=meta)
    item["roles"] = [*item["roles"][:4], role("Nobody Here")]
    item["genres"] = [*item["genres"][:3], "Discarded Tag"]


def cleared_studio(builder: Builder) -> None:
    builder.pair("cleared_studio", meta=full(builder, studio_id=None), studio="Old Mill Films")


def cleared_details(builder: Builder) -> None:
    builder.pair("cleared_details", meta=full(builder, details=""), summary="No longer true.")


def cleared_lists(builder: Builder) -> None:
    _, item = builder.pair("cleared_lists", meta=full(builder, performer_ids=[], tag_ids=[]))
    item["genres"] = ["Night", "Drama", "Discarded Tag"]
    item["roles"] = [role("Nobody Here"), role("Ana Lind"), role("Boris Kay"), role("Cleo Mar")]


def agent_filled(builder: Builder) -> None:
    """An online agent took it for another film and filled in what it knew of that."""
    builder.pair(
        "agent_filled",
        builder.rng.choice(("films", "same", "shows")),
        full(builder),
        guid=f"plex://movie/{builder.rng.getrandbits(96):024x}",
        title=f"The Ferryman {builder.number()}",
        summary="Two strangers share the last ferry of the year.",
        studio="Grand Distribution",
        originally_available_at="2003-02-11",
        tagline="All aboard",
        content_rating="PG",
        genres=["Drama", "Documentary", "Travel", "Family"],
        roles=[
            {"tag": "Ana Lind", "role": "The Ferryman", "thumb": "https://example.org/a.jpg"},
            {"tag": "Boris Kay", "role": "The Guest", "thumb": None},
        ],
        directors=["R. Vale", "M. Holt", "T. Reed"],
        writers=["M. Holt"],
    )


def locked_fields(builder: Builder) -> None:
    """A person wrote and locked some fields in Plex."""
    builder.pair(
        "locked_fields",
        meta=full(builder),
        title="My own title",
        title_sort="own title",
        summary="My own words.",
        locked=["title", "titleSort", "summary", "genre"],
    )


def handmade(builder: Builder) -> None:
    """In agreement, with things in Plex that no sync may ever touch."""
    builder.pair(
        "handmade",
        title_sort=f"{builder.number():06d}",
        labels=["Mine", "To keep, always", "Über alles 100%"],
        collections=["Sunday Evenings", "Best of Harbours", "Grandma's Picks"],
        tagline="Bring a coat",
        content_rating="de/0",
        writers=["M. Holt", "R. Vale", "T. Reed"],
        locked=["tagline", "label", "collection", "thumb"],
    )


CASES = (
    Case("drift_title", drift_title, 8),
    Case("drift_summary", drift_summary, 8),
    Case("drift_studio", drift_studio, 8),
    Case("drift_date", drift_date, 7),
    Case("drift_rating", drift_rating, 7),
    Case("drift_director", drift_director, 7),
    Case("extra_genre", extra_genre, 8),
    Case("missing_performer", missing_performer, 8),
    Case("beyond_the_cut", beyond_the_cut, 8),
    Case("cleared_studio", cleared_studio, 7),
    Case("cleared_details", cleared_details, 7),
    Case("cleared_lists", cleared_lists, 7),
    Case("agent_filled", agent_filled, 8),
    Case("locked_fields", locked_fields, 7),
    Case("handmade", handmade, 7),
)
