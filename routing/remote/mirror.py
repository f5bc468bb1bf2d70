"""The upstream's task as far as it was seen, so that whatever is seen of it again is told once. Pure.

A stream tells changes, a snapshot (GetTask, or the first event of a subscription) tells everything; after a lost
connection only the difference between the snapshot and what was told before has happened.
"""

from collections.abc import Sequence
from typing import Final

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.errors import BadAnswer
from routing.models import INTERRUPTED, TERMINAL
from routing.record import PREFIX, Json
from routing.remote import reading

ENDED: Final = frozenset(PREFIX + state for state in TERMINAL)
WAITING: Final = frozenset(PREFIX + state for state in INTERRUPTED)
ASKING: Final = PREFIX + "INPUT_REQUIRED"
WORKING: Final = PREFIX + "WORKING"
QUIET: Final = frozenset({PREFIX + "SUBMITTED", WORKING})
FIELDS: Final = ("task", "message", "statusUpdate", "artifactUpdate")


class Mirror:
    """Of one turn. `happenings` of each StreamResponse; `is_ended`, `is_asking` and `is_settled` say how the task stands."""

    def __init__(self, turn: Turn) -> None:
        upstream = turn.upstream or {}
        self.task_id: str = upstream.get("taskId", "")
        self.context_id: str = upstream.get("contextId", "")
        self.is_replied = False
        # Whether the upstream has said anything in this turn.
        self.is_begun = False
        self._turn = turn
        self._state = ""
        # What a task resumed or gone on with had before is not news.
        self._said = {each["messageId"] for each in turn.history} | {turn.message["messageId"]}
        self._artifacts: dict[str, Json] = {each["artifactId"]: each for each in turn.artifacts}

    @property
    def is_ended(self) -> bool:
        return self.is_replied or self._state in ENDED

    @property
    def is_asking(self) -> bool:
        """For input: nothing more comes without it."""
        return self._state == ASKING

    @property
    def is_settled(self) -> bool:
        return self.is_ended or self._state in WAITING

    def happenings(self, response: Json, *, may_be_old: bool = False) -> list[Happening]:
        """What this StreamResponse, or SendMessageResponse, says that was not said before. Raises `BadAnswer`.

        `may_be_old`: the first event of a stream that goes on with a task; a server may show it as the message found
        it, still waiting for input.
        """
        kinds = [kind for kind in FIELDS if response.get(kind) is not None]
        if len(kinds) != 1:
            raise BadAnswer("an event was none of task, message, statusUpdate and artifactUpdate")
        self.is_begun = True
        told = reading.object_of(response[kinds[0]], f"a {kinds[0]}")
        match kinds[0]:
            case "task":
                return self.snapshot(told, may_be_old=may_be_old)
            case "message":
                return self._message(told)
            case "statusUpdate":
                return [*self._names(told, "taskId"), *self._status_update(told)]
            case _:
                return [*self._names(told, "taskId"), *self._artifact_update(told)]

    def snapshot(self, task: Json, *, may_be_old: bool = False) -> list[Happening]:
        """What a Task says beyond what was told before."""
        status = reading.object_of(task.get("status"), "a task's status")
        if may_be_old and reading.state_of(status) in WAITING:
            status = {"state": WORKING}
        spoken = status.get("message") or {}
        told = [*self._names(task, "id")]
        for each in _list(task, "history"):
            if each.get("role") == "ROLE_AGENT" and each.get("messageId") != spoken.get(
                "messageId"
            ):
                told += self._remark(each)
        for each in _list(task, "artifacts"):
            told += self._artifact(reading.artifact(each))
        return told + self._status(status, None)

    def _names(self, told: Json, key: str) -> list[Happening]:
        """Remember what the upstream calls the task; news the first time."""
        task_id = reading.text_of(told.get(key), "a task's id")
        context_id = told.get("contextId")
        context_id = context_id if isinstance(context_id, str) else ""
        if task_id == self.task_id:
            return []
        if self.task_id and (self._turn.resumes or self._state):
            raise BadAnswer(f"it went on with another task ({task_id[:64]})")
        self.task_id, self.context_id = task_id, context_id or self.context_id
        return [Happening("upstream", {"taskId": task_id, "contextId": self.context_id})]

    def _message(self, told: Json) -> list[Happening]:
        """A direct answer. Within a task that goes on it is one more message of the agent."""
        if self.task_id:
            return self._remark(told)
        self.is_replied = True
        context_id = told.get("contextId")
        reply = Happening("reply", reading.message(told, "", self._turn.context_id))
        if not isinstance(context_id, str) or not context_id or context_id == self.context_id:
            return [reply]
        return [Happening("upstream", {"contextId": context_id}), reply]

    def _remark(self, told: Json) -> list[Happening]:
        message = reading.message(told, self._turn.task_id, self._turn.context_id)
        if message["messageId"] in self._said:
            return []
        self._said.add(message["messageId"])
        return [Happening("message", message)]

    def _status_update(self, update: Json) -> list[Happening]:
        status = reading.object_of(update.get("status"), "a status update's status")
        return self._status(status, reading.metadata(update))

    def _status(self, status: Json, metadata: Json | None) -> list[Happening]:
        state, message = reading.state_of(status), None
        if status.get("message") is not None:
            message = reading.message(status["message"], self._turn.task_id, self._turn.context_id)
        is_known = state == self._state or (not self._state and state in QUIET)
        is_said = message is None or message["messageId"] in self._said
        self._state = state
        if is_known and is_said and metadata is None:
            return []
        payload: Json = {"state": state}
        if message is not None:
            self._said.add(message["messageId"])
            payload["message"] = message
        if metadata is not None:
            payload["metadata"] = metadata
        return [Happening("status", payload, "agent_failed" if state.endswith("_FAILED") else "")]

    def _artifact_update(self, update: Json) -> list[Happening]:
        artifact = reading.artifact(update.get("artifact"))
        payload: Json = {"artifact": artifact}
        if update.get("append"):
            payload["append"] = True
            artifact = _longer(self._artifacts.get(artifact["artifactId"]), artifact)
        if update.get("lastChunk"):
            payload["lastChunk"] = True
        if (beside := reading.metadata(update)) is not None:
            payload["metadata"] = beside
        self._keep(artifact)
        return [Happening("artifact", payload)]

    def _artifact(self, artifact: Json) -> list[Happening]:
        """Of a snapshot: nothing when it is known, the rest when a beginning of it is, else all of it."""
        known = self._artifacts.get(artifact["artifactId"])
        if known == artifact:
            return []
        self._keep(artifact)
        if known is None or not _begins(artifact["parts"], known["parts"]):
            return [Happening("artifact", {"artifact": artifact})]
        more = artifact["parts"][len(known["parts"]) :]
        if not more:
            return [Happening("artifact", {"artifact": artifact})]
        return [Happening("artifact", {"artifact": artifact | {"parts": more}, "append": True})]

    def _keep(self, artifact: Json) -> None:
        self._artifacts[artifact["artifactId"]] = artifact
        if len(self._artifacts) > reading.MAX_ARTIFACTS:
            raise BadAnswer(f"its task has more than {reading.MAX_ARTIFACTS} artifacts")


def _list(holder: Json, name: str) -> list[Json]:
    value = holder.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _longer(known: Json | None, more: Json) -> Json:
    return more if known is None else {**known, **more, "parts": [*known["parts"], *more["parts"]]}


def _begins(whole: Sequence[Json], beginning: Sequence[Json]) -> bool:
    return list(whole[: len(beginning)]) == list(beginning)
