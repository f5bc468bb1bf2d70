"""Functions of a kernel: AgentX's tools, own classes, prompts; and the filter that all calls go through."""

import inspect
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from agentx_sdk.content import ToolCall
from agentx_sdk.errors import ConfigError
from agentx_sdk.llm import AgentTool
from agentx_sdk.llm.answers import REVIEW_SCHEMA, decided
from agentx_sdk.llm.config import LimitsConfig
from agentx_sdk.llm.journal import key_of
from agentx_sdk.llm.messages import outcome_text
from agentx_sdk.llm.tools import off_the_loop, outcome
from config import PromptConfig
from running import Run, current_run
from semantic_kernel import Kernel
from semantic_kernel.filters import FilterTypes
from semantic_kernel.filters.auto_function_invocation.auto_function_invocation_context import (
    AutoFunctionInvocationContext,
)
from semantic_kernel.functions import (
    FunctionResult,
    KernelFunctionFromMethod,
    KernelFunctionFromPrompt,
    KernelParameterMetadata,
    KernelPlugin,
    kernel_function,
)

TOOLS, PROMPTS = "tools", "prompts"  # plugins of every kernel
HANDOFF = "Handoff"  # Semantic Kernel's own: hands over, and has nothing to show
Next = Callable[[AutoFunctionInvocationContext], Awaitable[None]]
_call_id: ContextVar[str] = ContextVar("agentx_semantic_kernel_call", default="")


def native_tools(tools: Sequence[AgentTool]) -> KernelPlugin:
    """AgentX's tools as functions of one plugin."""
    plugin = KernelPlugin(name=TOOLS, functions=[_function(each) for each in tools])
    for function in plugin.functions.values():
        function.metadata.plugin_name = None  # the model calls them by their own names
    return plugin


def _function(tool: AgentTool) -> KernelFunctionFromMethod:
    async def call(**arguments: Any) -> str:
        return await tool.answer(arguments, call_id=_call_id.get())

    named = kernel_function(name=name_of(tool), description=tool.description)(call)
    return KernelFunctionFromMethod(
        named, plugin_name=TOOLS, parameters=_parameters(tool.input_schema)
    )


def name_of(tool: AgentTool) -> str:
    """Semantic Kernel's names have no dashes."""
    return re.sub(r"[^A-Za-z0-9_]", "_", tool.name)


def _parameters(schema: Mapping[str, Any]) -> list[KernelParameterMetadata]:
    needed = schema.get("required") or ()
    return [
        KernelParameterMetadata(
            name=name,
            description=told.get("description", ""),
            is_required=name in needed,
            schema_data=told,
        )
        for name, told in (schema.get("properties") or {}).items()
    ]


def own_plugin(found: Any, told: str, path: str) -> KernelPlugin:
    """The functions of an author's class or object. Raises `ConfigError`."""
    try:
        made = found() if inspect.isclass(found) else found
        name = re.sub(r"[^A-Za-z0-9_]", "_", type(made).__name__)
        plugin = made if isinstance(made, KernelPlugin) else KernelPlugin.from_object(name, made)
    except Exception as error:
        why = f"{told}: {type(error).__name__}: {error}"[:500]
        raise ConfigError(why, {path: why}) from error
    if not plugin.functions:
        why = f"{told} has no @kernel_function"
        raise ConfigError(why, {path: why})
    return plugin


def prompts_plugin(prompts: Sequence[PromptConfig]) -> KernelPlugin:
    """Functions made of prompts. Raises `ConfigError`."""
    functions = []
    for place, each in enumerate(prompts):
        try:
            functions.append(_prompt(each))
        except Exception as error:
            why = f"the prompt {each.name!r}: {error}"[:300]
            raise ConfigError(why, {f"prompts.{place}.prompt": why}) from error
    return KernelPlugin(name=PROMPTS, functions=functions)


def _prompt(told: PromptConfig) -> KernelFunctionFromPrompt:
    text, kind = told.prompt, told.template_format
    if kind == "plain":
        text, kind = re.sub(r"\{\{(?!\$)", "{ {", text), "semantic-kernel"
    return KernelFunctionFromPrompt(
        function_name=told.name,
        plugin_name=PROMPTS,
        description=told.description,
        prompt=text,
        template_format=kind,
    )


def keep_off_the_loop(kernel: Kernel) -> None:
    """Plain functions in threads: Semantic Kernel calls them on the event loop, and stops it."""
    for plugin in kernel.plugins.values():
        for function in plugin.functions.values():
            if isinstance(function, KernelFunctionFromMethod) and _is_plain(function.method):
                function.method = off_the_loop(function.method)


def _is_plain(method: Any) -> bool:
    kinds = (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    )
    return not any(is_kind(method) for is_kind in kinds)


class Watch:
    """Shows calls, lets the caller allow them, bounds their time, and calls nothing twice in a turn done again."""

    def __init__(self, limits: LimitsConfig, approvals: Sequence[str]) -> None:
        self._limits = limits
        self._approvals = set(approvals)

    def on(self, kernel: Kernel) -> None:
        """Every call of a model goes through it. In place of the one before, when an agent is built again."""
        others = [
            each
            for each in kernel.auto_function_invocation_filters
            if not isinstance(getattr(each[1], "__self__", None), Watch)
        ]
        kernel.auto_function_invocation_filters[:] = others
        kernel.add_filter(FilterTypes.AUTO_FUNCTION_INVOCATION, self.watch)

    async def watch(self, context: AutoFunctionInvocationContext, next: Next) -> None:
        """The filter: `next` is its name in Semantic Kernel."""
        run = current_run.get()
        if run is None or context.function.plugin_name == HANDOFF:
            await next(context)
            return
        key = self._key(context)
        kept = run.journal.next(key) if run.records else None
        if kept is None:
            kept = await self._called(run, context, next)
            if run.records:
                run.journal.add(key, kept)
        context.function_result = FunctionResult(function=context.function.metadata, value=kept)

    def _key(self, context: AutoFunctionInvocationContext) -> str:
        call = context.function_call_content
        return key_of("tool", context.function.name, call.arguments if call else None)

    async def _called(self, run: Run, context: AutoFunctionInvocationContext, next: Next) -> str:
        """What the model is told of the call."""
        if refused := await self._refused(run, context):
            return refused
        call = context.function_call_content
        token = _call_id.set((call.id if call else "") or f"call_{uuid.uuid4().hex[:12]}")
        try:
            if context.function.name in context.kernel.plugins.get(TOOLS, ()):
                await next(context)
                return str(context.function_result)
            return await self._shown(run, context, next)
        finally:
            _call_id.reset(token)

    async def _refused(self, run: Run, context: AutoFunctionInvocationContext) -> str:
        name = context.function.name
        if not self._approvals & {"*", name, context.function.fully_qualified_name}:
            return ""
        given = _arguments_of(context)
        answer = await run.ask(f"May {name} be called with {given}?", REVIEW_SCHEMA)
        approved, words = decided(answer)
        return "" if approved else f"Error: the user did not allow this call: {words or 'no'}"

    async def _shown(self, run: Run, context: AutoFunctionInvocationContext, next: Next) -> str:
        """An author's own function: AgentX's tools show themselves."""
        name = context.function.fully_qualified_name
        call = ToolCall(_call_id.get(), name, _arguments_of(context))
        run.exchange.emit(call)
        result = await outcome(call, _invoked(context), self._limits)
        run.exchange.emit(result)
        return outcome_text(result)


def _arguments_of(context: AutoFunctionInvocationContext) -> dict[str, Any]:
    """Those that the model gave; the context's are those of the turn, too."""
    call = context.function_call_content
    given = call.to_kernel_arguments() if call is not None else None
    return dict(given) if given else {}


async def _invoked(context: AutoFunctionInvocationContext) -> str:
    """By itself: further on, Semantic Kernel makes words of what is raised."""
    result = await context.function.invoke(context.kernel, context.arguments)
    return str(result) if result is not None else ""
