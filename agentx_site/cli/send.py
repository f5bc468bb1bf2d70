"""`agentx send`: A2A over JSON-RPC, as any other client speaks it."""

import json
import sys
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

import click

from agentx_site.cli.errors import Failed, Refused
from agentx_site.cli.options import Connected, json_option
from agentx_site.cli.output import as_json, harmless
from agentx_site.cli.server import Json
from agentx_site.cli.target import server
from routing.content import runs

HEADERS: Final = {"A2A-Version": "1.0"}
BAD_ENDS: Final = {"TASK_STATE_FAILED", "TASK_STATE_REJECTED", "TASK_STATE_CANCELED"}
WAITS: Final = {"TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"}


@click.command(cls=Connected)
@click.argument("agent")
@click.argument("text")
@click.option("--stream", is_flag=True, help="Print the answer as it comes.")
@json_option
@click.option("--context", "context_id", help="Go on in this conversation.")
@click.option("--task", "task_id", help="Answer this task, which waits for input.")
@click.option("--timeout", "seconds", type=float, default=600.0, show_default=True)
@click.pass_context
def send(
    context: click.Context,
    agent: str,
    text: str,
    stream: bool,
    json_wanted: bool,
    context_id: str | None,
    task_id: str | None,
    seconds: float,
) -> None:
    """Send an agent a message and print its answer. TEXT `-` reads it from stdin.

    Exit status 1 when the task failed, was rejected or canceled.
    """
    message = _message(sys.stdin.read() if text == "-" else text, context_id, task_id)
    method = "SendStreamingMessage" if stream else "SendMessage"
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": message}}
    path = f"/a2a/{quote(agent, safe='')}/"
    connection = server(context)
    if stream:
        results = (_result(event) for event in connection.events(path, body, HEADERS, seconds))
        _show_stream(results, json_wanted)
    else:
        _show(_result(connection.call(path, body, HEADERS, seconds)), json_wanted)


def _message(text: str, context_id: str | None, task_id: str | None) -> Json:
    message: Json = {
        "messageId": str(uuid.uuid4()),
        "role": "ROLE_USER",
        "parts": [{"text": text}],
    }
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


def _show(result: Json, json_wanted: bool) -> None:
    if json_wanted:
        as_json(result)
    else:
        click.echo("\n".join(_texts(result)))
    _end(result.get("task") or {}, quiet=json_wanted)


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


def _show_stream(results: Iterable[Json], json_wanted: bool) -> None:
    ended: Json = {}
    written = within_line = False
    for result in results:
        if json_wanted:
            click.echo(json.dumps(result, ensure_ascii=False))
        for piece, is_line in [] if json_wanted else _pieces(result):
            click.echo("\n" + piece if is_line and within_line else piece, nl=is_line)
            written, within_line = True, not is_line
        ended = _followed(ended, result)
    if within_line:
        click.echo()
    said = ended.get("status", {}).get("message")
    if said and not written and not json_wanted:
        click.echo(_text(said.get("parts", [])))
    _end(ended, quiet=json_wanted)


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


def _end(task: Json, *, quiet: bool) -> None:
    state = task.get("status", {}).get("state", "")
    if state in BAD_ENDS:
        raise Failed(f"task {task.get('id')} {state.removeprefix('TASK_STATE_').lower()}.")
    if state in WAITS and not quiet:
        told = f"agentx: the agent waits for an answer: send it with --task {task['id']}"
        click.echo(told, err=True)


def _text(parts: list[Any], joint: str = "\n") -> str:
    told = []
    for part in parts:
        if "text" in part:
            told.append(harmless(part["text"]))
        elif "data" in part:
            told.append(json.dumps(part["data"], ensure_ascii=False))
        else:
            name = part.get("filename") or part.get("url") or "a file"
            told.append(f"[{harmless(str(name))} {harmless(str(part.get('mediaType', '')))}]")
    return joint.join(told)
