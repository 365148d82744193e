"""Addresses: rules that learn to build one when the first one is wanted, and an application that remembers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, has_request_context
from flask.globals import request_ctx
from werkzeug.routing import Rule

from opendata.web.core.skin.care import find_carried
from opendata.web.delivery.compiling import TongueEnvironment

_PLAIN = (str, int)
_NO_OPTIONS = (None, None, None, None)
_KNOWN = "opendata_known"
_MOST = 20_000
"""So many addresses are remembered."""


class LateRule(Rule):
    """A rule. Werkzeug compiles two functions for each as it is added, most of what an application costs to make."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: LateRule, /, **values: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(super(LateRule, rule)._compile_builder(append_unknown))
            return compiled[0](rule, **values)

        return build


class Portal(Flask):
    """An application that remembers the addresses it has built: a page has nearly a hundred of them."""

    jinja_environment = TongueEnvironment  # type: ignore[assignment]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._built: dict[tuple[str, str, str], dict[tuple[Any, ...], str]] = {}
        self._count = 0

    def url_for(
        self,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """The address of an endpoint with these values: within a request without the host, unless `_external`."""
        is_plain = (_anchor, _method, _scheme, _external) == _NO_OPTIONS and endpoint[:1] != "."
        for value in values.values():
            if type(value) not in _PLAIN:
                is_plain = False
        known = self._find_known() if is_plain else None
        if known is None:
            return super().url_for(
                endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
            )
        key = (endpoint, *values.items())
        found = known.get(key)
        if found is None:
            found = super().url_for(endpoint, **values)
            if self._count >= _MOST:
                self._built.clear()
                self._count = 0
            known[key] = found
            self._count += 1
        return found

    def _find_known(self) -> dict[tuple[Any, ...], str] | None:
        """What was built for requests like the one at hand; None without one."""
        if not has_request_context():
            return None
        at_hand = cast("Any", request_ctx)._get_current_object()
        found: dict[tuple[Any, ...], str] | None = at_hand.__dict__.get(_KNOWN)
        if found is None and at_hand.url_adapter is not None:
            adapter = at_hand.url_adapter
            key = adapter.script_name, adapter.subdomain or "", find_carried()
            found = at_hand.__dict__[_KNOWN] = self._built.setdefault(key, {})
        return found
