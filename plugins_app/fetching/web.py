"""A registry behind http(s): vetted addresses, no redirects, limits on all of it."""

from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from django.conf import settings
from django.utils.translation import gettext as _

from plugins_app.errors import InvalidRegistry
from plugins_app.packages import index
from plugins_app.packages.archive import MAX_PACKED_BYTES
from security import addresses, outbound

INDEX_SECONDS: Final = 10.0
FILE_SECONDS: Final = 120.0
CONNECT_SECONDS: Final = 5.0
CHUNK: Final = 256 << 10


class WebSource:
    """`base` is the folder that holds index.json. The key goes nowhere else."""

    def __init__(self, base: str, key: str = "") -> None:
        self._base = base.rstrip("/") + "/"
        self._key = key

    async def index(self) -> bytes:
        return await self._get(index.FILE_NAME, index.MAX_BYTES, INDEX_SECONDS)

    async def file(self, name: str) -> bytes:
        return await self._get(name, MAX_PACKED_BYTES, FILE_SECONDS)

    async def _get(self, name: str, most: int, seconds: float) -> bytes:
        url = self._below(name)
        if why := addresses.refusal(url):
            raise InvalidRegistry(f"{url}: {why}.")
        headers = {"User-Agent": f"AgentX/{settings.VERSION}"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        session = aiohttp.ClientSession(
            connector=outbound.connector(),
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
        )
        try:
            async with session, session.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    told = _("%(url)s answers %(status)d.")
                    raise InvalidRegistry(told % {"url": url, "status": answer.status})
                return await _body(url, answer, most)
        except TimeoutError:
            told = _("%(url)s does not answer in time.")
            raise InvalidRegistry(told % {"url": url}) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise InvalidRegistry(f"{url}: {outbound.plain(error)}.") from None

    def _below(self, name: str) -> str:
        """An index may name its own files only: no other host, no other folder."""
        url = urljoin(self._base, name)
        if not url.startswith(self._base) or ".." in urlsplit(url).path.split("/"):
            told = _("Its index names a file outside of it: %(name)s.")
            raise InvalidRegistry(told % {"name": name[:200]})
        return url


async def _body(url: str, answer: aiohttp.ClientResponse, most: int) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > most:
            told = _("%(url)s is larger than %(most)d bytes.")
            raise InvalidRegistry(told % {"url": url, "most": most})
    return bytes(body)
