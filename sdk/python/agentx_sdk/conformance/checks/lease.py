"""Part 4: the lease."""

import asyncio

from agentx_sdk.conformance.bench import Bench
from agentx_sdk.conformance.check import check, expect, same

EXIT_ORPHAN = 4
SHORT = 1
ENDS_WITHIN = 8.0


@check("lease.orphan", "4.2", shared=False)
async def orphan(at: Bench) -> None:
    """nobody renews the lease: it ends by itself, with status 4"""
    async with at.started(renew=False, lease_seconds=SHORT) as plugin:
        same(await plugin.wait(ENDS_WITHIN), EXIT_ORPHAN, "the exit status")


@check("lease.renewed", "4.1", shared=False)
async def renewed(at: Bench) -> None:
    """HealthCheck renews the lease, and without lease_seconds leaves it"""
    # Long enough for a machine that is busy, or the first renewal would come too late.
    async with at.started(renew=False, lease_seconds=3 * SHORT) as plugin:
        await plugin.health(lease_seconds=6 * SHORT)
        await asyncio.sleep(4 * SHORT)
        expect(plugin.returncode is None, "it ended although its lease was renewed")
        await plugin.health(lease_seconds=0)
        same(await plugin.wait(ENDS_WITHIN), EXIT_ORPHAN, "the exit status after HealthCheck(0)")
