"""A dataset whose life a machine lives: seven people, who may have what of it, and how they ask by page and by REST."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient
from hypothesis.stateful import RuleBasedStateMachine
from werkzeug.test import TestResponse

from opendata.metadata.versions import parse_version
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from opendata.wiring import build_services
from tests.api.conftest import Caller
from tests.instances import lend_app, make_services, make_tables
from tests.services.work.test_privacy_gate import DECISIONS
from tests.web.conftest import PASSWORD, Portal, find_token, send

PEOPLE = {
    "nobody": ("", None),
    "reader": ("reader", None),
    "holder": ("reader", None),
    "clerk": ("editor", "water-bureau"),
    "second": ("editor", "water-bureau"),
    "stranger": ("editor", "road-bureau"),
    "boss": ("maintainer", None),
}
EDITORS = ("clerk", "second", "boss")
REACH = {"closed": 0, "conditional": 1, "open": 2}
WHY, LAW = "涉及国家秘密", "政府信息公开条例第十四条"
MARK = re.compile(r"mark-\d{4}-x")
"""A cell of each table that was ever sent: no two have the same."""

WEB, REST, WORK = "/datasets/lakes", "/datasets/lakes", "/workspace/datasets/lakes"


@dataclass
class Edition:
    """A version: the mark in each of its tables, and whether it is there to be read."""

    tables: dict[str, str]
    is_stopped: bool = False
    is_withdrawn: bool = False

    @property
    def stands(self) -> bool:
        return not (self.is_stopped or self.is_withdrawn)


@dataclass
class Draft:
    """The draft under way: what was sent, the version it starts from, and who has a part in it."""

    id: str
    base: str | None
    sent: dict[str, str]
    decided: int
    parts: set[str]
    state: str = "valid"
    digest: str = ""

    @property
    def is_decided(self) -> bool:
        return "roll" not in self.sent or self.decided == len(DECISIONS["columns"])


@dataclass
class Given:
    """A grant: whose it is, and its last day."""

    id: str
    name: str
    until: date
    is_ended: bool = False


@dataclass
class Clock:
    """The clock of the instance, which the machine puts forward."""

    now: datetime = field(default_factory=read_clock)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class Life(RuleBasedStateMachine):
    """One dataset under two-person review and what the model knows of it; its rules are where it is tested."""

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.clock = ExitStack(), Clock()
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "instance"
        ages = 24 * 365 * 10  # the clock jumps over days, and nobody signs in again
        first = make_services(home, review="two-person", session_hours=ages, session_idle_minutes=ages * 60)
        first.database.dispose()
        self.services = build_services(first.settings, clock=self.clock)
        self.stack.callback(self.services.database.dispose)
        make_tables(self.services)
        self.services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
        app = self.stack.enter_context(lend_app(self.services))
        app.config["PROPAGATE_EXCEPTIONS"] = False
        portal = Portal(self.services, app)
        self.clients: dict[str, FlaskClient] = {}
        self.callers: dict[str, Caller] = {}
        self.tokens: dict[str, str] = {}
        for name, (role, publisher) in PEOPLE.items():
            if role:
                roles = ("editor", "reviewer") if role == "editor" else role
                self.services.accounts.create_user(name, PASSWORD, roles, publisher)
            token = self.services.accounts.create_token(name)[0] if role else None
            self.callers[name] = Caller(app.test_client(), self.services, token)
            self.clients[name] = portal.signed_in(name) if role else portal.client()
            self.tokens[name] = find_token(self.clients[name].get("/account" if role else "/sign-in").text)
        made = send(self.clients["clerk"], "/workspace/datasets/new", {**self.describe("open"), "id": "lakes"})
        assert made.status_code == 303, made.text
        self.in_force, self.proposers, self.deciders = "open", set[str](), set[str]()
        self.proposed: str | None = None
        self.is_listed, self.kept_decisions, self.marks, self.steps = False, 0, 0, 0
        self.versions: dict[str, Edition] = {}
        self.draft: Draft | None = None
        self.grants: list[Given] = []
        self.looked: dict[Path, set[str]] = {}

    def teardown(self) -> None:
        self.stack.close()

    # ------------------------------------------------------------------------------------------------------ the model

    @property
    def ahead(self) -> str:
        """The disclosure that the next version will have."""
        return self.proposed or self.in_force

    @property
    def latest(self) -> str | None:
        standing = [version for version, edition in self.versions.items() if edition.stands]
        return max(standing, key=lambda version: parse_version(version) or (0, 0, 0), default=None)

    @property
    def today(self) -> date:
        return self.clock.now.astimezone(ZoneInfo(self.services.settings.timezone)).date()

    def may_have(self, name: str, version: str) -> bool:
        if not self.versions[version].stands:
            return False
        has_grant = any(item.name == name and not item.is_ended and self.today <= item.until for item in self.grants)
        return self.in_force == "open" or (self.in_force == "conditional" and (name in EDITORS or has_grant))

    def list_public_marks(self) -> set[str]:
        public = [edition for version, edition in self.versions.items() if self.may_have("nobody", version)]
        return {mark for edition in public for mark in edition.tables.values()}

    def publishes_entry_only(self, draft: Draft) -> bool:
        return self.ahead == "closed" or (draft.base is None and not draft.sent and self.is_listed)

    def may_be_published(self, draft: Draft) -> bool:
        is_new = self.proposed is not None or not self.is_listed
        if self.publishes_entry_only(draft) and is_new and not draft.sent:
            return True
        return self.ahead != "closed" and bool(draft.sent or draft.base)  # it needs a table

    # -------------------------------------------------------------------------------------------------- how one asks

    def ask(
        self, name: str, way: str, rest: str, body: Any, page: str, form: dict[str, Any], method: str = "POST"
    ) -> bool:
        """Ask for something, by REST or by a form; whether it was done."""
        if way == "rest":
            return self.is_done(self.callers[name].send(method, rest, json=body))
        values = {**form, "csrf_token": self.tokens[name]}
        return self.is_done(self.clients[name].post(page, data=values, content_type="multipart/form-data"))

    def is_done(self, answer: TestResponse) -> bool:
        assert answer.status_code in (200, 201, 202, 303, 401, 403, 404, 409, 410, 422), answer.status
        return answer.status_code < 400 and "/sign-in" not in answer.headers.get("Location", "")

    def step(self, name: str, way: str, verb: str, body: Any, form: dict[str, Any], states: set[str]) -> bool:
        """Take a step with the draft; whether it was taken, as the model says by the `states` it may start from."""
        assert self.draft is not None
        place = f"/drafts/{self.draft.id}/{verb}"
        before = self.services.drafts.get(SYSTEM, self.draft.id).revision
        said = self.ask(name, way, place, body, f"/workspace{place}", form)
        is_taken = self.services.drafts.get(SYSTEM, self.draft.id).revision != before
        assert said or not is_taken
        assert way == "page" or said == is_taken  # some pages go back to the draft and say there why not
        assert is_taken == (name in EDITORS and self.draft.state in states), (name, way, verb, self.draft)
        return is_taken

    def describe(self, disclosure: str) -> dict[str, str]:
        """The form of the dataset's metadata."""
        why = {} if disclosure == "open" else {"reason": WHY, "legal_basis": LAW}
        return {"title_zh": "湖泊", "license": "CC-BY-4.0", "disclosure": disclosure, **why}
