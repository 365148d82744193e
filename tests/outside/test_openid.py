"""The rules for id tokens, one by one (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from opendata.outside.openid import Client, RefusedError, find_fault, read_id_token, read_keys

NOW = 1_800_000_000
CLIENT = Client(issuer="https://login.example.org/realms/gov", id="portal", secret="a secret of thirty-two letters!")
CLAIMS = {"iss": CLIENT.issuer, "aud": "portal", "sub": "7", "exp": NOW + 300, "iat": NOW, "nonce": "once"}

RULES: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"aud": ["portal"]}, ""),
    ({"aud": ["portal", "other"], "azp": "portal"}, ""),
    ({"exp": NOW - 59, "iat": NOW - 300}, ""),
    ({"iat": NOW + 60, "nbf": NOW + 60}, ""),
    ({"exp": NOW + 0.5}, ""),
    ({"iss": CLIENT.issuer + "/"}, "issuer"),
    ({"iss": None}, "issuer"),
    ({"aud": "other"}, "audience"),
    ({"aud": "portal-2"}, "audience"),
    ({"aud": []}, "audience"),
    ({"aud": None}, "audience"),
    ({"aud": {"portal": 1}}, "audience"),
    ({"aud": ["portal", "other"]}, "authorized-party"),
    ({"azp": "other"}, "authorized-party"),
    ({"exp": NOW - 60}, "expired"),
    ({"exp": None}, "expired"),
    ({"exp": str(NOW + 300)}, "expired"),
    ({"exp": True}, "expired"),
    ({"iat": NOW + 61}, "issued"),
    ({"iat": NOW - 661}, "issued"),
    ({"iat": None}, "issued"),
    ({"nbf": NOW + 61}, "not-yet"),
    ({"nonce": "twice"}, "nonce"),
    ({"nonce": None}, "nonce"),
    ({"nonce": 1}, "nonce"),
    ({"sub": ""}, "subject"),
    ({"sub": 7}, "subject"),
    ({"sub": "7" * 256}, "subject"),
]


def test_every_rule_for_claims_holds() -> None:
    found = [find_fault({**CLAIMS, **changed}, CLIENT, "once", NOW) for changed, _ in RULES]
    assert found == [expected for _, expected in RULES]


def test_only_the_keys_of_the_provider_sign() -> None:
    own, other = ECKey.generate_key("P-256", {"kid": "a"}), ECKey.generate_key("P-256", {"kid": "a"})
    shared = OctKey.import_key(CLIENT.secret)
    listed = [None, {"kty": "EC"}, shared.as_dict(), other.as_dict(private=False) | {"use": "enc"}]
    keys = read_keys([*listed, own.as_dict(private=False)])
    assert len(keys) == 1

    def read(header: dict[str, Any], key: Any) -> str:
        text = jwt.encode(header, {**CLAIMS, "amr": ["pwd", "otp"]}, key, algorithms=[header["alg"]])
        try:
            return read_id_token(text, keys, CLIENT, "once", NOW).subject
        except RefusedError as error:
            return error.reason

    assert read({"alg": "ES256", "kid": "a"}, own) == "7"
    assert read({"alg": "ES256"}, own) == "7"
    assert read({"alg": "ES256", "kid": "b"}, own) == "signature"
    assert read({"alg": "ES256", "kid": "a"}, other) == "signature"
    assert read({"alg": "HS256", "kid": "a"}, shared) == "algorithm"
    for text in ("", "a.b.c", "é.é.é", "e30.e30.", "eyJhbGciOiJub25lIn0.eyJzdWIiOiI3In0."):  # the last: alg none
        with pytest.raises(RefusedError, match=r"form|algorithm"):
            read_id_token(text, keys, CLIENT, "once", NOW)


def test_what_a_provider_says_of_a_person_is_read_and_no_more() -> None:
    key = ECKey.generate_key("P-256")

    def read(**claims: object) -> object:
        text = jwt.encode({"alg": "ES256"}, {**CLAIMS, **claims}, key)
        person = read_id_token(text, read_keys([key.as_dict(private=False)]), CLIENT, "once", NOW)
        return person.name, person.mail, person.has_factor

    assert read(preferred_username="li", email="li@example.org", email_verified=True, amr=["mfa"]) == (
        *("li", "li@example.org"),
        True,
    )
    assert read(name="李", email="li@example.org", email_verified="true", amr=["pwd"]) == ("李", "", False)
    assert read(preferred_username=7, email=7, email_verified=True, amr="mfa") == ("", "", False)
    assert read(amr=[["mfa"], None]) == ("", "", False)
