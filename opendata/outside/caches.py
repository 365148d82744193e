"""Telling the caches in front of the portal that something is gone (`OPENDATA_PURGE_URL`)."""

from __future__ import annotations

from opendata.errors import N_, BackendError
from opendata.settings import Settings

_SECONDS = 10


def purge_caches(settings: Settings, prefix: str) -> None:
    """Ask that everything below a path be forgotten: a POST with `{"prefix": "/datasets/…/"}`.

    If you run a CDN, translate it into that CDN's own call. Raises `BackendError` if the answer is not 2xx; nothing
    happens if no address is set.
    """
    if not settings.purge_url:
        return
    import requests

    try:
        answer = requests.post(settings.purge_url, json={"prefix": prefix}, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise BackendError(N_("The caches aren't responding: %(reason)s"), reason=type(error).__name__) from error
    if not answer.ok:
        raise BackendError(N_("The caches aren't responding: %(reason)s"), reason=answer.status_code)
