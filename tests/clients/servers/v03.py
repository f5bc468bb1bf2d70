"""A server of a2a-sdk 0.3, unmodified, with a small agent. Run in an environment of its own.

`v03.py HTTP_PORT GRPC_PORT`; one handler behind JSON-RPC at /, HTTP+JSON at /rest, gRPC, and a card for each of them.
"""

import asyncio
import sys

import grpc.aio
import uvicorn
from a2a.grpc.a2a_pb2_grpc import add_A2AServiceServicer_to_server
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.apps import A2ARESTFastAPIApplication, A2AStarletteApplication
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler, GrpcHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentSkill, Part, TextPart
from a2a.utils import new_agent_text_message, new_task
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

HTTP, GRPC = int(sys.argv[1]), int(sys.argv[2])
URL = f"http://127.0.0.1:{HTTP}"
INTERFACES = {
    "JSONRPC": f"{URL}/",
    "HTTP+JSON": f"{URL}/rest",
    "GRPC": f"127.0.0.1:{GRPC}",
}


class Agent(AgentExecutor):
    """By its first word: `direct` answers with a message, `ask` asks, `hold` works until cancelled, else it echoes."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        text = context.get_user_input()
        if text == "direct":
            await event_queue.enqueue_event(new_agent_text_message("hi"))
            return
        task = context.current_task or new_task(context.message)
        if context.current_task is None:  # a task that is shown waiting ends the stream
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        if text == "ask":
            await updater.requires_input(updater.new_agent_message([part_of("What?")]), final=True)
            return
        await updater.start_work()
        if text == "hold":
            await asyncio.Event().wait()
        await updater.add_artifact([part_of("you said ")], artifact_id="a", name="reply")
        await updater.add_artifact([part_of(text)], artifact_id="a", append=True, last_chunk=True)
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def part_of(text: str) -> Part:
    return Part(root=TextPart(text=text))


def card(binding: str) -> AgentCard:
    return AgentCard(
        name=f"old {binding}",
        description="An agent of the reference SDK.",
        version="1",
        url=INTERFACES[binding],
        preferred_transport=binding,
        protocol_version="0.3.0",
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="echo", name="echo", description="echo", tags=["echo"])],
    )


def card_route(binding: str) -> Route:
    body = card(binding).model_dump(mode="json", by_alias=True, exclude_none=True)
    path = f"/cards/{binding.replace('+', '-')}.json"
    return Route(path, lambda request: JSONResponse(body))


async def main() -> None:
    handler = DefaultRequestHandler(agent_executor=Agent(), task_store=InMemoryTaskStore())
    rest = A2ARESTFastAPIApplication(agent_card=card("HTTP+JSON"), http_handler=handler).build()
    rpc = A2AStarletteApplication(agent_card=card("JSONRPC"), http_handler=handler).build()
    routes = [*map(card_route, INTERFACES), Mount("/rest", rest), Mount("/", rpc)]
    server = grpc.aio.server()
    add_A2AServiceServicer_to_server(GrpcHandler(card("GRPC"), handler), server)
    server.add_insecure_port(f"127.0.0.1:{GRPC}")
    await server.start()
    config = uvicorn.Config(Starlette(routes=routes), port=HTTP, log_level="warning")
    await uvicorn.Server(config).serve()


asyncio.run(main())
