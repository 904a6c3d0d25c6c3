"""The queue as a plain dictionary: what `SyncQueue` must do, without a store or a process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from core.models import Failure

Status = Literal["waiting", "working", "held", "dead"]


@dataclass(frozen=True, slots=True)
class Order:
    """One row: `version` tells which put it carries, `rank` its place among equals in time."""

    rank: int
    scene_id: int
    status: Status
    version: int
    enqueued_at: float
    attempts: int = 0
    not_before: float = 0.0
    error: str = ""
    failure: Failure = Failure.NONE
    priority: int = 0
    was_held: bool = False  # claimed from among the held ones
    died_at: float = 0.0


class QueueModel:
    """Orders by rank; at most one of each status a scene."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.completed = 0

    def of(self, status: Status) -> list[Order]:
        return sorted(
            (order for order in self.orders.values() if order.status == status),
            key=lambda order: (-order.priority, order.not_before, order.rank),
        )

    def find(self, scene_id: int, status: Status) -> Order | None:
        return next((order for order in self.of(status) if order.scene_id == scene_id), None)

    def put(self, new: Order) -> int:
        """Returns the rank under which the order is kept."""
        old = self.find(new.scene_id, "waiting")
        self._store(new if old is None else _newer_in_older(new, old))
        return new.rank if old is None else old.rank

    def claimable(self, now: float) -> list[Order]:
        busy = {order.scene_id for order in self.of("working")}
        return [
            order
            for order in self.of("waiting")
            if order.not_before <= now and order.scene_id not in busy
        ]

    def claim(self, ranks: Iterable[int]) -> None:
        for rank in ranks:
            self._store(replace(self.orders[rank], status="working"))

    def back(self, order: Order) -> None:
        """`order` (working or dead, perhaps amended) waits again."""
        twin = self.find(order.scene_id, "waiting")
        if twin is not None:
            del self.orders[twin.rank]
            order = _newer_in_older(twin, order)
        self._store(replace(order, status="waiting", was_held=False))

    def release(self, order: Order) -> None:
        """`order` (working) goes back to where it was claimed."""
        if order.was_held:
            self._store(replace(order, status="held", was_held=False))
        else:
            self.back(order)

    def finish(self, order: Order) -> None:
        del self.orders[order.rank]
        self.drop(order.scene_id, "dead")
        self.drop(order.scene_id, "held")
        self.completed += 1

    def park(self, order: Order, now: float) -> None:
        self.drop(order.scene_id, "dead")
        self._store(replace(order, status="dead", died_at=now, was_held=False))

    def hold(self, order: Order) -> None:
        self.drop(order.scene_id, "held")
        self._store(replace(order, status="held", was_held=False))

    def drop(self, scene_id: int, status: Status) -> None:
        found = self.find(scene_id, status)
        if found is not None:
            del self.orders[found.rank]

    def _store(self, order: Order) -> None:
        self.orders[order.rank] = order


def _newer_in_older(new: Order, old: Order) -> Order:
    return replace(
        new,
        rank=old.rank,
        enqueued_at=old.enqueued_at,
        not_before=min(old.not_before, new.not_before),
        priority=max(old.priority, new.priority),
    )
