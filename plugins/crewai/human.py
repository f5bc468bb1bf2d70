"""Where CrewAI would ask at a terminal: the turn ends and asks its caller, and goes on with the answer."""

from typing import Any

from agentx_sdk.llm.answers import ANSWER_SCHEMA, REVIEW_SCHEMA, decided, words_of_answer
from crewai.core.providers.human_input import SyncHumanInputProvider, set_provider
from crewai.flow.flow_config import flow_config
from running import Run, current_run

NOT_RIGHT = "This is not right. Do it better."


class Reviews(SyncHumanInputProvider):
    """Of tasks with `human_input`: accepted, or done again with what was said."""

    def handle_feedback(self, formatted_answer: Any, context: Any) -> Any:
        answer = formatted_answer
        while context.ask_for_human_input:
            if words := self._words(answer):
                context.messages.append(context._format_feedback_message(words))
                answer = context._invoke_loop()
            else:
                context.ask_for_human_input = False
        return answer

    async def handle_feedback_async(self, formatted_answer: Any, context: Any) -> Any:
        answer = formatted_answer
        while context.ask_for_human_input:
            if words := self._words(answer):
                context.messages.append(context._format_feedback_message(words))
                answer = await context._ainvoke_loop()
            else:
                context.ask_for_human_input = False
        return answer

    def _words(self, answer: Any) -> str:
        """What should be different; nothing when it is accepted."""
        question = f"{self._get_output_string(answer)}\n\nIs this right?"
        approved, words = decided(_run().ask(question, REVIEW_SCHEMA))
        return "" if approved else words or NOT_RIGHT


class FlowQuestions:
    """Of own flows: `self.ask(...)` and `@human_feedback`."""

    def request_input(self, message: str, flow: Any, metadata: Any = None) -> str:
        """What the caller answered."""
        return words_of_answer(_run().ask(message, ANSWER_SCHEMA))

    def request_feedback(self, context: Any, flow: Any) -> str:
        """What the caller says to a step's result."""
        question = f"{context.method_output}\n\n{context.message}"
        return words_of_answer(_run().ask(question, ANSWER_SCHEMA))


def install() -> None:
    """For all flows of the process: none may read a terminal."""
    flow_config.input_provider = FlowQuestions()
    flow_config.hitl_provider = FlowQuestions()


def review_by_caller() -> None:
    """For the tasks of this turn."""
    set_provider(Reviews())


def _run() -> Run:
    run = current_run.get()
    if run is None:
        raise RuntimeError("there is nobody to ask: no turn is running")
    return run
