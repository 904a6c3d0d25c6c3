"""After any history of puts, claims, endings and crashes the queue agrees with a dictionary."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.models import Change, Failure, ItemRef, Job
from storage.state_tables.plans import PlannedChange
from sync_queue.jobs import BULK, EDIT, EnqueueOutcome, QueueStats
from sync_queue.queue import HELD_WHY, SyncQueue
from tests.examples import examples
from tests.sync_queue.conftest import rows
from tests.sync_queue.queue_model import Order, QueueModel

# Few scenes, so that orders for one meet each other.
SCENES = st.integers(1, 3)
DELAYS = st.sampled_from([0.0, 1.0, 7.0])
PICKS = st.integers(0, 9)
PRIORITIES = st.sampled_from([BULK, EDIT])
FAILURES = st.sampled_from([Failure.AWAITS_SCAN, Failure.NOT_FOUND])
CHOSEN = st.none() | st.sets(SCENES)
LOSS = PlannedChange(2, "Two", ItemRef("1", "8"), Change("studio", "X", None))


class QueueMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1000.0
        self.version = 0
        self.model = QueueModel()
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

    def item(self, scene_id: int, delay: float, priority: int) -> dict[str, object]:
        self.version += 1
        return {
            "scene_id": scene_id,
            "update_type": "metadata",
            "data": {"version": self.version},
            "enqueued_at": self.now,
            "not_before": self.now + delay if delay else 0.0,
            "priority": priority,
        }

    def order(self, item: dict[str, object], rank: int) -> Order:
        data, scene_id, not_before = item["data"], item["scene_id"], item["not_before"]
        assert isinstance(data, dict)
        assert isinstance(scene_id, int)
        assert isinstance(not_before, float)
        priority = EDIT if item["priority"] == EDIT else BULK
        version = data["version"]
        return Order(rank, scene_id, "waiting", version, self.now, 0, not_before, priority=priority)

    @rule(scene_id=SCENES, delay=DELAYS, priority=PRIORITIES)
    def put(self, scene_id: int, delay: float, priority: int) -> None:
        item = self.item(scene_id, delay, priority)
        row_id = self.queue.put(item)

        assert self.model.put(self.order(item, row_id)) == row_id

    @rule(scene_ids=st.lists(SCENES, max_size=6), delay=DELAYS, priority=PRIORITIES)
    def put_many(self, scene_ids: list[int], delay: float, priority: int) -> None:
        items = [self.item(scene_id, delay, priority) for scene_id in scene_ids]
        bare = [{k: v for k, v in item.items() if k != "priority"} for item in items]
        outcome = self.queue.put_many(bare, priority=priority)

        ids = {row["job"].data["version"]: row["id"] for row in rows(self.queue)}
        before = len(self.model.orders)
        for item in items:
            order = self.order(item, 0)
            # A put that a later one of the same batch replaced has no row of its own.
            last = max(
                o.version for i in items if (o := self.order(i, 0)).scene_id == order.scene_id
            )
            self.model.put(replace(order, rank=ids[last]))
        new = len(self.model.orders) - before
        assert outcome == EnqueueOutcome(new, len(items) - new)

    @rule(limit=st.integers(1, 4), least=PRIORITIES)
    def claim(self, limit: int, least: int) -> None:
        due = self.model.claimable(self.now)
        assert [job.job_id for job in self.queue.due(self.now)] == [order.rank for order in due]
        assert self.queue.count_due(self.now) == len(due)
        assert self.queue.has_fresh_due(self.now) == any(o.attempts == 0 for o in due)
        urgent = [order for order in due if order.priority >= least]
        assert self.queue.count_due(self.now, least=least) == len(urgent)
        expected = urgent[:limit]

        claimed = self.queue.claim(limit, self.now, least=least)

        assert [(job.job_id, job.data["version"], job.attempts) for job in claimed] == [
            (order.rank, order.version, order.attempts) for order in expected
        ]
        self.model.claim(job.job_id for job in claimed)
        self.jobs.update({job.job_id: job for job in claimed})

    def pick(self, number: int) -> tuple[Order, Job]:
        working = self.model.of("working")
        order = working[number % len(working)]
        return order, self.jobs[order.rank]

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS)
    def finish(self, number: int) -> None:
        order, job = self.pick(number)
        self.queue.finish([job])
        self.model.finish(order)

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS, delay=DELAYS, attempt=st.booleans(), failure=FAILURES)
    def retry(self, number: int, delay: float, attempt: bool, failure: Failure) -> None:
        order, job = self.pick(number)
        until = self.now + delay
        if attempt:
            self.queue.retry(job, until, failure, "later")
        else:
            self.queue.postpone([(job, until, failure, "later")])
        self.model.back(
            replace(
                order,
                attempts=order.attempts + attempt,
                not_before=until,
                error=f"{failure.value}: later",
                failure=failure,
            )
        )

    @rule(failure=FAILURES)
    def wake(self, failure: Failure) -> None:
        waiting = [order for order in self.model.of("waiting") if order.failure is failure]
        assert self.queue.count_waiting(failure) == len(waiting)

        assert self.queue.wake(failure) == len(waiting)

        for order in waiting:
            self.model.orders[order.rank] = replace(order, not_before=0.0)

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS)
    def hold(self, number: int) -> None:
        order, job = self.pick(number)
        self.queue.hold([(job, [LOSS])])
        self.model.hold(
            replace(order, failure=Failure.HELD, error=f"{Failure.HELD.value}: {HELD_WHY}")
        )

    @rule(limit=st.integers(1, 2), scene_ids=CHOSEN)
    def claim_held(self, limit: int, scene_ids: set[int] | None) -> None:
        busy = {order.scene_id for order in self.model.of("working")}
        held = self.held(scene_ids)
        assert [each.job.job_id for each in self.queue.held(scene_ids)] == [o.rank for o in held]
        expected = [each for each in held if each.scene_id not in busy][:limit]

        claimed = self.queue.claim_held(limit, scene_ids)

        assert [(each.job.job_id, each.job.data["version"], each.losses) for each in claimed] == [
            (o.rank, o.version, (LOSS,)) for o in expected
        ]
        for order in expected:
            self.model.orders[order.rank] = replace(order, status="working", was_held=True)
        self.jobs.update({each.job.job_id: each.job for each in claimed})

    @rule()
    def clear_waiting(self) -> None:
        cleared = [*self.model.of("waiting"), *self.model.of("held")]

        assert self.queue.clear_waiting() == len(cleared)

        for order in cleared:
            del self.model.orders[order.rank]

    def held(self, scene_ids: set[int] | None) -> list[Order]:
        held = [o for o in self.model.of("held") if scene_ids is None or o.scene_id in scene_ids]
        return sorted(held, key=lambda order: order.rank)

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS)
    def release(self, number: int) -> None:
        order, job = self.pick(number)
        self.queue.release([job])
        self.model.release(order)

    @precondition(lambda self: self.model.of("working"))
    @rule(number=PICKS)
    def park(self, number: int) -> None:
        order, job = self.pick(number)
        self.queue.park(job, Failure.REJECTED, "no")
        order = replace(order, failure=Failure.REJECTED, error="PlexRejected: no")
        self.model.park(order, self.now)

    @precondition(lambda self: self.jobs)
    @rule(number=PICKS)
    def act_on_a_job_that_is_over(self, number: int) -> None:
        ranks = sorted(self.jobs)
        job = self.jobs[ranks[number % len(ranks)]]
        if job.job_id in {order.rank for order in self.model.of("working")}:
            return
        self.queue.finish([job])
        self.queue.retry(job, self.now, Failure.OTHER, "late")
        self.queue.release([job])
        self.queue.hold([(job, [])])
        self.queue.park(job, Failure.OTHER, "late")

    @rule()
    def crash(self) -> None:
        self.abandoned.append(self.queue)
        self.queue = self.open()

    @rule()
    def recover(self) -> None:
        working = self.model.of("working")

        assert self.queue.recover() == len(working)

        for order in working:
            self.model.release(order)

    @rule(
        ranks=st.none() | st.lists(st.integers(1, 30), max_size=4),
        failure=st.none() | st.sampled_from([Failure.NONE, Failure.REJECTED]),
        ages=st.tuples(*[st.none() | st.sampled_from([0.0, 5.0, 20.0])] * 2),
    )
    def retry_dead(
        self,
        ranks: list[int] | None,
        failure: Failure | None,
        ages: tuple[float | None, float | None],
    ) -> None:
        since, until = (None if age is None else self.now - age for age in ages)
        dead = [
            order
            for order in self.model.of("dead")
            if (ranks is None or order.rank in ranks)
            and (failure is None or order.failure is failure)
            and (since is None or order.died_at >= since)
            and (until is None or order.died_at <= until)
        ]

        assert self.queue.retry_dead(ranks, failure, since, until) == len(dead)

        for order in dead:
            self.model.back(as_new(order))

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
        names = {0: "waiting", 1: "waiting", 2: "working", 4: "held", 9: "dead"}
        found = [
            (
                row["id"],
                names[row["status"]],
                job.scene_id,
                job.data["version"],
                job.enqueued_at,
                job.attempts,
                job.not_before,
                job.error,
                job.failure,
                job.priority,
            )
            for row in rows(self.queue)
            for job in [row["job"]]
        ]
        assert found == [
            (
                order.rank,
                order.status,
                order.scene_id,
                order.version,
                order.enqueued_at,
                order.attempts,
                order.not_before,
                order.error,
                order.failure,
                order.priority,
            )
            for _, order in sorted(self.model.orders.items())
        ]
        # The law itself, whatever the model thinks.
        assert len({row[1:3] for row in found}) == len(found)

    @invariant()
    def tells_how_it_stands(self) -> None:
        waiting, working = self.model.of("waiting"), self.model.of("working")
        held = self.model.of("held")
        dead = Counter(order.failure for order in self.model.of("dead"))
        due = sum(order.not_before <= self.now for order in waiting)
        assert self.queue.stats(self.now) == QueueStats(
            due, len(waiting) - due, len(working), dead, self.model.completed, len(held)
        )
        assert self.queue.queued_scene_ids() == {o.scene_id for o in [*waiting, *working, *held]}
        first = min((order.not_before for order in waiting), default=None)
        assert self.queue.next_due(self.now) == (None if first is None else max(first, self.now))


def as_new(order: Order) -> Order:
    return replace(order, attempts=0, not_before=0.0, error="", failure=Failure.NONE)


QueueMachine.TestCase.settings = examples(20, stateful_step_count=120)
TestQueueMachine = QueueMachine.TestCase
