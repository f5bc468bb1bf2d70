"""CrewAI alone, with one model object for all turns."""

from crewai import LLM, Agent
from crewai.events.event_listener import event_listener
from turns import URL, Turn, serve

event_listener.formatter.verbose = False


def make() -> Turn:
    model = LLM(model="openai/demo", base_url=URL, api_key="x", stream=True)
    about = {"role": "assistant", "goal": "Help the user.", "backstory": "You are helpful."}
    agent = Agent(**about, llm=model, verbose=False)

    async def turn(text: str) -> str:
        return (await agent.kickoff_async([{"role": "user", "content": text}])).raw

    return turn


serve(make)
