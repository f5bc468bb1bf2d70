"""A server of a2a-sdk 1.x, unmodified, with a small agent. Run in an environment of its own.

`v10.py HTTP_PORT GRPC_PORT`; one handler behind JSON-RPC at /, HTTP+JSON at /rest, gRPC, and a card for each of them.
"""

import asyncio
import sys

import grpc.aio
import uvicorn
from a2a.helpers.proto_helpers import new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler, GrpcHandler
from a2a.server.routes import (
    create_agent_card_routes,
    create_jsonrpc_routes,
    create_rest_routes,
)
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types.a2a_pb2 import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Role
from a2a.types.a2a_pb2_grpc import add_A2AServiceServicer_to_server
from starlette.applications import Starlette

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
            await event_queue.enqueue_event(new_text_message("hi", role=Role.ROLE_AGENT))
            return
        task = context.current_task or new_task_from_user_message(context.message)
        await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        if text == "ask":
            await updater.requires_input(updater.new_agent_message([new_text_part("What?")]))
            return
        await updater.start_work()
        if text == "hold":
            await asyncio.Event().wait()
        await updater.add_artifact([new_text_part("you said ")], artifact_id="a", name="reply")
        part = new_text_part(text)
        await updater.add_artifact([part], artifact_id="a", append=True, last_chunk=True)
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def card(binding: str) -> AgentCard:
    return AgentCard(
        name=f"sdk {binding}",
        description="An agent of the reference SDK.",
        version="1",
        supported_interfaces=[
            AgentInterface(
                url=INTERFACES[binding], protocol_binding=binding, protocol_version="1.0"
            )
        ],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="echo", name="echo", description="echo", tags=["echo"])],
    )


async def main() -> None:
    handler = DefaultRequestHandler(
        agent_executor=Agent(), task_store=InMemoryTaskStore(), agent_card=card("JSONRPC")
    )
    routes = []
    for binding in INTERFACES:  # before REST's own routes, one of which takes every path
        path = f"/cards/{binding.replace('+', '-')}.json"
        routes += create_agent_card_routes(card(binding), card_url=path)
    routes += create_rest_routes(handler, path_prefix="/rest")
    routes += create_jsonrpc_routes(handler, "/")
    server = grpc.aio.server()
    add_A2AServiceServicer_to_server(GrpcHandler(handler), server)
    server.add_insecure_port(f"127.0.0.1:{GRPC}")
    await server.start()
    config = uvicorn.Config(Starlette(routes=routes), port=HTTP, log_level="warning")
    await uvicorn.Server(config).serve()


asyncio.run(main())
