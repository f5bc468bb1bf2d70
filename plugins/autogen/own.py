"""An author's own agent or team: conversations take turns on it, each with its own memory."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from agentx_sdk import ConfigError, TaskFailed
from agentx_sdk.llm import own_code
from agentx_sdk.llm.failures import OWN_CODE
from autogen_agentchat.agents import UserProxyAgent
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.teams import BaseGroupChat
from autogen_core import CancellationToken

IDLE = 8  # instances kept for further turns
NEEDED = ("run_stream", "save_state", "load_state")


class Own:
    """`made`: the first instance. `found`: what the path names; a function makes one for each turn at a time."""

    def __init__(self, code: str, found: Any, made: Any, offered: Mapping[str, Any]) -> None:
        _check(code, made)
        self.code = code
        self._found = found
        self._offered = offered
        self._idle = [made]
        self._is_function = inspect.isfunction(found)
        self._one_by_one = asyncio.Semaphore(IDLE if self._is_function else 1)
        self._pristine: Mapping[str, Any] | None = None

    @property
    def shape(self) -> list[str]:
        """A conversation goes on with what the same path names."""
        return ["own", self.code]

    @asynccontextmanager
    async def instance(self, state: Mapping[str, Any] | None) -> AsyncIterator[Any]:
        """One that nobody else uses meanwhile, in this state; None: as it was made."""
        async with self._one_by_one:
            native = self._idle.pop() if self._idle else await self._another()
            if self._pristine is None:
                self._pristine = dict(await native.save_state())
            if state is None:
                await _reset(native)
            await native.load_state(state or self._pristine)
            try:
                yield native
            except BaseException:
                if not self._is_function:  # there is no other
                    self._idle.append(native)
                raise
            self._idle.append(native)

    async def _another(self) -> Any:
        try:
            made = own_code.made(self._found, **self._offered)
            made = await made if inspect.isawaitable(made) else made
            _check(self.code, made)
        except Exception as error:
            told = f"{self.code} failed: {type(error).__name__}: {error}"[:500]
            raise TaskFailed(told, OWN_CODE) from error
        return made


async def _reset(native: Any) -> None:
    if isinstance(native, Team):
        await native.reset()
    else:
        await native.on_reset(CancellationToken())


def _check(code: str, made: Any) -> None:
    if not isinstance(made, (ChatAgent, Team)) or not all(hasattr(made, each) for each in NEEDED):
        why = f"{code} is no agent or team of AutoGen, but a {type(made).__name__}"
        raise ConfigError(why, {"code": why})
    if any(isinstance(each, UserProxyAgent) for each in _inside(made)):
        why = (
            f"{code} has a UserProxyAgent, which waits at a terminal: let an agent hand over to "
            "`user`, or take the `person` that your function is offered"
        )
        raise ConfigError(why, {"code": why})


def _inside(made: Any) -> list[Any]:
    return [made, *made._participants] if isinstance(made, BaseGroupChat) else [made]
