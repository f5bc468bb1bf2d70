"""`agentx send`: A2A over JSON-RPC, as any other client speaks it."""

import json
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote

import click

from agentx_site.cli import telling
from agentx_site.cli.errors import Failed, Refused, ServerAway
from agentx_site.cli.options import Connected, json_option
from agentx_site.cli.output import as_json, harmless
from agentx_site.cli.server import Json, Server, at
from agentx_site.cli.target import server
from routing.content import runs, tool_of

HEADERS: Final = {"A2A-Version": "1.0"}
BAD_ENDS: Final = {"TASK_STATE_FAILED", "TASK_STATE_REJECTED", "TASK_STATE_CANCELED"}
WAITS: Final = {"TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"}


@click.command(cls=Connected)
@click.argument("agent")
@click.argument("text", required=False)
@click.option(
    "--data",
    metavar="JSON",
    help="A data part: the answer to a form, or what an agent takes as JSON.",
)
@click.option("--stream", is_flag=True, help="Print the answer as it comes.")
@json_option
@click.option("--context", "context_id", help="Go on in this conversation.")
@click.option("--task", "task_id", help="Answer this task, which waits for input.")
@click.option("--timeout", "seconds", type=float, default=600.0, show_default=True)
@click.pass_context
def send(
    context: click.Context,
    agent: str,
    text: str | None,
    data: str | None,
    stream: bool,
    json_wanted: bool,
    context_id: str | None,
    task_id: str | None,
    seconds: float,
) -> None:
    """Send an agent a message and print its answer. TEXT `-` reads it from stdin.

    What tools it calls, what its models used and what it asks for is told on stderr. Exit status 1 when the task
    failed, was rejected or canceled.
    """
    message = _message(_parts(text, data), context_id, task_id)
    method = "SendStreamingMessage" if stream else "SendMessage"
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": message}}
    path = f"/a2a/{quote(agent, safe='')}/"
    connection = server(context)
    if stream:
        results = (_result(event) for event in connection.events(path, body, HEADERS, seconds))
        _show_stream(results, json_wanted, agent)
    else:
        result = _result(connection.call(path, body, HEADERS, seconds))
        used = [] if json_wanted else _used(connection, result)
        _show(result, json_wanted, agent, message["messageId"], used)


def _parts(text: str | None, data: str | None) -> list[Json]:
    told = sys.stdin.read() if text == "-" else text
    parts: list[Json] = [{"text": told}] if told is not None else []
    if data is not None:
        try:
            parts.append({"data": json.loads(data)})
        except ValueError as error:
            raise click.UsageError(f"--data is not JSON: {error}") from None
    if not parts:
        raise click.UsageError("Say something: TEXT, --data or both.")
    return parts


def _used(connection: Server, result: Json) -> list[Json]:
    """What the models of a task used so far; its answer does not say it. Nothing where the caller may not ask."""
    task_id = (result.get("task") or {}).get("id")
    if not task_id:
        return []
    with suppress(Refused, ServerAway):
        usage = connection.get(at("tasks", task_id)).get("usage")
        return [usage] if usage else []
    return []


def _message(parts: list[Json], context_id: str | None, task_id: str | None) -> Json:
    message: Json = {"messageId": str(uuid.uuid4()), "role": "ROLE_USER", "parts": parts}
    if context_id:
        message["contextId"] = context_id
    if task_id:
        message["taskId"] = task_id
    return message


def _result(answer: Json) -> Json:
    if error := answer.get("error"):
        raise Refused(200, str(error.get("code", "")), error.get("message", "refused"))
    result: Json = answer.get("result") or {}
    return result


def _show(
    result: Json, json_wanted: bool, agent: str = "", sent: str = "", used: Iterable[Json] = ()
) -> None:
    """`sent`: the message that this answers, to tell what was said after it."""
    task = result.get("task") or {}
    if json_wanted:
        as_json(result)
    else:
        for message in _since(task, sent):
            telling.tell_tools(message.get("parts", []))
        click.echo("\n".join(_texts(result)))
        telling.tell_usage(used)
    _end(task, agent, quiet=json_wanted)


def _since(task: Json, sent: str) -> list[Json]:
    history = task.get("history") or []
    own = next((at for at, each in enumerate(history) if each["messageId"] == sent), len(history))
    return history[own + 1 :]


def _texts(result: Json) -> Iterator[str]:
    """What the agent said: artifacts, else the status message, else its plain message."""
    task = result.get("task")
    if task is None:
        yield _text(result.get("message", {}).get("parts", []))
        return
    artifacts = task.get("artifacts") or []
    for artifact in artifacts:
        yield _text([part for _, part in runs(artifact.get("parts", []))])
    said = task.get("status", {}).get("message")
    if said and (not artifacts or task["status"]["state"] in WAITS | BAD_ENDS):
        yield _text(said.get("parts", []))


def _show_stream(results: Iterable[Json], json_wanted: bool, agent: str = "") -> None:
    ended: Json = {}
    written = within_line = False
    used: list[Json] = []
    for result in results:
        if json_wanted:
            click.echo(json.dumps(result, ensure_ascii=False))
        for piece, is_line in [] if json_wanted else _pieces(result):
            click.echo("\n" + piece if is_line and within_line else piece, nl=is_line)
            written, within_line = True, not is_line
        if not json_wanted and (tools := _tools(result)):
            click.echo("\n" if within_line else "", nl=False)
            within_line = False
            telling.tell_tools(tools)
        ended = _followed(ended, result)
        used = telling.usage_in(result.get("statusUpdate", {})) or used
    if within_line:
        click.echo()
    said = ended.get("status", {}).get("message")
    if said and not written and not json_wanted:
        click.echo(_text(said.get("parts", [])))
    if not json_wanted:
        telling.tell_usage(used)
    _end(ended, agent, quiet=json_wanted)


def _tools(result: Json) -> list[Json]:
    status = result.get("statusUpdate", {}).get("status", {})
    return [part for part in status.get("message", {}).get("parts", []) if tool_of(part)]


def _pieces(result: Json) -> Iterator[tuple[str, bool]]:
    """What this event says, and whether it is a line of its own: a question or a reason, not a piece of the answer."""
    if "artifactUpdate" in result:
        yield _text(result["artifactUpdate"]["artifact"].get("parts", []), joint=""), False
    elif "message" in result:
        yield _text(result["message"].get("parts", [])), False
    elif "statusUpdate" in result:
        status = result["statusUpdate"]["status"]
        if status["state"] in WAITS | BAD_ENDS and "message" in status:
            yield _text(status["message"].get("parts", [])), True


def _followed(task: Json, result: Json) -> Json:
    """The task after this event: its id, context and status are all that is asked for at the end."""
    if "task" in result:
        return dict(result["task"])
    update = result.get("statusUpdate")
    if update:
        return {
            "id": update["taskId"],
            "contextId": update["contextId"],
            "status": update["status"],
        }
    return task


def _end(task: Json, agent: str, *, quiet: bool) -> None:
    status = task.get("status", {})
    state = status.get("state", "")
    if state in BAD_ENDS:
        raise Failed(f"task {task.get('id')} {state.removeprefix('TASK_STATE_').lower()}.")
    if state in WAITS and not quiet:
        parts = status.get("message", {}).get("parts", [])
        telling.tell_question(parts, agent, task["id"])


def _text(parts: list[Any], joint: str = "\n") -> str:
    told = []
    for part in telling.words_of(parts):
        if "text" in part:
            told.append(harmless(part["text"]))
        elif "data" in part:
            told.append(json.dumps(part["data"], ensure_ascii=False))
        else:
            name = part.get("filename") or part.get("url") or "a file"
            told.append(f"[{harmless(str(name))} {harmless(str(part.get('mediaType', '')))}]")
    return joint.join(told)
