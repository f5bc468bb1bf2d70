"""Signatures of agent cards: JWS (RFC 7515) over the card in RFC 8785 form, as A2A 1.0 §8.4 says. No rows, no network."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, OKPKey, import_key

from registry.cards import Card, payload, payloads

Jwk = dict[str, Any]
Jwks = dict[str, Any]  # {"keys": [Jwk, …]}
State = Literal["verified", "unsigned", "invalid", "untrusted"]
# What a signature may be made with. No symmetric one: its verifier could forge it.
ALGORITHMS: Final = [
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
]
MAX_SIGNATURES: Final = 8  # of one card that are looked at


class Accepted(jws.JWSRegistry):
    """These algorithms and no others. "EdDSA" by the name that every A2A SDK knows, although RFC 9864 has a newer one."""

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(f"{name!r} is not accepted")
        return self.algorithms[name]


ACCEPTED: Final = Accepted()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`verified`: by a key that is trusted. `untrusted`: signed, by a key that is unknown here or nobody's word for
    itself. `invalid`: a known key did not sign this. `why` is a sentence; `kid` and `jku` are of the signature meant.
    """

    state: State
    why: str
    kid: str = ""
    jku: str = ""
    algorithm: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as it stands in a card, its protected header read."""

    protected: str
    signature: str
    header: dict[str, Any]

    @property
    def kid(self) -> str:
        return _text(self.header.get("kid"))

    @property
    def jku(self) -> str:
        return _text(self.header.get("jku"))

    @property
    def algorithm(self) -> str:
        return _text(self.header.get("alg"))


def new_key(algorithm: str) -> tuple[str, Jwk]:
    """A fresh private key as text to be sealed, and its public JWK with the id that is its thumbprint (RFC 7638)."""
    key = OKPKey.generate_key("Ed25519") if algorithm == "EdDSA" else ECKey.generate_key("P-256")
    kid = key.thumbprint()[:32]
    public = key.as_dict(private=False) | {"kid": kid, "alg": algorithm, "use": "sig"}
    return json.dumps(key.as_dict(private=True)), public


def sign(card: Card, *, private: str, kid: str, algorithm: str, jku: str) -> Card:
    """The same card with one signature. About 0.3 ms: keep it."""
    header = {"alg": algorithm, "kid": kid, "typ": "JOSE", "jku": jku}
    key = import_key(json.loads(private))
    compact = jws.serialize_compact(header, payload(card), key, registry=ACCEPTED)
    protected, _payload, signature = compact.split(".")
    return card | {"signatures": [{"protected": protected, "signature": signature}]}


def signatures(card: Card) -> list[Signature]:
    """Those of a card whose protected header can be read."""
    listed = card.get("signatures")
    return list(_readable(listed)) if isinstance(listed, list) else []


def key_sets(card: Card) -> list[str]:
    """Where a card says that its keys are published (`jku`), to be fetched before `verify`."""
    return list(dict.fromkeys(each.jku for each in signatures(card) if each.jku))


def verify(
    card: Card,
    *,
    trusted: Iterable[Jwk] = (),
    published: Mapping[str, Jwks] | None = None,
    believed: Iterable[str] = (),
) -> Verdict:
    """Who signed this card, of all its signatures the best verdict.

    `trusted`: keys an operator vouches for; `published`: what was fetched from the card's `jku`s, by that URL;
    `believed`: the `jku`s whose word counts, for they are of the card's own origin or an operator named them.
    """
    if not card.get("signatures"):
        return Verdict("unsigned", "The card carries no signature.")
    forms = payloads(card)
    vouched, fetched, heeded = list(trusted), published or {}, set(believed)
    verdicts = [_verdict(each, forms, vouched, fetched, heeded) for each in signatures(card)]
    rank: tuple[State, ...] = ("verified", "invalid", "untrusted")
    ranked = sorted(verdicts, key=lambda verdict: rank.index(verdict.state))
    return ranked[0] if ranked else Verdict("invalid", "No signature of the card can be read.")


def _verdict(
    signature: Signature,
    forms: list[bytes],
    trusted: list[Jwk],
    published: Mapping[str, Jwks],
    believed: set[str],
) -> Verdict:
    about = {"kid": signature.kid, "jku": signature.jku, "algorithm": signature.algorithm}
    if signature.algorithm not in ALGORITHMS:
        return Verdict("untrusted", "Signed with an algorithm that is not accepted.", **about)
    vouched = [key for key in trusted if key.get("kid") == signature.kid]
    told = _keys_of(published.get(signature.jku), signature.kid)
    if not vouched and not told:
        return Verdict("untrusted", "The key that signed it is not known here.", **about)
    if any(_signed_by(key, signature, forms) for key in vouched):
        return Verdict("verified", "Signed by a key that is trusted here.", **about)
    if not any(_signed_by(key, signature, forms) for key in told):
        return Verdict("invalid", "The signature does not fit the card.", **about)
    if signature.jku not in believed:
        return Verdict("untrusted", "Signed by a key of another origin than the card's.", **about)
    return Verdict("verified", "Signed by a key that the card's own origin publishes.", **about)


def _keys_of(jwks: Jwks | None, kid: str) -> list[Jwk]:
    listed = (jwks or {}).get("keys")
    if not isinstance(listed, list):
        return []
    return [key for key in listed if isinstance(key, dict) and key.get("kid") == kid]


def _signed_by(jwk: Jwk, signature: Signature, forms: list[bytes]) -> bool:
    """Whether this key made the signature over any form of the card. joserfc refuses a key of another kind, curve, use
    or algorithm than the header names.
    """
    try:
        key = import_key({name: value for name, value in jwk.items() if name != "d"})
    except (JoseError, ValueError, KeyError, TypeError):
        return False
    return any(_holds(key, signature, form) for form in forms)


def _holds(key: Key, signature: Signature, form: bytes) -> bool:
    encoded = base64.urlsafe_b64encode(form).rstrip(b"=").decode()
    token = f"{signature.protected}.{encoded}.{signature.signature}"
    try:
        jws.deserialize_compact(token, key, registry=ACCEPTED)
    except (JoseError, ValueError, TypeError):
        return False
    return True


def _readable(listed: list[Any]) -> Iterator[Signature]:
    for each in listed[:MAX_SIGNATURES]:
        if not isinstance(each, dict):
            continue
        protected, signature = _text(each.get("protected")), _text(each.get("signature"))
        try:
            padded = protected + "=" * (-len(protected) % 4)
            header = json.loads(base64.urlsafe_b64decode(padded))
        except (binascii.Error, ValueError, RecursionError):
            continue
        if isinstance(header, dict) and signature:
            yield Signature(protected, signature, header)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
