"""Whatever hooks, tasks, Stash and kills do in any order: no event is left alone."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from sync_queue.inbox import ASKED_SECONDS, FREE_DECLINES, UNANSWERED_SECONDS, Ask
from sync_queue.inbox_reader import Inbox
from tests.examples import examples
from tests.sync_queue.hook_and_task import HookAndTask


@dataclass
class Request:
    """A request to Stash that has no answer yet; `job`: Stash has queued the task by now."""

    ask: Ask
    job: str = ""


@dataclass
class Task:
    """A job that runs: its inbox, and what it had seen at its last look."""

    inbox: Inbox
    seen: int


class HandOver(RuleBasedStateMachine):
    """Stash runs one task at a time; a hook is one call, and its request to Stash another."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.both = HookAndTask(Path(self.folder.name))
        self.asking: list[Request] = []
        self.queued: list[str] = []
        self.holder = 0  # the token of who asks or was asked, -1: who it was handed over to
        self.held_until = 0.0
        self.running: Task | None = None
        self.unseen: set[int] = set()
        self.silent_until = 0.0  # somebody took the lease and came to nothing without a word
        self.declines = 0
        self.jobs = 0

    def teardown(self) -> None:
        if not hasattr(self, "both"):
            return
        # The law: once every wait is over, an event without anybody who sees to it gets somebody.
        self.both.now += ASKED_SECONDS + 1
        ask = self.both.note(1)
        assert ask is not None or self.running is not None
        if self.running is not None:
            self.running.inbox.close()
        self.both.close()
        self.folder.cleanup()
        assert self.both.warnings == []

    def is_seen_to(self) -> bool:
        is_asking = any(not request.job for request in self.asking)
        return bool(is_asking or self.queued or self.running)

    def takes(self, ask: Ask) -> None:
        """Of a burst one asks, and nobody while a task runs."""
        assert self.running is None
        assert self.both.now >= self.held_until
        # Who asks again looks first whether Stash still has the job.
        is_waiting = ask.job_id in self.queued
        self.asking.append(Request(ask, ask.job_id or "" if is_waiting else ""))
        self.hold(ask.token, UNANSWERED_SECONDS)

    def hold(self, token: int, seconds: float) -> None:
        self.holder, self.held_until = token, self.both.now + seconds

    @rule(
        num=st.integers(1, 3), pause=st.sampled_from([0.0, 0.1, 1.0, 3.0]), is_quick=st.booleans()
    )
    def event(self, num: int, pause: float, is_quick: bool) -> None:
        self.both.now += pause
        ask = self.both.note(num)
        self.unseen.add(num)
        if ask is not None:
            self.takes(ask)
            if is_quick:
                self.asking[-1].job = self.asking[-1].job or self.new_job()
                self.ends(self.asking.pop(), "answered")
        elif not self.is_seen_to() and self.declines <= FREE_DECLINES:
            assert self.both.now < self.silent_until

    @precondition(lambda self: any(not request.job for request in self.asking))
    @rule()
    def stash_queues_the_task(self) -> None:
        request = next(request for request in self.asking if not request.job)
        request.job = self.new_job()

    def new_job(self) -> str:
        self.jobs += 1
        self.queued.append(str(self.jobs))
        return self.queued[-1]

    @precondition(lambda self: self.asking)
    @rule(how=st.sampled_from(["answered", "cut", "killed"]))
    def the_request_ends(self, how: str) -> None:
        """Perhaps long after its task began, or ended."""
        self.ends(self.asking.pop(0), how)

    def ends(self, request: Request, how: str) -> None:
        is_holder = self.holder == request.ask.token
        if how == "answered" and request.job:
            self.both.hook.asked(request.ask.token, request.job)
            if is_holder:
                self.held_until += ASKED_SECONDS - UNANSWERED_SECONDS
        elif how == "killed":
            self.silent_until = self.both.now + UNANSWERED_SECONDS
        else:
            self.both.hook.not_asked(request.ask.token)
            if is_holder:
                self.hold(0, 0.0)

    @rule()
    def another_task_ends(self) -> None:
        ask = self.both.task.claim()
        if ask is not None:
            self.takes(ask)

    @precondition(lambda self: self.queued and self.running is None)
    @rule(can_begin=st.booleans())
    def stash_starts_the_task(self, can_begin: bool) -> None:
        self.queued.pop(0)
        self.hold(0, 0.0)
        inbox = Inbox(self.both.folder, clock=lambda: self.both.now)
        if can_begin:
            self.running, self.declines = Task(inbox, 0), 0
            inbox.begin()
            self.the_task_looks()
            return
        inbox.decline()
        inbox.close()
        self.declines += 1

    @precondition(lambda self: self.running is not None)
    @rule()
    def the_task_looks(self) -> None:
        assert self.running is not None
        self.running.seen, _ = self.running.inbox.newest()
        taken = self.running.inbox.take()
        assert {event.id for event in taken} == self.unseen
        self.running.inbox.acknowledge(taken)
        self.unseen.clear()

    @precondition(lambda self: self.running is not None)
    @rule()
    def the_task_leaves(self) -> None:
        assert self.running is not None
        if self.running.inbox.leave(self.running.seen):
            assert not self.unseen  # all that came is seen
            self.stops()

    @precondition(lambda self: self.running is not None)
    @rule(how=st.sampled_from(["killed", "gave up", "handed over"]))
    def the_task_ends_early(self, how: str) -> None:
        assert self.running is not None
        if how == "gave up":
            self.running.inbox.give_up()
        elif how == "handed over":
            self.running.inbox.hand_over(self.new_job())
            self.hold(-1, ASKED_SECONDS)
        self.stops()

    def stops(self) -> None:
        assert self.running is not None
        self.running.inbox.close()
        self.running = None


HandOver.TestCase.settings = examples(15, stateful_step_count=200)
TestHandOver = HandOver.TestCase
