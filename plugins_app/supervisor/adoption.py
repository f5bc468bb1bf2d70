"""A process that outlived its supervisor is taken back. Never ends one."""

from plugins_app import process as processes
from plugins_app.errors import CallFailed, NotOurs
from plugins_app.supervisor.hands import LEASE_SECONDS, Hands, ready_of, target_of
from plugins_app.supervisor.ready import Ready
from plugins_app.supervisor.wanted import Known, Wanted

ANSWER_SECONDS = 2.0


async def taken_back(hands: Hands, wanted: Wanted, known: Known) -> Ready:
    """The very process that the row names, if it answers. Raises `NotOurs`, saying why not."""
    process = processes.adopt(
        known.identity,
        launch_id=known.launch_id,
        address=known.address,
        contract=known.contract,
    )
    try:
        await hands.lifecycle.health(
            target_of(wanted, process), lease_seconds=LEASE_SECONDS, timeout=ANSWER_SECONDS
        )
    except CallFailed as error:
        await hands.let_go(process)
        told = f"The earlier process {process.pid} {error}; it ends with its lease."
        raise NotOurs(told) from None
    ready = ready_of(process, wanted)
    ready.generation, ready.release_id = known.generation, known.release_id
    ready.revision = known.revision
    ready.agents, ready.model_mark = known.agents, known.model_mark
    return ready
