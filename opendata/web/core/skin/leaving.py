"""The way to other sites: a page of ours names them first, unless they are the operator's own.

The address is signed, so nobody else can make a link of ours that leads to where they want.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from hashlib import sha256
from urllib.parse import urlsplit

from flask import current_app, request, url_for

from opendata.domain.site.links import is_own_site
from opendata.metadata.text import is_web_address
from opendata.web.core.instance import services

_SIGN_LETTERS = 32


def leave(address: str) -> str:
    """What a link to an address leads to: the address itself, or the page that names it first."""
    address = f"https:{address}" if address.startswith("//") else address
    if is_near(address):
        return address
    return url_for("site_public.show_leave", to=address, sign=sign(address))


def is_near(address: str) -> bool:
    """Whether no notice is needed: the site is ours, the operator's own, or it isn't a web address."""
    if not is_web_address(address):
        return True
    ours = [urlsplit(f"//{request.host}").hostname or "", urlsplit(services().settings.base_url).hostname or ""]
    return is_own_site(address, [*ours, *services().identity.list_own_sites()])


def sign(address: str) -> str:
    """The proof that we made the link."""
    return _sign(str(current_app.secret_key), address)


@lru_cache(maxsize=4096)
def _sign(secret: str, address: str) -> str:
    return hmac.new(secret.encode(), f"leave\n{address}".encode(errors="replace"), sha256).hexdigest()[:_SIGN_LETTERS]


def is_signed(address: str, proof: str) -> bool:
    """Whether we made a link."""
    return hmac.compare_digest(sign(address).encode(), proof.encode(errors="replace"))
