"""Agents from configuration: their kernel, functions and instructions; and a turn of one by itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentx_sdk.errors import ConfigError
from agentx_sdk.llm import ModelConfig
from agentx_sdk.llm.answers import data_of
from agentx_sdk.llm.config import LimitsConfig
from config import TemplateFormat
from functions import Watch, keep_off_the_loop
from running import Run
from semantic_kernel import Kernel
from semantic_kernel.agents import Agent, ChatCompletionAgent, ChatHistoryAgentThread
from semantic_kernel.connectors.ai import FunctionChoiceBehavior
from semantic_kernel.contents import AuthorRole, ChatHistory, ChatMessageContent
from semantic_kernel.functions import KernelArguments, KernelFunction, KernelPlugin
from semantic_kernel.functions.kernel_function import TEMPLATE_FORMAT_MAP
from semantic_kernel.prompt_template import PromptTemplateConfig
from semantic_kernel.prompt_template.prompt_template_base import PromptTemplateBase
from service import Service, settings_of

# Of a turn: its run, what was said with the new message last, and the new message's words.
Work = Callable[[Run, list[ChatMessageContent], str], Awaitable[Any]]


class Plain(PromptTemplateBase):
    """Instructions as they are: Semantic Kernel would take every {{ in them for a template's."""

    async def render(self, kernel: Kernel, arguments: KernelArguments | None = None) -> str:
        """The template."""
        return self.prompt_template_config.template or ""


@dataclass(frozen=True)
class Recipe:
    """What agents of one configuration share."""

    limits: LimitsConfig
    watch: Watch
    plugins: Sequence[KernelPlugin]
    template_format: TemplateFormat = "plain"
    variables: Mapping[str, str] | None = None

    def agent(
        self,
        name: str,
        instructions: str,
        model: ModelConfig,
        service: Service,
        *,
        tools: Sequence[KernelPlugin] = (),
        description: str = "",
        schema: Mapping[str, Any] | None = None,
    ) -> ChatCompletionAgent:
        """An agent that all turns share: what was said is in the thread of each. Raises `ConfigError`."""
        kernel = Kernel(services=[service])
        for plugin in (*self.plugins, *tools):
            if plugin.functions:
                kernel.plugins[plugin.name] = plugin
        keep_off_the_loop(kernel)
        self.watch.on(kernel)
        made = ChatCompletionAgent(
            kernel=kernel,
            name=name,
            description=description or f"The agent {name}.",
            instructions=instructions,
            arguments=KernelArguments(
                settings=settings_of(model, dict(schema or {})), **(self.variables or {})
            ),
            function_choice_behavior=functions_for(self.limits),
        )
        made.prompt_template = self._template(instructions)
        return made

    def _template(self, instructions: str) -> PromptTemplateBase:
        if self.template_format == "plain":
            return Plain(prompt_template_config=PromptTemplateConfig(template=instructions))
        try:
            told = PromptTemplateConfig(template=instructions, template_format=self.template_format)
            made: PromptTemplateBase = TEMPLATE_FORMAT_MAP[told.template_format](
                prompt_template_config=told
            )
        except Exception as error:
            why = f"the instructions are no template: {error}"[:300]
            raise ConfigError(why, {"instructions": why}) from error
        return made


def functions_for(limits: LimitsConfig) -> FunctionChoiceBehavior:
    """Once more than the agent may ask its model: `max_steps` ends it then, not an empty answer."""
    behavior = FunctionChoiceBehavior.Auto()
    behavior.maximum_auto_invoke_attempts = limits.max_steps + 1
    return behavior


def answering(agent: Agent, *, has_form: bool) -> Work:
    """One agent by itself, that is told the conversation."""

    async def work(run: Run, messages: list[ChatMessageContent], text: str) -> Any:
        thread = _thread(agent, messages)
        told = None if thread is not None else text
        last = ""
        arguments = KernelArguments(text=text)
        stream = agent.invoke_stream(told, thread=thread, arguments=arguments)
        async for item in stream:
            last += item.message.content or ""
            if not has_form:
                run.say(item.message.content or "")
        return data_of(last) if has_form else last

    return work


def _thread(agent: Agent, messages: list[ChatMessageContent]) -> ChatHistoryAgentThread | None:
    """What was said: for agents that take it as messages. Others keep it where they are."""
    if not isinstance(agent, ChatCompletionAgent):
        return None
    return ChatHistoryAgentThread(chat_history=ChatHistory(messages=messages))


def invoking(kernel: Kernel, function: KernelFunction) -> Work:
    """An author's function: it is given the message as {{$text}}, and what was said before as {{$history}}."""

    async def work(run: Run, messages: list[ChatMessageContent], text: str) -> Any:
        before = [
            each for each in messages[:-1] if each.role in (AuthorRole.USER, AuthorRole.ASSISTANT)
        ]
        history = "\n".join(f"{each.role.value}: {each.content}" for each in before)
        result = await kernel.invoke(function, KernelArguments(text=text, history=history))
        return str(result) if result is not None else ""

    return work
