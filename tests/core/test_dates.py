"""Partial and full dates."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import agrees, padded, parse_date

full_dates = st.dates(min_value=datetime.date(1, 1, 1)).map(datetime.date.isoformat)
parts = st.sampled_from([4, 7, 10])


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-02", "2024-02"),
        ("2024", "2024"),
        (" 2024-2-9 ", "2024-02-09"),
        ("2024-2", "2024-02"),
        ("2024-05-06T07:08:09Z", "2024-05-06"),
        ("2024-05-06 07:08", "2024-05-06"),
        ("0001-01-01", "0001-01-01"),
    ],
)
def test_dates_are_read(text: str, date: str) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "2023-02-29",
        "2024-13",
        "2024-00-01",
        "2024-01-32",
        "0000-00-00",
        "0000",
        "24-01-01",
        "20240101",
        "2024-01-01-01",
        "2024/01/01",
        "01.02.2024",
        "2020 Vision",
        "2024-05 or so",
        "2024-05-06 or so",
        "2024-05-06\nT07",
        "２０２４-01-01",
        "yesterday",
    ],
)
def test_what_is_no_date(text: str | None) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("partial", "full"),
    [("2024", "2024-01-01"), ("2024-05", "2024-05-01"), ("2024-05-06", "2024-05-06")],
)
def test_the_first_day_is_sent(partial: str, full: str) -> None:
    assert padded(partial) == full


@pytest.mark.parametrize(
    ("partial", "full", "inside"),
    [
        ("2024", "2024-01-01", True),
        ("2024", "2024-12-31", True),
        ("2024", "2025-01-01", False),
        ("2024-05", "2024-05-31", True),
        ("2024-05", "2024-06-01", False),
        ("2024-05-06", "2024-05-06", True),
        ("2024-05-06", "2024-05-07", False),
        ("2024-05-06", "2024-05", False),
        ("2024-05-06", "2024", False),
        ("2024-1", "2024-10-01", False),
    ],
)
def test_agreement(partial: str, full: str, inside: bool) -> None:
    assert agrees(partial, full) is inside


@given(full_dates, parts)
def test_a_padded_date_is_full_and_inside(date: str, length: int) -> None:
    partial = date[:length]
    assert parse_date(partial) == partial
    assert agrees(partial, date)
    assert agrees(partial, padded(partial))
    assert parse_date(padded(partial)) == padded(partial)
    datetime.date.fromisoformat(padded(partial))


@given(st.text())
def test_reading_is_stable(text: str) -> None:
    date = parse_date(text)
    assert parse_date(date) == date
