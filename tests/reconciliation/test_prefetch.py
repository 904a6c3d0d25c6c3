"""Fetching ahead changes nothing but the time: order, errors and the end stay what they were."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.prefetch import Prefetch


def _no_thread_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name == "prefetch"]


@given(st.lists(st.integers()), st.integers(1, 5))
def test_everything_comes_once_and_in_order(elements: list[int], ahead: int) -> None:
    with Prefetch(lambda: elements, ahead) as fetched:
        assert list(fetched) == elements
    assert _no_thread_left()


@given(st.lists(st.integers(), max_size=6), st.integers(1, 3), st.integers(0, 7))
def test_it_may_be_left_at_any_point(elements: list[int], ahead: int, taken: int) -> None:
    with Prefetch(lambda: elements, ahead) as fetched:
        got = [value for value, _ in zip(fetched, range(taken), strict=False)]
    assert got == elements[: len(got)]
    assert _no_thread_left()


def test_an_error_comes_after_all_that_came_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("page 3")

    with Prefetch(source, 1) as fetched:
        coming = iter(fetched)
        assert [next(coming), next(coming)] == [1, 2]
        with pytest.raises(ValueError, match="page 3"):
            next(coming)


def test_a_source_that_cannot_even_start_is_an_error_of_the_consumer() -> None:
    def source() -> Iterable[int]:
        raise KeyError("no source")

    with Prefetch(source, 2) as fetched, pytest.raises(KeyError):
        next(iter(fetched))
    assert _no_thread_left()


def test_no_more_is_fetched_than_was_asked_for() -> None:
    fetched_so_far = []
    third = threading.Event()

    def source() -> Iterator[int]:
        for number in range(100):
            fetched_so_far.append(number)
            if number == 2:
                third.set()
            yield number

    with Prefetch(source, 2):
        assert third.wait(10)
        assert len(fetched_so_far) <= 4
    # Closing lets it go on by no more than the one in hand.
    assert len(fetched_so_far) <= 6
    assert _no_thread_left()


def test_it_works_in_a_thread_of_its_own() -> None:
    threads = set()

    def source() -> Iterator[int]:
        threads.add(threading.current_thread())
        yield 1
        threads.add(threading.current_thread())

    with Prefetch(source, 1) as fetched:
        assert list(fetched) == [1]
    assert threading.current_thread() not in threads
    assert len(threads) == 1
