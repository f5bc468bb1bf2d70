"""Whether an OpenAI-compatible endpoint answers. Its address is an operator's setting, so no address is refused."""

from typing import Any, Final

import aiohttp
import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from security import outbound

SECONDS: Final = 5.0
MAX_BYTES: Final = 1 << 20
REFUSALS: Final = (401, 403)


async def trouble(base_url: str, key: str, name: str) -> str:
    """Why the model cannot be used, as the rest of a sentence; empty: it can, as far as its list of models tells."""
    headers = {"User-Agent": f"AgentX/{settings.VERSION}"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    url = f"{base_url.rstrip('/')}/models"
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, headers=headers, allow_redirects=False) as answer,
        ):
            content = await answer.content.read(MAX_BYTES)
            return _judged(answer.status, content, name)
    except TimeoutError:
        return _("does not answer within %(seconds)d s") % {"seconds": SECONDS}
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _("cannot be reached: %(why)s") % {"why": outbound.plain(error)}


def _judged(status: int, content: bytes, name: str) -> str:
    if status in REFUSALS:
        return _("refuses its key (%(status)d)") % {"status": status}
    if status >= 500:
        return _("answers %(status)d") % {"status": status}
    listed = _names(content) if status == 200 else set()  # not every endpoint lists its models
    if listed and name and name not in listed:
        return _("has no model of that name")
    return ""


def _names(content: bytes) -> set[str]:
    try:
        rows: Any = orjson.loads(content)["data"]
        return {str(row["id"]) for row in rows}
    except (ValueError, KeyError, TypeError):
        return set()
