"""Own chains, models, functions and agents of LangChain."""

from agentx_sdk import Part


async def test_a_chain_streams_and_its_conversation_is_kept(hosting):
    async with hosting(agent={"code": "own.py:chain"}) as plugin:
        pieces = [each async for each in plugin.stream("my name is Zoe", context_id="c")]
        assert len(pieces) > 3
        assert (await plugin.send("what is my name", context_id="c")).text == "Your name is Zoe."
        answer = await plugin.send(Part(data={"question": "what is it"}))
    assert answer.text == "You said: what is it"
    assert answer.usage[0]["model"] == "demo"


async def test_a_model_by_itself_is_an_agent(hosting):
    async with hosting(agent={"code": "own.py:bare"}) as plugin:
        await plugin.send("my name is Zoe", context_id="c")
        assert (await plugin.send("what is my name", context_id="c")).text == "Your name is Zoe."


async def test_a_function_takes_text_and_gives_data(hosting):
    both = {"all": {"code": "own.py:measure"}}
    both["one"] = {"code": "own.py:measure", "output_key": "text"}
    async with hosting(**both) as plugin:
        (part,) = (await plugin.send("four", agent="all")).parts
        assert part.data == {"letters": 4, "text": "four"}
        assert (await plugin.send("four", agent="one")).text == "four"


async def test_an_agent_of_its_own_is_onboarded_with_its_tools(hosting):
    async with hosting(agent={"code": "own.py:agent"}) as plugin:
        answer = await plugin.send('use moon {"day": "Monday"}', context_id="c")
        assert answer.text == "The tool says: full on Monday."
        assert answer.tool_calls[0]["arguments"] == {"day": "Monday"}
        assert answer.tool_results[0]["result"] == "full on Monday"
        await plugin.send("my name is Zoe", context_id="c")
        assert (await plugin.send("what is my name", context_id="c")).text == "Your name is Zoe."
