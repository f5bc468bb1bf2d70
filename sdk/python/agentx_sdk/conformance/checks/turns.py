"""Part 3: a turn, from the message to its last event."""

import asyncio
import time
from collections.abc import Iterable, Sequence

import grpc
import grpc.aio

from agentx_sdk import Message
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.conformance.bench import LAST, PATIENCE, Bench, json_object, until
from agentx_sdk.conformance.check import Failed, check, expect, same
from agentx_sdk.testing import Answer

TRACEBACKS = ("Traceback (most recent call last)", "    at ")


@check("turns.unary", "3.1")
async def unary(at: Bench) -> None:
    """ProcessMessage answers with the whole turn, its last event an end"""
    well_formed(await at.send(at.cases.case("message")))


@check("turns.stream", "3.1")
async def stream(at: Bench) -> None:
    """ProcessMessageStream ends with the turn's last event"""
    well_formed(Answer(await at.stream(at.cases.case("message"))))


@check("turns.responses", "3.6")
async def responses(at: Bench) -> None:
    """each response of a stream is a success with an event or more"""
    for case in ("message", "stream"):
        if not at.cases.has(case):
            continue
        for response in await at.stream(at.cases.case(case)):
            expect(response.success, f"a response is no success: {response.error}")
            expect(response.events, "a response has no events")


@check("turns.pieces", "3.4")
async def pieces(at: Bench) -> None:
    """streamed pieces are appended to one artifact, in several responses"""
    told = await at.stream(at.cases.case("stream"))
    expect(len(told) > 2, f"the answer came in {len(told)} responses")
    appended(Answer(told))


@check("turns.same_story", "3.4")
async def same_story(at: Bench) -> None:
    """both calls end in the same state, with the same words"""
    for name in ("message", "stream", "ask"):
        if not at.cases.has(name):
            continue
        case = at.cases.case(name)
        first, second = await at.send(case), await at.send(case)
        streamed = Answer(await at.stream(case))
        same(streamed.state, first.state, f"the state of `{name}` as a stream")
        if first.text == second.text:  # else it never says the same twice
            same(streamed.text, first.text, f"the text of `{name}` as a stream")


@check("turns.same_ids", "3.5")
async def same_ids(at: Bench) -> None:
    """a message delivered twice makes artifacts of the same ids"""
    case = at.cases.case("message")
    request = at.plugin.request(*case.content, metadata=case.metadata)
    ids = []
    for _ in range(2):
        response = await at.plugin.call("ProcessMessage", request, at.patience)
        ids.append([each.artifact_id for each in Answer([response]).artifacts])
    same(ids[1], ids[0], "artifact ids of the second delivery")


@check("turns.fail", "3.3")
async def fail(at: Bench) -> None:
    """a turn that broke says why, with a code, without events and without a traceback"""
    case = at.cases.case("fail")
    told = [await at.send(case), Answer(await at.stream(case))]
    for answer, call in zip(told, ("ProcessMessage", "ProcessMessageStream"), strict=True):
        same(answer.success, False, f"success of {call}")
        expect(answer.error, f"{call} gives no reason")
        expect(answer.error_code, f"{call} gives no error_code")
        expect(not any(each in answer.error for each in TRACEBACKS), f"{call} tells a traceback")
    same(len(told[0]), 0, "the number of events of ProcessMessage")


@check("turns.ask", "3.1")
async def ask(at: Bench) -> None:
    """a question interrupts the task, and its answer is another turn"""
    case, reply = at.cases.case("ask"), at.cases.case("answer")
    asked = await at.send(case, task_id="conformance-task")
    same(asked.state, "input_required", "the state")
    expect(asked.question, "the question has no words")
    history = [Message(*case.content, role="user"), Message(asked.question, role="agent")]
    answer = await at.send(reply, task_id="conformance-task", history=history)
    same(answer.state, "completed", "the state after the answer")


@check("turns.delivered", "3.6")
async def delivered(at: Bench) -> None:
    """a stream's headers tell that the message was accepted, before there is an answer"""
    case = at.cases.case("slow", 10)
    request = at.plugin.request(*case.content, metadata=case.metadata)
    metadata = at.plugin.credentials
    call = at.plugin.stub.ProcessMessageStream(iter([request]), metadata=metadata, timeout=30)
    try:
        await asyncio.wait_for(call.initial_metadata(), PATIENCE)
    except (TimeoutError, asyncio.TimeoutError):
        raise Failed(f"no headers within {PATIENCE:g} s") from None
    finally:
        call.cancel()
    await _idle(at)


@check("turns.cancel", "3.7")
async def cancel(at: Bench) -> None:
    """cancelling ProcessMessage stops the work"""
    async with at.running(at.plugin, 30) as task:
        task.cancel()
        await _idle(at)


@check("turns.cancel_stream", "3.7")
async def cancel_stream(at: Bench) -> None:
    """cancelling ProcessMessageStream stops the work"""
    case = at.cases.case("slow", 30)
    request = at.plugin.request(*case.content, metadata=case.metadata)
    metadata = at.plugin.credentials
    call = at.plugin.stub.ProcessMessageStream(iter([request]), metadata=metadata, timeout=60)

    async def begun() -> bool:
        return (await at.plugin.health()).in_flight > 0

    await until(begun, "the message is not in flight")
    call.cancel()
    await _idle(at)


@check("turns.deadline", "3.8")
async def deadline(at: Bench) -> None:
    """a turn that is not done by deadline_ms is stopped, and says so"""
    soon = int((time.time() + 0.5) * 1000)
    answer = await at.send(at.cases.case("slow", 10), deadline_ms=soon, timeout=5)
    same((answer.success, answer.error_code), (False, "deadline_exceeded"), "success and code")
    await _idle(at)


@check("turns.call_deadline", "3.8")
async def call_deadline(at: Bench) -> None:
    """a deadline of the call itself stops the work too"""
    try:
        await at.send(at.cases.case("slow", 30), timeout=0.5)
        raise Failed("it answered in time: it is not slow")
    except grpc.aio.AioRpcError as error:
        same(error.code().name, "DEADLINE_EXCEEDED", "the status")
    await _idle(at)


async def _idle(at: Bench) -> None:
    async def idle() -> bool:
        return (await at.plugin.health()).in_flight == 0

    await until(idle, f"a cancelled turn is still in flight after {PATIENCE:g} s")


def well_formed(answer: Answer) -> None:
    """Raises `Failed` for a turn that does not end as turns end."""
    expect(answer.success, f"the turn failed: {answer.error}")
    expect(answer, "the answer has no events")
    if answer.reply is not None:
        same(len(answer), 1, "the number of events beside a reply")
        return
    *before, last = answer
    kinds = [event.WhichOneof("event") for event in answer]
    same(kinds[-1], "status", f"the last event of {kinds}")
    expect(_state(last) in LAST, f"the last state is {_state(last)}")
    early = [_state(each) for each in before if each.HasField("status") and _ends(each)]
    expect(not early, f"events came after {', '.join(early)}")
    for artifact in answer.artifacts:
        expect(artifact.artifact_id, "an artifact has no id")
        expect(artifact.parts, f"the artifact {artifact.artifact_id} has no parts")
        whole(artifact.parts)
    appended(answer)


def appended(answer: Answer) -> None:
    """Raises `Failed` when a piece is appended to nothing."""
    known: set[str] = set()
    for event in answer:
        if event.HasField("artifact"):
            name = event.artifact.artifact.artifact_id
            expect(not event.artifact.append or name in known, f"{name} is appended to nothing")
            known.add(name)


def whole(parts: Iterable[pb.Part] | Sequence[pb.Part]) -> None:
    """Raises `Failed` for a part without content."""
    for part in parts:
        expect(part.WhichOneof("content"), "a part has no content")
        json_object(part.metadata, "the metadata of a part")


def _state(event: pb.Event) -> str:
    return pb.TaskState.Name(event.status.state).removeprefix("TASK_STATE_").lower()


def _ends(event: pb.Event) -> bool:
    return _state(event) in LAST - {"auth_required"}
