"""OpenID Connect as a client: leading to the provider, redeeming a code, checking who it names.

Source: OpenID Connect Core 1.0 (3.1, 3.1.3.7), Discovery 1.0 (3, 4.3), RP-Initiated Logout 1.0, RFC 7636 (PKCE),
RFC 9207 (the issuer in the answer), RFC 8176 (`amr`).
"""

from __future__ import annotations

import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from joserfc.jwk import Key
    from requests import Response

Document = Mapping[str, Any]

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key pair alone: with `none` or a shared secret, others could write the token."""

LEEWAY = 60
"""Seconds by which two clocks may differ."""

FRESH = 600
"""Seconds for which an id token may have been under way: the person's time at the provider."""

FACTORS = frozenset({"mfa", "otp", "hwk"})
"""What a provider calls the second factor in `amr`."""

_SCOPE = "openid profile email"
_MOST_SUBJECT = 255
_MOST_BYTES = 1 << 20
_SECONDS = 10.0
"""How long the provider may take for an answer."""

_KEPT = timedelta(minutes=10)
"""How long its description and its keys are believed."""


class UnreachableError(Exception):
    """The provider doesn't answer, or not as a provider does."""


class RefusedError(Exception):
    """What the provider says isn't accepted: why, in a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a provider and the portal call each other."""

    issuer: str
    id: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One sign-in: random texts that bind its answer to it, and where the answer goes."""

    state: str
    nonce: str
    verifier: str
    redirect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom a provider names. `mail` is an address that it has checked, `has_factor`: it has asked for two factors."""

    subject: str
    name: str
    mail: str
    has_factor: bool


class Provider:
    """A provider, with its description and keys kept for a while."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[datetime, Document]] = {}

    def lead(self, question: Question) -> str:
        """The address at the provider that a person is led to. Raises `UnreachableError`."""
        endpoint = self._find("authorization_endpoint")
        with self._open(redirect_uri=question.redirect, code_challenge_method="S256") as session:
            address, _ = session.create_authorization_url(
                endpoint, state=question.state, nonce=question.nonce, code_verifier=question.verifier
            )
        return str(address)

    def redeem(self, code: str, question: Question) -> Person:
        """Whom a code stands for. Raises `RefusedError`, `UnreachableError`."""
        from authlib.integrations.requests_client import OAuthError

        endpoint = self._find("token_endpoint")
        try:
            with self._open(redirect_uri=question.redirect) as session:
                answer = session.fetch_token(endpoint, code=code, code_verifier=question.verifier)
        except OAuthError as error:
            raise RefusedError(_name_error(error.error)) from error
        except (OSError, ValueError) as error:  # of requests too, whose errors are OSErrors
            raise UnreachableError from error
        text = answer.get("id_token")
        if not isinstance(text, str):
            raise RefusedError("no-id-token")
        now = self._clock().timestamp()
        try:
            return read_id_token(text, self._list_keys(), self._client, question.nonce, now)
        except RefusedError as error:
            if error.reason != "signature":
                raise
            # It may have changed its keys since we asked for them.
            return read_id_token(text, self._list_keys(is_fresh=True), self._client, question.nonce, now)

    def find_exit(self, back: str) -> str:
        """The address at the provider that ends a session there and leads back; empty if it has none."""
        try:
            endpoint = self._find("end_session_endpoint", is_needed=False)
        except UnreachableError:
            return ""
        query = urlencode({"client_id": self._client.id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}" if endpoint else ""

    def _find(self, name: str, *, is_needed: bool = True) -> str:
        """An address in its description. Raises `UnreachableError` where that is of another issuer."""
        base = self._client.issuer.rstrip("/")
        described = self._fetch(f"{base}/.well-known/openid-configuration")
        if described.get("issuer") != self._client.issuer:
            raise UnreachableError
        found = described.get(name)
        if found is None and not is_needed:
            return ""
        if not isinstance(found, str) or not _is_safe(found):
            raise UnreachableError
        return found

    def _list_keys(self, *, is_fresh: bool = False) -> Sequence[Key]:
        keys = self._fetch(self._find("jwks_uri"), is_fresh=is_fresh).get("keys")
        return read_keys(keys if isinstance(keys, list) else [])

    def _fetch(self, address: str, *, is_fresh: bool = False) -> Document:
        """A document of the provider, from memory if it is known. Raises `UnreachableError`."""
        now = self._clock()
        with self._lock:
            known = self._documents.get(address)
        if known is not None and now - known[0] < _KEPT and not is_fresh:
            return known[1]
        try:
            with self._open() as session:
                response = session.get(address, withhold_token=True)
                response.raise_for_status()
                found = response.json()
        except (OSError, ValueError) as error:
            raise UnreachableError from error
        if not isinstance(found, dict):
            raise UnreachableError
        with self._lock:
            self._documents[address] = (now, found)
        return found

    def _open(self, **options: str) -> Any:
        """A session of HTTP that follows no redirects, and bounds how long an answer takes and how large it is."""
        from authlib.integrations.requests_client import OAuth2Session

        method = None
        if self._client.secret and options.get("redirect_uri"):
            offered = self._fetch_methods()
            method = "client_secret_post" if offered and "client_secret_basic" not in offered else None
        session = OAuth2Session(
            self._client.id,
            self._client.secret or None,
            scope=_SCOPE,
            token_endpoint_auth_method=method,
            default_timeout=_SECONDS / 2,
            **options,
        )
        session.max_redirects = 0
        session.stream = True
        session.hooks["response"].append(_receive)
        return session

    def _fetch_methods(self) -> Sequence[str]:
        base = self._client.issuer.rstrip("/")
        offered = self._fetch(f"{base}/.well-known/openid-configuration").get("token_endpoint_auth_methods_supported")
        return [str(method) for method in offered] if isinstance(offered, list) else []


def read_keys(listed: Sequence[object]) -> Sequence[Key]:
    """The public keys of a list (RFC 7517) that can check signatures; others are left out."""
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    found = []
    for item in listed:
        if isinstance(item, dict) and item.get("kty") in ("RSA", "EC") and item.get("use", "sig") == "sig":
            try:
                found.append(import_key(item))
            except (JoseError, ValueError, TypeError, KeyError):
                continue  # a key that nobody can use hides no other
    return found


def read_id_token(text: str, keys: Sequence[Key], client: Client, nonce: str, now: float) -> Person:
    """Whom an id token names, once it is checked. Raises `RefusedError`."""
    claims = _check_signature(text, keys)
    reason = find_fault(claims, client, nonce, now)
    if reason:
        raise RefusedError(reason)
    methods = claims.get("amr")
    names = [claims.get(name) for name in ("preferred_username", "name", "nickname")]
    mail = claims.get("email") if claims.get("email_verified") is True else None
    return Person(
        subject=str(claims["sub"]),
        name=next((name for name in names if isinstance(name, str) and name.strip()), "")[:200],
        mail=mail if isinstance(mail, str) else "",
        has_factor=isinstance(methods, list)
        and any(method in FACTORS for method in methods if isinstance(method, str)),
    )


def find_fault(claims: Document, client: Client, nonce: str, now: float) -> str:
    """Which rule the claims of an id token break, in a word; empty if they are fine (Core 3.1.3.7)."""
    audience, subject, party = claims.get("aud"), claims.get("sub"), claims.get("azp")
    parties = [audience] if isinstance(audience, str) else audience
    expires, issued, begins = (claims.get(name) for name in ("exp", "iat", "nbf"))
    said = claims.get("nonce")
    if claims.get("iss") != client.issuer:
        return "issuer"
    if not isinstance(parties, list) or client.id not in parties:
        return "audience"
    if (party is not None or len(parties) > 1) and party != client.id:
        return "authorized-party"
    if not _is_number(expires) or expires <= now - LEEWAY:
        return "expired"
    if not _is_number(issued) or not now - FRESH - LEEWAY <= issued <= now + LEEWAY:
        return "issued"
    if begins is not None and (not _is_number(begins) or begins > now + LEEWAY):
        return "not-yet"
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(errors="replace"), nonce.encode()):
        return "nonce"
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT:
        return "subject"
    return ""


def _check_signature(text: str, keys: Sequence[Key]) -> Document:
    """The claims of a token that one of the keys has signed. Raises `RefusedError`."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        header = jws.extract_compact(text.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise RefusedError("form") from error
    if header.get("alg") not in ALGORITHMS:
        raise RefusedError("algorithm")
    wanted = "EC" if str(header["alg"]).startswith("ES") else "RSA"
    for key in keys:
        if key.key_type != wanted or ("kid" in header and key.kid not in (None, header["kid"])):
            continue
        try:
            claims = json.loads(jws.deserialize_compact(text, key, algorithms=list(ALGORITHMS)).payload)
        except (JoseError, ValueError, TypeError):
            continue  # another may have signed it
        if isinstance(claims, dict):
            return claims
    raise RefusedError("signature")


def _name_error(code: object) -> str:
    """What a provider calls an error, if it is one of the codes of RFC 6749."""
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else "error"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_safe(address: str) -> bool:
    """Whether an address is encrypted, or of this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))
    )


def _receive(response: Response, **_: object) -> Response:
    """Read an answer within the bounds. Raises `OSError`."""
    until, received = time.monotonic() + _SECONDS, bytearray()
    while piece := response.raw.read1(1 << 14, decode_content=True):
        received += piece
        if len(received) > _MOST_BYTES or time.monotonic() > until:
            response.close()
            raise OSError("the answer is too large or too slow")
    response._content = bytes(received)
    return response
