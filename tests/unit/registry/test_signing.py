"""Cards are signed, and what others signed is judged."""

import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey, import_key

from registry import cards, signing

JKU = "https://agents.example/.well-known/jwks.json"
DOORS = cards.Doors("https://agents.example")


def card(**changes: Any) -> cards.Card:
    told = {"slug": "echo", "name": "Écho 😀", "description": "Says it.", "version": "1"}
    part = {"capabilities": {"extensions": [{"uri": "urn:x", "params": {"n": 42, "f": 1.5}}]}}
    said = cards.statement(**(told | changes), partial=part)
    return cards.served(said, slug="echo", doors=DOORS, is_open=False)


def signed(algorithm: str = "ES256", **changes: Any) -> tuple[cards.Card, signing.Jwk]:
    private, public = signing.new_key(algorithm)
    made = signing.sign(
        card(**changes), private=private, kid=public["kid"], algorithm=algorithm, jku=JKU
    )
    return made, public


def judged(made: cards.Card, public: signing.Jwk, **more: Any) -> signing.Verdict:
    told: dict[str, Any] = {"published": {JKU: {"keys": [public]}}, "believed": {JKU}}
    return signing.verify(made, **(told | more))


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_card_signed_here_is_verified_by_its_published_key(algorithm: str) -> None:
    made, public = signed(algorithm)
    verdict = judged(made, public)
    assert (verdict.state, verdict.kid, verdict.jku) == ("verified", public["kid"], JKU)
    assert "d" not in public
    assert signing.key_sets(made) == [JKU]
    (each,) = signing.signatures(made)
    assert each.header == {"alg": algorithm, "kid": public["kid"], "typ": "JOSE", "jku": JKU}


def test_a_changed_card_is_invalid() -> None:
    made, public = signed()
    assert judged(made | {"name": "Another"}, public).state == "invalid"
    other = signing.new_key("ES256")[1] | {"kid": public["kid"]}
    assert judged(made, other).state == "invalid"


def test_a_card_without_a_signature_says_so() -> None:
    assert signing.verify(card()).state == "unsigned"
    assert signing.verify(card() | {"signatures": []}).state == "unsigned"


def test_a_key_nobody_vouches_for_is_not_trusted() -> None:
    made, public = signed()
    assert signing.verify(made).state == "untrusted"
    assert judged(made, public, believed=()).state == "untrusted"
    assert signing.verify(made, trusted=[public]).state == "verified"


@pytest.mark.parametrize(
    "signatures",
    [
        "text",
        [5],
        [{"protected": "!", "signature": "x"}],
        [{"protected": "bm9uZQ", "signature": "x"}],
        [{"protected": "W10", "signature": "x"}],
    ],
)
def test_garbage_for_a_signature_is_invalid(signatures: Any) -> None:
    assert signing.verify(card() | {"signatures": signatures}).state == "invalid"


def test_the_key_and_not_the_header_decides_the_algorithm() -> None:
    made, public = signed()
    secret = OctKey.import_key(json.dumps(public))  # the public key misused as a shared secret
    header = {"alg": "HS256", "kid": public["kid"], "jku": JKU}
    forged = _signed_with(secret, header, cards.payload(made))
    assert judged(made | {"signatures": [forged]}, public).state == "untrusted"
    none = {"protected": "eyJhbGciOiJub25lIn0", "signature": "x"}
    assert judged(made | {"signatures": [none]}, public).state == "untrusted"


def test_a_key_for_encryption_signs_nothing() -> None:
    made, public = signed()
    assert judged(made, public | {"use": "enc"}).state == "invalid"
    assert judged(made, {"kty": "EC", "kid": public["kid"]}).state == "invalid"


def test_one_good_signature_among_bad_ones_is_enough() -> None:
    made, public = signed()
    broken = {"protected": made["signatures"][0]["protected"], "signature": "AAAA"}
    assert judged(made | {"signatures": [broken, *made["signatures"]]}, public).state == "verified"


def test_a_merged_card_is_verified_too() -> None:
    made, public = signed()
    merged = made | {"url": "https://agents.example/a2a/echo/", "protocolVersion": "0.3.0"}
    assert judged(merged, public).state == "verified"


@pytest.mark.parametrize("form", range(3))
def test_other_readings_of_the_canonical_form_are_accepted(form: int) -> None:
    """As the text of the specification has it, as protobuf's JSON has it, and as it stands."""
    told = card() | {"provider": {"url": "https://a.example", "organization": ""}}
    told["capabilities"]["extensions"] = [{"uri": "urn:x", "required": False}]
    told["extra"] = [{}]
    key = ECKey.generate_key("P-256", {"kid": "k"})
    forms = cards.payloads(told)
    assert len(forms) == 4
    header = {"alg": "ES256", "kid": "k", "typ": "JOSE", "jku": JKU}
    made = told | {"signatures": [_signed_with(key, header, forms[form + 1])]}
    assert judged(made, key.as_dict(private=False)).state == "verified"


def test_the_specifications_form_drops_defaults_and_keeps_what_is_required() -> None:
    told: Any = card()
    told["skills"] = []
    told["capabilities"] = {"streaming": False, "extensions": [{"uri": "u", "required": False}]}
    spec = json.loads(cards.payloads(told)[1])
    assert spec["skills"] == []
    assert spec["capabilities"] == {"streaming": False, "extensions": [{"uri": "u"}]}


def _signed_with(key: Any, header: dict[str, Any], form: bytes) -> dict[str, str]:
    protected, _, signature = jws.serialize_compact(
        header, form, key, algorithms=[header["alg"]]
    ).split(".")
    return {"protected": protected, "signature": signature}


def test_a_private_key_survives_being_kept() -> None:
    private, public = signing.new_key("EdDSA")
    assert import_key(json.loads(private)).thumbprint()[:32] == public["kid"]


@pytest.mark.parametrize("alg", ["ES384", "RS256", "HS256"])
def test_a_key_for_another_algorithm_signed_nothing(alg: str) -> None:
    made, public = signed()
    assert judged(made, public | {"alg": alg}).state == "invalid"


def test_a_shared_secret_signed_nothing() -> None:
    made, public = signed()
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0", "kid": public["kid"]}
    assert judged(made, secret).state == "invalid"


def test_an_rsa_key_verifies_what_it_signed() -> None:
    key = RSAKey.generate_key(2048, {"kid": "k"})
    told = card()
    for alg in ("RS256", "PS256"):
        header = {"alg": alg, "kid": "k", "typ": "JOSE", "jku": JKU}
        made = told | {"signatures": [_signed_with(key, header, cards.payload(told))]}
        assert judged(made, key.as_dict(private=False)).state == "verified"
