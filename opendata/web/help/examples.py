"""How an operation is called: from a shell with curl, and from Python with requests."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PLACES = {
    "dataset": "reservoirs",
    "version": "1.0.0",
    "resource": "levels",
    "publisher": "water-bureau",
    "schema": "reservoir",
    "draft": "9f2c1e7ab04d",
    "upload": "9f2c1e7ab04d",
    "grant": "5b1d09c2",
    "token": "12",
    "source": "city-portal",
    "sender": "next-district",
    "platform": "city",
    "record": "0b4c4e61-558c-4165-8d18-aea320378137",
    "registration": "12",
    "webhook": "4f1c0e9a7b2d4c6e8f0a1b3c5d7e9f01",
    "obligation": "12",
    "rule": "n28",
    "year": "2026",
}
"""Examples of what a path names."""

_HEADERS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "1048576",
    "Upload-Offset": "0",
    "Idempotency-Key": "reservoirs-2026-10",
}
"""Headers that an example sends; others are sent only where somebody needs them."""

_FORM = {"file": "levels.csv", "schema": "reservoir@1.0.0"}
_BYTES = "application/offset+octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request of an example. `body` is what is sent as JSON."""

    method: str
    address: str
    path: str
    headers: Sequence[str]
    is_paged: bool
    needs_token: bool
    media_type: str
    body: Any

    @property
    def url(self) -> str:
        """The address with examples in the places of its path."""
        path = self.path
        for name, value in PLACES.items():
            path = path.replace(f"{{{name}}}", value)
        return self.address + path

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """The headers beside the token and the media type."""
        return {name: _HEADERS[name] for name in self.headers if name in _HEADERS}


def write_curl(call: Call) -> str:
    """The command of a shell."""
    words = ["curl"] if call.method == "GET" else ["curl", "-X", call.method]
    url = f"{call.url}?limit=10" if call.is_paged else call.url
    lines = [" ".join([*words, shlex.quote(url)])]
    if call.needs_token:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.sent_headers.items()]
    if call.body is not None:
        lines.append(f"-H {shlex.quote(f'Content-Type: {call.media_type}')}")
        lines.append(f"-d {shlex.quote(json.dumps(call.body, ensure_ascii=False))}")
    elif call.media_type == "multipart/form-data":
        lines += [f"-F {name}={'@' if name == 'file' else ''}{value}" for name, value in _FORM.items()]
    elif call.media_type:
        lines += [f"-H {shlex.quote(f'Content-Type: {_BYTES}')}", "--data-binary @levels.csv"]
    return " \\\n  ".join(lines)


def write_python(call: Call) -> str:
    """A program of a few lines."""
    headers = dict(call.sent_headers)
    arguments = [_write_text(call.url)]
    if call.is_paged:
        arguments.append('params={"limit": 10}')
    if call.body is not None:
        headers = {"Content-Type": call.media_type, **headers} if call.media_type != "application/json" else headers
        arguments.append(f"json={_write_value(call.body)}")
    elif call.media_type == "multipart/form-data":
        arguments += ['files={"file": open("levels.csv", "rb")}', f'data={{"schema": "{_FORM["schema"]}"}}']
    elif call.media_type:
        headers = {"Content-Type": _BYTES, **headers}
        arguments.append('data=open("levels.csv", "rb")')
    shown = [f'"{name}": "{value}"' for name, value in headers.items()]
    if call.needs_token:
        shown.insert(0, '"Authorization": f"Bearer {token}"')
    if shown:
        arguments.append(f"headers={{{', '.join(shown)}}}")
    lines = ["import requests", ""]
    if call.needs_token:
        lines.append('token = "odt_…"')
    lines += [f"answer = requests.{call.method.lower()}(", *(f"    {item}," for item in arguments), ")"]
    return "\n".join([*lines, "answer.raise_for_status()", "print(answer.text)"])


def _write_text(text: str) -> str:
    """A text as Python has it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _write_value(value: Any) -> str:
    """A value of JSON as Python has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_write_text(key)}: {_write_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_write_value, value)) + "]"
    return _write_text(value) if isinstance(value, str) else repr(value)
