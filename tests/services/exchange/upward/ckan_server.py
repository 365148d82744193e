"""A small, strict CKAN: its Action API for packages, with users, organizations, deleted packages and bad days.

Source: ckan/logic/action, ckan/logic/schema.py, ckan/views/api.py.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "the-token"
_NAME = re.compile(r"[a-z0-9_-]{2,100}")
_TAG = re.compile(r"[\w \-.]{2,100}")
_KNOWN = {
    *("id", "name", "title", "notes", "url", "version", "type", "state", "private", "license_id", "author"),
    *("maintainer", "maintainer_email", "owner_org", "tags", "extras", "resources"),
}


@dataclass
class Ckan:
    """What it has. `days`: what happens to the next calls, `deaf` for one done without an answer, or a status."""

    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    days: list[str | int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    token: str = TOKEN
    refused_title: str = ""
    url: str = ""

    @property
    def live(self) -> list[dict[str, Any]]:
        return [item for item in self.packages.values() if item["state"] == "active"]

    def find(self, name: object) -> dict[str, Any] | None:
        return next((item for item in self.packages.values() if name in (item["id"], item["name"])), None)

    def call(self, action: str, said: Mapping[str, Any], token: str) -> tuple[int, Any]:
        """The status and the body of an answer."""
        if action not in ("package_create", "package_update", "package_delete", "package_show", "package_search"):
            return 400, f"Bad request: Action name not known: {action}"
        writes = action not in ("package_show", "package_search")
        if token != self.token and writes:
            return 403, _fail("Authorization Error", message="Access denied: User is not authorized")
        if action == "package_search":
            return 200, self._search(said)
        if action == "package_create":
            return self._create(said)
        found = self.find(said.get("id"))
        if found is None or (action == "package_show" and found["state"] == "deleted" and token != self.token):
            return 404, _fail("Not Found Error", message="Not found")
        if action == "package_show":
            return 200, _succeed(found)
        if action == "package_delete":
            found["state"] = "deleted"
            return 200, _succeed(None)
        faults = self._check(said, found["id"])
        if faults:
            return 409, _fail("Validation Error", **faults)
        self.packages[found["id"]] = {**said, "id": found["id"]}
        return 200, _succeed(self.packages[found["id"]])

    def _create(self, said: Mapping[str, Any]) -> tuple[int, Any]:
        faults = self._check(said, None)
        if "id" in said:
            faults["id"] = ["Only sysadmins can set the id"]
        if faults:
            return 409, _fail("Validation Error", **faults)
        made = {**said, "id": str(uuid.uuid4())}
        self.packages[made["id"]] = made
        return 200, _succeed(made)

    def _check(self, said: Mapping[str, Any], own: str | None) -> dict[str, list[str]]:
        faults: dict[str, list[str]] = {}
        strange = set(said) - _KNOWN
        if strange:
            faults["junk"] = sorted(strange)
        if not _NAME.fullmatch(str(said.get("name", ""))):
            faults["name"] = ["Must be purely lowercase alphanumeric (ascii) characters and these symbols: -_"]
        elif any(item["name"] == said["name"] and item["id"] != own for item in self.packages.values()):
            faults["name"] = ["That URL is already in use."]
        if said.get("owner_org") != "district":
            faults["owner_org"] = ["Organization does not exist"]
        if self.refused_title and said.get("title") == self.refused_title:
            faults["title"] = ["This title is not allowed"]
        keys = [item["key"] for item in said.get("extras", ())]
        if len(keys) != len(set(keys)) or not all(isinstance(item["value"], str) for item in said.get("extras", ())):
            faults["extras"] = ["There is a schema field with the same name"]
        if not all(set(item) == {"name"} and _TAG.fullmatch(item["name"]) for item in said.get("tags", ())):
            faults["tags"] = ["Tag must be alphanumeric"]
        for item in said.get("resources", ()):
            if not str(item.get("url", "")).startswith("http") or not item.get("format"):
                faults["resources"] = ["Missing value"]
        return faults

    def _search(self, said: Mapping[str, Any]) -> Any:
        assert said["fq"] == 'organization:"district" OR owner_org:"district"', said
        found = sorted(self.live, key=lambda item: item["id"])
        start, rows = said.get("start", 0), said.get("rows", 10)
        return _succeed({"count": len(found), "results": found[start : start + rows]})


def _succeed(result: Any) -> Any:
    return {"help": "…", "success": True, "result": result}


def _fail(kind: str, **said: Any) -> Any:
    return {"help": "…", "success": False, "error": {"__type": kind, **said}}


def serve(ckan: Ckan) -> tuple[ThreadingHTTPServer, Thread]:
    """Serve it on a port of its own until the server is shut down."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            action = self.path.rpartition("/")[2]
            ckan.calls.append(action)
            day = ckan.days.pop(0) if ckan.days else ""
            if isinstance(day, int):
                self._answer(day, b"<html>Bad gateway</html>", "text/html")
                return
            status, found = ckan.call(action, json.loads(body), self.headers.get("Authorization", ""))
            if day == "deaf":
                with closing(self.connection):
                    return
            self._answer(status, json.dumps(found).encode(), "application/json;charset=utf-8")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ckan.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    return server, thread
