"""Crews from configuration: agents with roles, and the tasks that they work through."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentx_sdk.errors import ConfigError
from agentx_sdk.llm.config import LimitsConfig
from config import CrewConfig, CrewMember, TaskConfig
from crewai import Agent, Crew, Process, Task
from crewai.tools import BaseTool
from crewai.utilities.pydantic_schema_utils import create_model_from_schema
from crewai.utilities.task_output_storage_handler import TaskOutputStorageHandler
from model import Model
from pydantic import BaseModel, PrivateAttr

BEFORE = "\n\nWhat was said before:\n{history}"
ONE_TRY = 0  # of an agent whose model failed: the client of the model has its own retries


class Unkept(TaskOutputStorageHandler):
    """CrewAI writes every result of every caller into a file of the process: AgentX keeps conversations."""

    def __init__(self) -> None:
        """Nothing to open."""

    def update(self, task_index: int, log: dict[str, Any]) -> None:
        """Not kept."""

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Not kept."""

    def reset(self) -> None:
        """Nothing is kept."""

    def load(self) -> list[dict[str, Any]] | None:
        """Nothing is kept."""
        return None


class UnkeptCrew(Crew):
    """A crew that leaves nothing behind in files."""

    _task_output_handler: TaskOutputStorageHandler = PrivateAttr(default_factory=Unkept)


@dataclass
class Parts:
    """What a crew or a flow is made of, ready for every turn: models, tools and schemas by name."""

    models: MutableMapping[str, Model]
    tools: MutableMapping[str, Sequence[BaseTool]]
    limits: LimitsConfig
    summarize: bool = False
    schemas: dict[str, type[BaseModel]] = field(default_factory=dict)

    def agent(self, told: CrewMember) -> Agent:
        """A new agent: CrewAI's keep what belongs to one run in themselves."""
        return Agent(
            role=told.role or told.name,
            goal=told.goal or "Do your part well.",
            # A line of its own: CrewAI puts the role before it.
            backstory=f"\n{told.instructions}" if told.instructions else told.description,
            llm=self.models[told.name],
            tools=list(self.tools.get(told.name, ())),
            allow_delegation=told.allow_delegation,
            max_iter=self.limits.max_steps,
            max_retry_limit=ONE_TRY,
            respect_context_window=self.summarize,
        )


def schemas_of(told: CrewConfig) -> dict[str, type[BaseModel]]:
    """The classes of the tasks' results. Raises `ConfigError`."""
    found = {}
    for place, task in enumerate(told.tasks):
        if task.output_schema:
            found[task.name] = shape(
                task.output_schema, task.name, f"crew.tasks.{place}.output_schema"
            )
    return found


def shape(schema: Mapping[str, Any], name: str, path: str) -> type[BaseModel]:
    """CrewAI's form of a JSON Schema: a pydantic class. Raises `ConfigError`."""
    try:
        return create_model_from_schema(dict(schema), model_name=name)
    except Exception as error:
        why = f"CrewAI cannot use this schema: {error}"[:300]
        raise ConfigError(why, {path: why}) from error


def check(told: CrewConfig) -> None:
    """Raises `ConfigError` for what CrewAI would stumble over in the middle of a turn."""
    _check_names("crew.members", [each.name for each in told.members])
    _check_names("crew.tasks", [each.name for each in told.tasks])
    members, earlier = {each.name for each in told.members}, set[str]()
    for place, task in enumerate(told.tasks):
        path = f"crew.tasks.{place}"
        if task.agent and task.agent not in members:
            _refuse(f"{path}.agent", f"there is no member {task.agent!r}: {_listed(members)}")
        if not task.agent and told.process == "sequential":
            _refuse(f"{path}.agent", "is needed: no manager hands the tasks out")
        for name in task.context or ():
            if name not in earlier:
                _refuse(f"{path}.context", f"no task {name!r} comes before it: {_listed(earlier)}")
        earlier.add(task.name)
    if told.process == "hierarchical" and told.tasks[-1].async_execution:
        _refuse(f"crew.tasks.{len(told.tasks) - 1}", "the last task is waited for")


def crew_of(told: CrewConfig, parts: Parts, *, has_history: bool = False) -> Crew:
    """A new crew, for one turn. A history that no task mentions is told with the first one."""
    agents = {each.name: parts.agent(each) for each in told.members}
    tasks: dict[str, Task] = {}
    for each in told.tasks:
        tasks[each.name] = _task(each, agents, tasks, parts)
    if has_history and not any("{history}" in each.description for each in told.tasks):
        tasks[told.tasks[0].name].description += BEFORE
    return UnkeptCrew(
        agents=list(agents.values()),
        tasks=list(tasks.values()),
        process=Process(told.process),
        planning=told.planning,
        planning_llm=parts.models[""] if told.planning else None,
        tracing=False,
        **_manager(told, parts),
    )


def _manager(told: CrewConfig, parts: Parts) -> dict[str, Any]:
    if told.process != "hierarchical":
        return {}
    if told.manager is None:
        return {"manager_llm": parts.models[""]}
    return {"manager_agent": parts.agent(told.manager)}


def _task(
    told: TaskConfig, agents: Mapping[str, Agent], earlier: Mapping[str, Task], parts: Parts
) -> Task:
    more: dict[str, Any] = {}
    if told.context is not None:
        more["context"] = [earlier[name] for name in told.context]
    if told.name in parts.schemas:
        more["output_pydantic"] = parts.schemas[told.name]
    if told.guardrail:
        more |= {"guardrail": told.guardrail, "guardrail_max_retries": told.guardrail_max_retries}
    agent = agents.get(told.agent)
    own = [*parts.tools.get(f"task {told.name}", ())]
    return Task(
        name=told.name,
        description=told.description,
        expected_output=told.expected_output,
        agent=agent,
        # CrewAI gives a task those of its agent only when it has none of its own.
        tools=[*own, *(agent.tools or ())] if own and agent is not None else own,
        human_input=told.human_input,
        async_execution=told.async_execution,
        **more,
    )


def _check_names(path: str, names: Sequence[str]) -> None:
    if not names:
        _refuse(path, "at least one is needed")
    for place, name in enumerate(names):
        if name in names[:place]:
            _refuse(f"{path}.{place}.name", f"{name!r} is there twice")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _refuse(path: str, why: str) -> None:
    raise ConfigError(f"{path}: {why}", {path: why})
