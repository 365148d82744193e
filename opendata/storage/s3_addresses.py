"""Addresses of objects with a signature, under which anyone may fetch one of them for a while.

Source: AWS Signature Version 4, "Authenticating Requests: Using Query Parameters".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from opendata.storage.s3_client import S3Place


def sign(place: S3Place, key: str, seconds: int, answers: dict[str, str], now: datetime | None = None) -> str:
    """The address of an object, good for so many seconds. `answers` are headers that the store is to answer with."""
    access = place.access
    now = now or datetime.now(UTC)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{access.region}/s3/aws4_request"
    name = f"{place.prefix}/{key}" if place.prefix else key
    scheme, host, path, _, _ = urlsplit(place.base)
    path = quote(f"{path}/{name}", safe="/~")
    asked = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{access.key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
        **{f"response-{name.lower()}": value for name, value in answers.items() if value},
    }
    query = "&".join(f"{quote(name, safe='~')}={quote(asked[name], safe='~')}" for name in sorted(asked))
    canonical = "\n".join(("GET", path, query, f"host:{host}\n", "host", "UNSIGNED-PAYLOAD"))
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = f"AWS4{access.secret}".encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    return f"{scheme}://{host}{path}?{query}&X-Amz-Signature={hmac.new(secret, text.encode(), 'sha256').hexdigest()}"
