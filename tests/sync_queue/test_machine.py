"""After any history of puts, claims, endings and crashes the queue agrees with a dictionary."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from persistqueue.exceptions import Empty

from core.models import Job
from sync_queue.jobs import EnqueueOutcome, QueueStats
from sync_queue.queue import SyncQueue
from tests.sync_queue.model import Model, Order

# Few scenes, so that orders for one meet each other.
SCENES = st.integers(1, 3)
DELAYS = st.sampled_from([0.0, 1.0, 7.0])
PICKS = st.integers(0, 9)


class QueueMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1000.0
        self.version = 0
        self.model = Model()
        self.abandoned: list[SyncQueue] = []
        self.jobs: dict[int, Job] = {}
        self.queue = self.open()

    def open(self) -> SyncQueue:
        return SyncQueue(Path(self.folder.name), warn=self.unexpected, clock=lambda: self.now)

    def unexpected(self, message: str) -> None:
        raise AssertionError(message)

    def teardown(self) -> None:
        if hasattr(self, "queue"):
            for queue in [*self.abandoned, self.queue]:
                queue.close()
            self.folder.cleanup()

    def item(self, scene_id: int, delay: float) -> dict[str, object]:
        self.version += 1
        return {
            "scene_id": scene_id,
            "update_type": "metadata",
            "data": {"version": self.version},
            "enqueued_at": self.now,
            "not_before": self.now + delay if delay else 0.0,
        }

    def order(self, item: dict[str, object], rank: int) -> Order:
        data, scene_id, not_before = item["data"], item["scene_id"], item["not_before"]
        assert isinstance(data, dict)
        assert isinstance(scene_id, int)
        assert isinstance(not_before, float)
        return Order(rank, scene_id, "waiting", data["version"], self.now, 0, not_before)

    @rule(scene_id=SCENES, delay=DELAYS)
    def put(self, scene_id: int, delay: float) -> None:
        item = self.item(scene_id, delay)
        row_id = self.queue.put(item)

        assert self.model.put(self.order(item, row_id)) == row_id

    @rule(scene_ids=st.lists(SCENES, max_size=6), delay=DELAYS)
    def put_many(self, scene_ids: list[int], delay: float) -> None:
        items = [self.item(scene_id, delay) for scene_id in scene_ids]
        outcome = self.queue.put_many(items)

        rows = {job["data"]["data"]["version"]: job["id"] for job in self.queue.queue()}
        before = len(self.model.orders)
        for item in items:
            order = self.order(item, 0)
            # A put that a later one of the same batch replaced has no row of its own.
            last = max(
                o.version for i in items if (o := self.order(i, 0)).scene_id == order.scene_id
            )
            self.model.put(replace(order, rank=rows[last]))
        new = len(self.model.orders) - before
        assert outcome == EnqueueOutcome(new, len(items) - new)

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        expected = self.model.claimable(self.now)[:limit]

        claimed = self.queue.claim(limit, self.now)

        assert [(job.job_id, job.data["version"], job.attempts) for job in claimed] == [
            (order.rank, order.version, order.attempts) for order in expected
        ]
        self.model.claim(job.job_id for job in claimed)
        self.jobs.update({job.job_id: job for job in claimed})

    @rule()
    def get(self) -> None:
        """persist-queue's own way of taking a job."""
        expected = self.model.claimable(self.now)
        try:
            item = self.queue.get(block=False)
        except Empty:
            assert expected == []
            return
        assert item["job_id"] == expected[0].rank
        self.model.claim([item["job_id"]])

    def pick(self, number: int) -> tuple[Order, Job]:
        working = self.model.of("working")
        order = working[number % len(working)]
        fallback = Job(order.rank, order.scene_id, "metadata", {}, 0.0, "", order.attempts, 0.0)
        return order, self.jobs.get(order.rank, fallback)

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS, by_base_class=st.booleans())
    def finish(self, number: int, by_base_class: bool) -> None:
        order, job = self.pick(number)
        if by_base_class:
            assert self.queue.ack(id=order.rank) == order.rank
        else:
            self.queue.finish([job])
        self.model.finish(order)

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS, delay=DELAYS, attempt=st.booleans())
    def retry(self, number: int, delay: float, attempt: bool) -> None:
        order, job = self.pick(number)
        job = replace(job, attempts=order.attempts)
        self.queue.retry(job, self.now + delay, "Busy: later", attempt)
        self.model.back(
            replace(
                order,
                attempts=order.attempts + attempt,
                not_before=self.now + delay,
                error="Busy: later",
            )
        )

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS, by_base_class=st.booleans())
    def release(self, number: int, by_base_class: bool) -> None:
        order, job = self.pick(number)
        if by_base_class:
            assert self.queue.nack(id=order.rank) == order.rank
        else:
            self.queue.release([job])
        self.model.back(order)

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS, by_base_class=st.booleans())
    def park(self, number: int, by_base_class: bool) -> None:
        order, job = self.pick(number)
        if by_base_class:
            self.queue.ack_failed(id=order.rank)
        else:
            self.queue.park(job, "PlexNotFound: no item")
        self.model.park(order, order.error if by_base_class else "PlexNotFound: no item", self.now)

    @precondition(lambda self: self.jobs)
    @rule(number=PICKS)
    def act_on_a_job_that_is_over(self, number: int) -> None:
        ranks = sorted(self.jobs)
        job = self.jobs[ranks[number % len(ranks)]]
        if job.job_id in {order.rank for order in self.model.of("working")}:
            return
        self.queue.finish([job])
        self.queue.retry(job, self.now, "late")
        self.queue.release([job])
        self.queue.park(job, "late")

    @rule()
    def crash(self) -> None:
        self.abandoned.append(self.queue)
        self.queue = self.open()

    @rule()
    def recover(self) -> None:
        working = self.model.of("working")

        assert self.queue.recover() == len(working)

        for order in working:
            self.model.back(order)

    @rule(ranks=st.none() | st.lists(st.integers(1, 30), max_size=4))
    def retry_dead(self, ranks: list[int] | None) -> None:
        dead = [o for o in self.model.of("dead") if ranks is None or o.rank in ranks]

        assert self.queue.retry_dead(ranks) == len(dead)

        for order in dead:
            self.model.back(replace(order, attempts=0, not_before=0.0, error=""))

    @rule()
    def purge_dead(self) -> None:
        old = [order for order in self.model.of("dead") if order.died_at < self.now - 5]

        assert self.queue.purge_dead(self.now - 5) == len(old)

        for order in old:
            del self.model.orders[order.rank]

    @rule(delay=st.sampled_from([1.0, 5.0, 20.0]))
    def time_passes(self, delay: float) -> None:
        self.now += delay

    @rule()
    def prune(self) -> None:
        self.queue.prune()

    @invariant()
    def agrees_with_the_model(self) -> None:
        names = {0: "waiting", 1: "waiting", 2: "working", 9: "dead"}
        rows = [
            (
                row["id"],
                names[row["status"]],
                item["scene_id"],
                item["data"]["version"],
                item["enqueued_at"],
                item["attempts"],
                item["not_before"],
                item["error"],
            )
            for row in self.queue.queue()
            for item in [row["data"]]
        ]
        assert rows == [
            (
                order.rank,
                order.status,
                order.scene_id,
                order.version,
                order.enqueued_at,
                order.attempts,
                order.not_before,
                order.error,
            )
            for _, order in sorted(self.model.orders.items())
        ]
        # The law itself, whatever the model thinks.
        assert len({row[1:3] for row in rows}) == len(rows)

    @invariant()
    def tells_how_it_stands(self) -> None:
        waiting, working = self.model.of("waiting"), self.model.of("working")
        dead: dict[str, int] = {}
        for order in self.model.of("dead"):
            name = order.error.split(":")[0]
            dead[name] = dead.get(name, 0) + 1
        due = sum(order.not_before <= self.now for order in waiting)
        assert self.queue.stats(self.now) == QueueStats(
            due, len(waiting) - due, len(working), dead, self.model.completed
        )
        assert self.queue.size == len(waiting)
        assert self.queue.queued_scene_ids() == {o.scene_id for o in [*waiting, *working]}
        assert self.queue.dead_scene_ids() == {o.scene_id for o in self.model.of("dead")}
        first = waiting[0].not_before if waiting else None
        assert self.queue.next_due(self.now) == (None if first is None else max(first, self.now))


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=50)
TestQueueMachine = QueueMachine.TestCase
