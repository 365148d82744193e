"""A provider of OpenID Connect as a process on loopback: it signs in whom a test names, and errs as a test tells it.

    GET  /.well-known/openid-configuration, /keys
    GET  /authorize    leads back at once, with a code for the person that `/control` named
    POST /token        PKCE, secret and redirect address are checked as a provider checks them
    GET  /logout       leads back
    POST /control      a JSON object: `person` (claims), `claims` (put over those of the id token), `sign`, `cancel`,
                       `rotate`, `slow` (seconds before a token comes)

Source: OpenID Connect Core 1.0, RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT, SECRET = "portal", "s3cret/ of the portal"


class Provider:
    """What the provider knows."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.codes: dict[str, dict[str, str]] = {}
        self.number = 0
        self.tell({"rotate": True})
        self.told: dict[str, Any] = {}

    def tell(self, told: dict[str, Any]) -> None:
        self.told = {"person": {"sub": "248289761001"}, **told}
        if told.get("rotate"):
            self.number += 1
            self.key = RSAKey.generate_key(2048, {"kid": f"key-{self.number}", "use": "sig"})

    def describe(self) -> dict[str, Any]:
        found = {name: f"{self.issuer}/{path}" for name, path in ADDRESSES.items()}
        return {**found, "issuer": self.issuer, "code_challenge_methods_supported": ["S256"]}

    def list_keys(self) -> dict[str, Any]:
        broken = {"kty": "RSA", "kid": "broken"}
        return {"keys": [broken, ECKey.generate_key("P-256").as_dict(private=False), self.key.as_dict(private=False)]}

    def authorize(self, asked: dict[str, str]) -> str:
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        if self.told.get("cancel"):
            said = {"error": self.told["cancel"]}
        else:
            said = {"code": secrets.token_urlsafe(16)}
            self.codes[said["code"]] = asked
        return f"{asked['redirect_uri']}?{urlencode({**said, 'state': asked['state'], 'iss': self.issuer})}"

    def redeem(self, form: dict[str, str], basic: str) -> tuple[int, dict[str, Any]]:
        user, _, password = base64.b64decode(basic.removeprefix("Basic ")).decode().partition(":")
        if (user, password) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        time.sleep(self.told.get("slow", 0))
        token = self.sign(asked["nonce"])
        return 200, {"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": token}

    def sign(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= self.told["person"] | self.told.get("claims", {})
        if self.told.get("sign") == "none":
            parts = ({"alg": "none"}, claims)
            written = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
            return ".".join(written) + "."
        if self.told.get("sign") == "secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.encode()), algorithms=["HS256"])
        key = RSAKey.generate_key(2048) if self.told.get("sign") == "other" else self.key
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key)


ADDRESSES = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "jwks_uri": "keys",
    "end_session_endpoint": "logout",
}


class Handler(BaseHTTPRequestHandler):
    """Answers requests of the person's browser and of the portal."""

    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = dict(parse_qsl(parts.query))
        if parts.path == "/.well-known/openid-configuration":
            self._send(200, self.provider.describe())
        elif parts.path == "/keys":
            self._send(200, self.provider.list_keys())
        elif parts.path == "/authorize":
            self._lead(self.provider.authorize(asked))
        elif parts.path == "/logout":
            self._lead(asked["post_logout_redirect_uri"])
        else:
            self._send(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/control":
            self.provider.tell(json.loads(body))
            self._send(200, {})
        else:
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*self.provider.redeem(form, self.headers.get("Authorization", "")))

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing."""

    def _send(self, status: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _lead(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.provider = Provider(f"http://127.0.0.1:{server.server_port}")
    print(Handler.provider.issuer, flush=True)
    sys.stdout.close()
    server.serve_forever()
