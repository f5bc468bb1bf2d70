"""A turn that asked its caller goes on with what was answered before."""

import json

import pytest
from agentx_sdk.llm import Exchange, LLMAdapter
from agentx_sdk.llm.answers import ANSWER_SCHEMA, words_of_answer
from agentx_sdk.llm.journal import Asked, Journal, journal_of, key_of
from agentx_sdk.testing import InProcess


class Reviewed(LLMAdapter):
    """Drafts once, asks twice, and says what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts = 0

    def build(self, agent, tools):
        return None

    async def converse(self, native, exchange: Exchange):
        journal = journal_of(exchange) or Journal({"text": exchange.message.text})
        draft = journal.next(key_of("draft"))
        if draft is None:
            self.drafts += 1
            draft = f"draft of {journal.values['text']}"
            journal.add(key_of("draft"), draft)
        told = []
        try:
            for question in ("first?", "second?"):
                answer = journal.next_answer()
                if answer is None:
                    raise Asked(question, ANSWER_SCHEMA)
                told.append(words_of_answer(answer))
        except Asked as asked:
            yield journal.keep(exchange, asked)
            return
        yield f"{draft}: {', '.join(told)}"


@pytest.mark.asyncio
async def test_nothing_is_done_twice_and_answers_come_in_order():
    adapter = Reviewed()
    async with InProcess(adapter) as plugin:
        ids = {"task_id": "t", "context_id": "c"}
        first = await plugin.send("tides", **ids)
        assert (first.state, first.question) == ("input_required", "first?")
        assert first.form == ANSWER_SCHEMA
        assert (await plugin.send({"answer": "one"}, **ids)).question == "second?"
        assert (await plugin.send("two", **ids)).text == "draft of tides: one, two"
        assert adapter.drafts == 1
        kept = json.loads(plugin.memories["agent", "c"])
        assert not kept["native"]


@pytest.mark.asyncio
async def test_another_task_of_the_conversation_begins_anew():
    async with InProcess(Reviewed()) as plugin:
        await plugin.send("tides", task_id="t", context_id="c")
        other = await plugin.send("moons", task_id="u", context_id="c")
        assert other.question == "first?"
        done = [await plugin.send(word, task_id="u", context_id="c") for word in ("a", "b")]
        assert done[-1].text == "draft of moons: a, b"


def test_the_same_question_asked_again_has_its_own_answer():
    first = Journal()
    for answer in ("one", "two"):
        assert first.next("key") is None
        first.add("key", answer)
    again = Journal(entries={"key": ["one", "two"]})
    assert [again.next("key") for _ in range(3)] == ["one", "two", None]
