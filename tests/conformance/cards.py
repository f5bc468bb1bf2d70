"""Sections 4.4 and 8: the agent's card. It has one binding, which is HTTP."""

import base64
import json

import rfc8785
from joserfc import jwk, jws
from joserfc.errors import BadSignatureError

from tests.conformance.bindings import Json
from tests.conformance.rows import row
from tests.conformance.world import World

HTTP = ("HTTP+JSON",)
CARD = ".well-known/agent-card.json"


async def card(w: World, path: str = CARD, **headers: str) -> tuple[int, Json, dict[str, str]]:
    async with w.rest.session.get(w.rest.base + path, headers=headers) as answer:
        body = await answer.read()
        told = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, json.loads(body) if body else {}, told


V1 = {"A2A-Version": "1.0"}


@row("CARD-DISC-001", "8.1", "The card is where clients look for it", on=HTTP)
async def _(w: World) -> None:
    status, told, headers = await card(w)
    assert (status, told["name"]) == (200, "Conformance")
    assert headers["content-type"].startswith(("application/json", "application/a2a+json"))


@row(
    "CARD-STRUCT-001", "4.4.1", "Every required field is there, and none of them is empty", on=HTTP
)
async def _(w: World) -> None:
    _, told, _ = await card(w, **V1)
    for field in ("name", "description", "version", "supportedInterfaces", "skills"):
        assert told[field], field
    assert told["defaultInputModes"]
    assert told["defaultOutputModes"]
    assert told["capabilities"]["streaming"] is True
    for skill in told["skills"]:
        assert all(skill[field] for field in ("id", "name", "description", "tags"))


@row(
    "CARD-PROTO-001",
    "8.3",
    "Every binding that is served is declared with its URL, and the first is ours",
    on=HTTP,
)
async def _(w: World) -> None:
    _, told, _ = await card(w, **V1)
    ours = [each for each in told["supportedInterfaces"] if each["protocolVersion"] == "1.0"]
    assert [each["protocolBinding"] for each in ours] == ["JSONRPC", "HTTP+JSON", "GRPC"]
    assert ours[0]["url"] == w.served.base
    assert ours[1]["url"].rstrip("/") == w.served.base.rstrip("/")
    assert (ours[2]["url"], ours[2]["tenant"]) == (w.served.grpc, "conformance")


@row("CARD-PROTO-002", "8.3", "Old clients find themselves in the card too", level="MAY", on=HTTP)
async def _(w: World) -> None:
    _, merged, _ = await card(w)
    assert merged["supportedInterfaces"]
    assert merged["url"]
    assert merged["protocolVersion"].startswith("0.3")
    _, old, _ = await card(w, ".well-known/agent.json")
    assert old["url"] == merged["url"]


@row(
    "CARD-VERSION-001",
    "3.6",
    "The card is told in the version that is asked for",
    level="MAY",
    on=HTTP,
)
async def _(w: World) -> None:
    _, new, headers = await card(w, **V1)
    assert "url" not in new
    assert "protocolVersion" not in new
    assert "a2a-version" in headers["vary"].lower()
    _, old, _ = await card(w, **{"A2A-Version": "0.3"})
    assert "supportedInterfaces" not in old or old["url"]


@row("CARD-CACHE-001", "8.6.1", "The card may be cached for a while", level="SHOULD", on=HTTP)
async def _(w: World) -> None:
    _, _, headers = await card(w)
    assert "max-age=" in headers["cache-control"]


@row(
    "CARD-CACHE-002",
    "8.6.1",
    "The card has an ETag, and is not sent again to who has it",
    level="SHOULD",
    on=HTTP,
)
async def _(w: World) -> None:
    _, _, headers = await card(w, **V1)
    status, body, again = await card(w, **V1, **{"If-None-Match": headers["etag"]})
    assert (status, body, again["etag"]) == (304, {}, headers["etag"])


@row("CARD-CACHE-003", "8.6.1", "The card says when it last changed", level="MAY", on=HTTP)
async def _(w: World) -> None:
    _, _, headers = await card(w, **V1)
    status, _, _ = await card(w, **V1, **{"If-Modified-Since": headers["last-modified"]})
    assert status == 304


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@row(
    "CARD-SIGN-001",
    "8.4",
    "The card is signed over its canonical JSON without the signatures",
    on=HTTP,
)
async def _(w: World) -> None:
    _, told, _ = await card(w, **V1)
    (signature, *_) = told.pop("signatures")
    header = json.loads(decoded(signature["protected"]))
    payload = base64.urlsafe_b64encode(rfc8785.dumps(told)).rstrip(b"=")
    async with w.rest.session.get(header["jku"]) as answer:
        keys = (await answer.json(content_type=None))["keys"]
    (key,) = [each for each in keys if each["kid"] == header["kid"]]
    assert verified(header["alg"], key, signature, payload)
    assert not verified(header["alg"], key, signature, payload[:-4] + b"AAAA")


def verified(algorithm: str, key: Json, signature: Json, payload: bytes) -> bool:
    token = f"{signature['protected']}.{payload.decode()}.{signature['signature']}"
    try:
        jws.deserialize_compact(token, jwk.import_key(key), algorithms=[algorithm])
    except BadSignatureError:
        return False
    return True


@row(
    "CARD-SIGN-003",
    "8.4.2",
    "The protected header names algorithm, key and where the keys are",
    on=HTTP,
)
async def _(w: World) -> None:
    _, told, _ = await card(w, **V1)
    for signature in told["signatures"]:
        header = json.loads(decoded(signature["protected"]))
        assert header["alg"] in ("ES256", "EdDSA", "Ed25519")
        assert header["kid"]
        assert header["typ"] == "JOSE"
        assert header["jku"].endswith("/.well-known/jwks.json")


@row("CARD-SIGN-004", "8.4.3", "Only public keys are published", on=HTTP)
async def _(w: World) -> None:
    async with w.rest.session.get(f"{w.served.url}/.well-known/jwks.json") as answer:
        keys = (await answer.json(content_type=None))["keys"]
    assert keys
    assert all("d" not in key for key in keys)


@row(
    "CARD-EXT-001",
    "13.3",
    "An extended card is for callers that are known, and the card says how to become one",
    on=HTTP,
)
async def _(w: World) -> None:
    async with w.rest.session.get(f"{w.served.url}/{CARD}", headers=V1) as answer:
        told = await answer.json()
    assert told["capabilities"]["extendedAgentCard"]
    assert told["securitySchemes"]
    async with w.rest.session.get(router(w), headers=V1) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@row(
    "CARD-EXT-003",
    "13.3",
    "An extended card may be kept for a while by its caller alone",
    level="SHOULD",
    on=HTTP,
)
async def _(w: World) -> None:
    async with w.rest.session.get(router(w), headers=w.rest.headers) as answer:
        assert (await answer.json(content_type=None))["name"] == "AgentX"
        assert answer.headers["Cache-Control"] == "private, max-age=30"
        assert "Authorization" in answer.headers["Vary"]


def router(w: World) -> str:
    return f"{w.served.url}/a2a/router/extendedAgentCard"
