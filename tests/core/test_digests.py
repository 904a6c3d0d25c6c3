"""A digest tells every change of what it is made from, and nothing else."""

from __future__ import annotations

from core.digests import digest_of


def test_equal_things_have_equal_digests() -> None:
    assert digest_of({"a": [1, None, "x"]}) == digest_of({"a": [1, None, "".join(["", "x"])]})
    assert digest_of({"a": "x"}) != digest_of({"a": "y"})


def test_any_text_has_a_digest() -> None:
    assert digest_of(["\ud800"]) != digest_of(["?"])
