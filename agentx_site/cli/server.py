"""HTTP to a running AgentX, with the standard library."""

import http.client
import json
import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from agentx_site.cli.errors import Failed, Refused, ServerAway, Stranger

ANSWER_SECONDS: Final = 30.0
PAGE_SIZE: Final = 200
Json = dict[str, Any]


def at(*parts: str) -> str:
    """A path of the API; whatever a name holds, it stays one segment."""
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


class Server:
    """One AgentX. Raises `ServerAway` when nothing answers, `Refused` when it says no, `Stranger` when it is none."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url.rstrip("/")
        self._parts = urlsplit(self.url)
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise Failed(f"{url!r} is no http:// or https:// URL.")
        self._key = key

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: Json | None = None) -> Any:
        return self._ask("POST", path, body=body)

    def upload(self, path: str, file: bytes, fields: dict[str, str], seconds: float) -> Any:
        """POST a package and what belongs to it as multipart/form-data."""
        kind, body = _multipart(file, fields)
        with self._answer("POST", path, None, {"Content-Type": kind}, seconds, body) as answer:
            return self._accepted(answer)

    def download(self, path: str, seconds: float) -> tuple[bytes, dict[str, str]]:
        """The body as it is, and the headers, by their names in lower case."""
        with self._answer("GET", path, None, {}, seconds) as answer:
            if answer.status >= 400:
                self._accepted(answer)
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.read(), headers

    def sent(
        self, method: str, path: str, text: str, format: str, query: Json | None = None
    ) -> Any:
        """Send a text as it is, as application/<format>."""
        kind = {"Content-Type": f"application/{format}"}
        target = _with_query(path, query)
        with self._answer(method, target, None, kind, ANSWER_SECONDS, text.encode()) as answer:
            return self._accepted(answer)

    def put(self, path: str, body: Json) -> Any:
        return self._ask("PUT", path, body=body)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def rows(self, path: str, limit: int | None = None, **query: Any) -> list[Json]:
        """Every row of a list, page after page, or the first `limit`."""
        size = min(limit or PAGE_SIZE, PAGE_SIZE)
        page = self.get(path, page_size=size, **query)
        found: list[Json] = page["results"]
        while page["next"] and (limit is None or len(found) < limit):
            target = urlsplit(page["next"])
            path = target.path.removeprefix(self._parts.path)
            page = self._ask("GET", f"{path}?{target.query}")
            found += page["results"]
        return found[:limit]

    def status_of(self, path: str) -> tuple[int, Any]:
        """Status and body, whatever they are: for /health and /ready."""
        with self._answer("GET", path, None, {}, ANSWER_SECONDS) as answer:
            return answer.status, _decoded(answer.read())

    def call(self, path: str, body: Json, headers: Json, seconds: float) -> Any:
        """POST and wait up to `seconds`, for A2A."""
        with self._answer("POST", path, body, headers, seconds) as answer:
            return self._accepted(answer)

    def events(self, path: str, body: Json, headers: Json, seconds: float) -> Iterator[Json]:
        """The `data:` of each server-sent event. An answer that is no stream comes as its one event."""
        with self._answer("POST", path, body, headers, seconds) as answer:
            if "text/event-stream" not in (answer.getheader("Content-Type") or ""):
                yield self._accepted(answer)
                return
            for line in answer:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])

    def _accepted(self, answer: http.client.HTTPResponse) -> Any:
        content = answer.read()
        body = _decoded(content)
        if answer.status < 400 and (body is not None or not content):
            return body
        if isinstance(body, dict):
            raise _refusal(answer, body)
        raise Stranger(self.url, f"{answer.status} {answer.reason}")

    def _ask(
        self, method: str, path: str, body: Json | None = None, query: Json | None = None
    ) -> Any:
        with self._answer(method, _with_query(path, query), body, {}, ANSWER_SECONDS) as answer:
            return self._accepted(answer)

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: Json | None,
        headers: Json,
        seconds: float,
        raw: bytes | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._connection(seconds)
        sent = {"Accept": "application/json, text/event-stream", **headers}
        if self._key:
            sent["Authorization"] = f"Bearer {self._key}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            content = raw if body is None else json.dumps(body).encode()
            connection.request(method, self._parts.path + path, content, sent)
            yield connection.getresponse()
        except TimeoutError:
            raise Failed(f"no answer from {self.url} within {seconds:.0f} s.") from None
        except (OSError, http.client.HTTPException) as error:
            raise ServerAway(self.url, _reason(error)) from None
        finally:
            connection.close()

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._parts.scheme == "https":
            secure = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, self._parts.port, timeout=seconds, context=secure
            )
        return http.client.HTTPConnection(host, self._parts.port, timeout=seconds)


def _with_query(path: str, query: Json | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def _multipart(file: bytes, fields: dict[str, str]) -> tuple[str, bytes]:
    """Content type and body. The boundary is random: nothing in a file can end its part."""
    boundary = f"agentx-{secrets.token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="package"; filename="package"\r\n'
        "Content-Type: application/gzip\r\n\r\n"
    ).encode()
    body = b"".join([*parts, head, file, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body


def _reason(error: Exception) -> str:
    told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return told[0].lower() + told[1:]


def _refusal(answer: http.client.HTTPResponse, body: Json) -> Refused:
    if isinstance(body.get("error"), dict):  # JSON-RPC
        error = body["error"]
        return Refused(answer.status, str(error.get("code", "")), error.get("message", ""))
    told = body.get("detail") or f"{answer.status} {answer.reason}"
    return Refused(answer.status, body.get("code", ""), told, body.get("request_id", ""))


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
