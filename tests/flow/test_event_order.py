"""Any interleaving of an agent, its listeners, disconnects, resumes and cancels, at two processes on one database:
the same events, in the same order, with dense numbers and one terminal state."""

import asyncio
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.models import TaskEvent
from routing.record import Event, after, now, status_of, stream_response
from routing.selectors.records import known_record
from security.errors import PublicError
from security.rows import ask
from tests.scripted import DONE, Core, Script, chunk, make_scripted, send, status
from tests.unit.routing.test_record import record

SLUG = "scripted"
ENDS = {f"TASK_STATE_{state}" for state in ("COMPLETED", "FAILED", "CANCELED", "REJECTED")}
WORDS = {
    "chunk": chunk("x ", append=True),
    "artifact": chunk("whole", "b"),
    "word": status("WORKING", "hm"),
    "ask": status("INPUT_REQUIRED", "?"),
    "login": status("AUTH_REQUIRED", "!"),
    "done": DONE,
    "fail": status("FAILED", "no"),
}
STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(sorted(WORDS))),
    st.tuples(st.sampled_from(("listen", "resume", "leave", "cancel", "pause")), st.integers(0, 1)),
)


class Listener:
    """Follows the task at one process. What it heard stays when it leaves."""

    def __init__(self, core, caller, task_id, after=None):
        self.after = after
        self.heard = []
        self._task = asyncio.create_task(self._listen(core, caller, task_id))

    async def _listen(self, core, caller, task_id):
        with contextlib.suppress(PublicError):  # it had ended before
            stream = await core.operations.subscribe(caller, SLUG, task_id, self.after)
            async for told in stream:
                self.heard.append(told)

    @property
    def last(self):
        return self.heard[-1].seq if self.heard else self.after

    async def leave(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def finish(self):
        await asyncio.wait_for(self._task, 20)


class Story:
    """One task, played through."""

    def __init__(self, cores, script, caller):
        self.cores, self.script, self.caller = cores, script, caller
        self.listeners, self.left, self.errands = [], [], []

    async def play(self, steps):
        operations = self.cores[0].operations
        self.task = await operations.send(self.caller, SLUG, send(return_immediately=True))
        self.turn = await self.script.turn()
        for step, which in steps:
            await getattr(self, f"_{step}")(which)
            await asyncio.sleep(0)
        while not await self._has_ended():
            await self._say("done")
        await asyncio.gather(*self.errands, return_exceptions=True)
        for listener in self.listeners:
            await listener.finish()

    async def _has_ended(self):
        return (await ask(known_record, self.task.id)).is_terminal

    async def _say(self, word):
        """In the next turn, where the agent had asked for something."""
        if self.turn.closed.is_set():
            asked = send("more", taskId=self.task.id, return_immediately=True)
            try:
                await self.cores[0].operations.send(self.caller, SLUG, asked)
            except PublicError:  # it has ended, or is being ended
                return
            self.turn = await self.script.turn()
        self.turn.say(WORDS[word])
        if word in ("ask", "done", "fail"):
            await asyncio.wait_for(self.turn.closed.wait(), 20)

    async def _listen(self, which):
        self.listeners.append(Listener(self.cores[which], self.caller, self.task.id))

    async def _leave(self, which):
        if self.listeners:
            self.left.append(self.listeners.pop(which % len(self.listeners)))
            await self.left[-1].leave()

    async def _resume(self, which):
        after = self.left[-1].last if self.left and self.left[-1].last is not None else 0
        self.listeners.append(Listener(self.cores[which], self.caller, self.task.id, after))

    async def _cancel(self, which):
        cancel = self.cores[which].operations.cancel(self.caller, SLUG, self.task.id)
        self.errands.append(asyncio.create_task(cancel))

    async def _pause(self, which):
        await asyncio.sleep(0.03 * (which + 1))


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=st.lists(STEPS, max_size=14))
def test_whatever_happens_everybody_hears_the_same(transactional_db, scripted, caller, steps):
    asyncio.run(_play(caller, steps))


@pytest.fixture
def scripted(transactional_db):
    make_scripted()


async def _play(caller, steps):
    script = Script()
    async with Core(script) as one, Core(script) as two:
        story = Story((one, two), script, caller)
        await story.play(steps)
        task = await ask(known_record, story.task.id)
        rows = await ask(lambda: list(TaskEvent.objects.filter(task=task.id).order_by("seq")))
        assert [row.seq for row in rows] == list(range(1, task.seq + 1))
        assert [row.seq for row in rows if row.payload.get("state") in ENDS] == [task.seq]
        told = {
            row.seq: response
            for row in rows
            if (response := stream_response(task, Event(row.seq, row.kind, row.payload)))
        }
        for listener in story.listeners:
            _require_whole(listener, told, task.seq)
        for listener in story.left:
            _require_whole(listener, told, listener.last or 0)


def _require_whole(listener, told, until):
    """The snapshot or the number it began after, then everything up to the last, once and in order."""
    heard = list(listener.heard)
    start = listener.after
    if start is None:
        if not heard:
            return  # refused, or gone before it heard anything
        start = heard.pop(0).seq
    expected = {seq: response for seq, response in told.items() if start < seq <= until}
    assert [each.seq for each in heard] == sorted(expected)
    assert {each.seq: each.response for each in heard} == expected


CHANGES = st.one_of(
    st.builds(
        lambda text, name, append: (
            "artifact",
            {"artifact": {"artifactId": name, "parts": [{"text": text}]}, "append": append},
        ),
        st.text(max_size=3),
        st.sampled_from("ab"),
        st.booleans(),
    ),
    st.sampled_from(("WORKING", "INPUT_REQUIRED", "COMPLETED")).map(
        lambda state: ("status", status_of(state, now()))
    ),
)


@given(st.lists(st.lists(CHANGES, max_size=4), max_size=6))
def test_a_snapshot_and_the_events_after_it_add_up_wherever_it_was_taken(batches):
    """Pure: what a stream tells from any point equals what a reload shows."""
    snapshots, events = [record()], []
    for batch in batches:
        changed, more = after(snapshots[-1], batch)
        snapshots.append(changed)
        events += more
    assert [event.seq for event in events] == list(range(2, snapshots[-1].seq + 1))
    for snapshot in snapshots:
        rest = [(event.kind, event.payload) for event in events if event.seq > snapshot.seq]
        assert after(snapshot, rest)[0] == snapshots[-1]
