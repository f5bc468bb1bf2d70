"""Refusals as gRPC statuses: the codes of the one table, with google.rpc details as A2A wants them."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

from routing.a2a.refusals import details
from security import context, problems
from security.errors import PublicError

log = logging.getLogger(__name__)
Rpc = grpc.aio.ServicerContext[Any, Any]
DETAILS: Final = "grpc-status-details-bin"
REQUEST_ID: Final = "x-request-id"
# Named so that protobuf knows the types that `details` speaks of by their names.
KNOWN: Final = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest)


@asynccontextmanager
async def refusing(rpc: Rpc) -> AsyncIterator[None]:
    """Whatever is raised inside ends the call with a status; what nobody foresaw tells only the request's id."""
    try:
        yield
    except PublicError as error:
        await refuse(rpc, error)
    except Exception as error:
        log.exception("a call failed")
        await refuse(rpc, problems.as_public(error))


async def refuse(rpc: Rpc, error: PublicError) -> None:
    """End the call. Always raises."""
    code = grpc.StatusCode[error.grpc_status]
    told = status(error, code)
    trailing = ((DETAILS, told.SerializeToString()), (REQUEST_ID, context.request_id.get()))
    await rpc.abort(code, error.message, trailing)


def status(error: PublicError, code: grpc.StatusCode) -> status_pb2.Status:
    """google.rpc.Status: ErrorInfo, and BadRequest where fields are wrong."""
    told = {"code": code.value[0], "message": error.message, "details": details(error)}
    return json_format.ParseDict(told, status_pb2.Status())
