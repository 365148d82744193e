"""Random lives of a dataset, by page and by REST, against a model: nobody has what they may not have, ever."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run
from werkzeug.test import TestResponse

from opendata.domain.review.checklist import Check
from opendata.services.core.actors import SYSTEM
from tests.services.work.test_privacy_gate import DECISIONS, ROLL, SECRETS
from tests.web.gate_model import EDITORS, LAW, MARK, PEOPLE, REACH, REST, WEB, WHY, WORK, Draft, Edition, Given, Life

WHO = st.sampled_from([*EDITORS * 2, *PEOPLE])
WAY = st.sampled_from(["page", "rest"])
TABLE = st.sampled_from(["levels", "roll", "nothing"])
MEANWHILE = st.sampled_from(["nothing", "nothing", "change", "stop"])
WANTED = st.sampled_from([*REACH, "conditional"])

PUBLIC = (
    *("/", "/datasets", WEB, f"{WEB}.json", f"{WEB}/versions", f"{WEB}/feed.atom", "/feed.atom", "/sitemap.xml"),
    *("/data.json", "/dcat-us-3.json", "/feed.json", "/llms.txt", f"{WEB}.linkset.json", f"{WEB}/feed.json"),
    *("/iceberg/v1/namespaces/lakes/tables/levels", "/iceberg/v1/namespaces/lakes/tables/roll"),
    *("/publishers/water-bureau", f"{WEB}/latest/", f"/api/v1{REST}", f"/api/v1{REST}/versions", "/api/v1/datasets"),
)
OF_VERSION = (
    *("", "datapackage.json", "datapackage.zip", "levels.report.json", "roll.report.json", "levels.jsonl"),
    *("levels.csv?since=1.0.0", "suspension.json", "withdrawal.json", "roll.schema.json"),
    *("index.linkset.json",),
)


class Lives(Life):
    """What people do, one draft at a time: all that is refused, or done, is what the model says."""

    # ----------------------------------------------------------------------------------------------------- the draft

    @initialize(
        way=WAY,
        wanted=st.sampled_from(["open", "conditional"] * 3 + ["closed"]),
        table=st.sampled_from(["levels", "roll"]),
        is_published=st.sampled_from([True] * 5 + [False]),
    )
    def begin(self, way: str, wanted: str, table: str, is_published: bool) -> None:
        self.change_disclosure("clerk", way, wanted, True)
        self.upload("clerk", way, "nothing" if wanted == "closed" else table)
        if is_published and self.draft is not None:
            self.carry_through(way, "clerk", "nothing", 3)

    @rule(name=WHO, way=WAY, table=TABLE)
    def upload(self, name: str, way: str, table: str) -> None:
        if self.draft is not None and name in EDITORS:
            return
        self.marks += 1
        mark = f"mark-{self.marks:04}-x"
        text = {"levels": f"code,lake,level\nA001,{mark},12.5\nA002,西湖,3\n", "roll": ROLL.replace("甲镇", mark)}
        sent = {} if table == "nothing" else {table: mark}
        files = [(f"{item}.csv", io.BytesIO(text[item].encode())) for item in sent]
        options = json.dumps([{"file": f"{item}.csv", "name": item} for item in sent])
        parts: dict[str, Any]
        if way == "rest":
            parts = {"file": [(stream, file) for file, stream in files], "resources": options}
            path = f"{REST}/drafts"
            answer = self.callers[name].post(path, data=parts, content_type="multipart/form-data")
        else:
            chosen = {"file_0": (files[0][1], files[0][0])} if files else {}
            parts = {**chosen, "name_0": "".join(sent), "csrf_token": self.tokens[name]}
            answer = self.clients[name].post(f"{WORK}/upload", data=parts, content_type="multipart/form-data")
        can_be_empty = way == "rest" and (self.ahead == "closed" or self.is_listed)
        is_done = self.is_done(answer)
        assert is_done == (name in EDITORS and (bool(sent) or can_be_empty)), (name, way, table, answer.status)
        if is_done:
            draft = answer.headers["Location"].rsplit("/", 1)[-1]
            self.services.work.run_to_end(draft)
            deciders = self.deciders if "roll" in sent else ()  # of what applies to it again
            self.draft = Draft(draft, self.latest, sent, self.kept_decisions, {name, *self.proposers, *deciders})

    @rule(name=WHO, way=WAY, count=st.sampled_from([0, 2, 3, 3]))
    @precondition(lambda self: self.draft)
    def decide(self, name: str, way: str, count: int) -> None:
        assert self.draft is not None
        place, columns = f"/drafts/{self.draft.id}/resources/roll", DECISIONS["columns"][:count]
        form = {
            f"{key}_{number}": item[said]
            for number, item in enumerate(columns)
            for key, said in (("field", "field"), ("do", "treatment"), ("kind", "kind"))
        }
        body = {"decisions": {"columns": columns}}
        is_done = self.ask(name, way, place, body, f"/workspace{place}/privacy", form, "PATCH")
        can = name in EDITORS and "roll" in self.draft.sent and self.draft.state in ("valid", "returned")
        assert is_done == can, (name, way, self.draft)
        if is_done:
            self.services.work.run_to_end(self.draft.id)
            self.draft.decided = self.kept_decisions = count
            self.deciders = {name} if count else set()
            self.draft.state = "valid"
            self.draft.parts.add(name)

    @rule(name=WHO, way=WAY)
    @precondition(lambda self: self.draft)
    def submit(self, name: str, way: str) -> None:
        assert self.draft is not None
        can = self.draft.is_decided and self.may_be_published(self.draft)
        said = {"reason": "已核对", "breaking": "口径改变"}
        if self.step(name, way, "submit", said, said, {"valid", "returned"} if can else set()):
            self.draft.state = "submitted"
            self.draft.parts.add(name)
            self.draft.digest = str(self.services.drafts.get(SYSTEM, self.draft.id).digest)

    @rule(name=WHO, way=WAY)
    @precondition(lambda self: self.draft)
    def approve(self, name: str, way: str) -> None:
        assert self.draft is not None
        if self.step(name, way, "approve", {}, {}, set() if name in self.draft.parts else {"submitted"}):
            self.draft.state = "approved"

    @rule(name=WHO, way=WAY)
    @precondition(lambda self: self.draft)
    def return_(self, name: str, way: str) -> None:
        assert self.draft is not None
        said = {"comment": "再看一遍"}
        if self.step(name, way, "return", said, said, {"submitted", "approved"}):
            self.draft.state = "returned"

    @rule(name=WHO, way=WAY)
    @precondition(lambda self: self.draft)
    def discard(self, name: str, way: str) -> None:
        if self.step(name, way, "discard", None, {"confirm": "1"}, {"valid", "returned", "submitted", "approved"}):
            self.draft = None

    @rule(name=WHO, way=WAY, meanwhile=MEANWHILE)
    @precondition(lambda self: self.draft)
    def publish(self, name: str, way: str, meanwhile: str) -> None:
        assert self.draft is not None
        if not self.step(name, way, "publish", None, {}, {"approved"}):
            return
        if meanwhile == "change":
            self.change_disclosure("clerk", "rest", "conditional" if self.ahead == "open" else "open", True)
        elif meanwhile == "stop" and self.latest:
            self.suspend("clerk", "rest", list(self.versions).index(self.latest))
        self.services.work.run_to_end(self.draft.id)
        if self.draft.state != "approved":
            return
        if self.draft.base != self.latest:
            self.draft.state, self.draft.base = "returned", self.latest
            return
        self.note_publication(self.draft)
        self.draft = None

    def note_publication(self, draft: Draft) -> None:
        """Put into the model what publication makes of a draft, and look at what was signed."""
        found = self.services.drafts.get(SYSTEM, draft.id)
        assert found.status == "published"
        is_entry, base = self.publishes_entry_only(draft), self.versions.get(draft.base or "")
        if REACH[self.ahead] < REACH[self.in_force]:
            for edition in self.versions.values():
                edition.is_withdrawn = True
        self.in_force, self.proposed, self.proposers, self.is_listed = self.ahead, None, set(), True
        is_new = found.version is not None and found.version not in self.versions
        assert not is_new if is_entry else is_new or not draft.sent
        if not is_new:
            return
        version = str(found.version)
        self.versions[version] = Edition({**(base.tables if base else {}), **draft.sent})
        manifest = self.services.versions.get_manifest("lakes", version)
        assert manifest.approval is not None
        assert manifest.approval["digest"] == found.digest == draft.digest
        assert {item["check"] for item in manifest.approval["checks"]} == set(Check)
        assert found.approver not in draft.parts
        assert not {item.by for item in found.checks if item.in_force} & draft.parts
        assert {item.name for item in manifest.tables} == set(self.versions[version].tables) != set()
        for table in manifest.tables:
            treated = {item["field"] for item in (table.privacy or {}).get("columns", ())}
            assert treated == ({item["field"] for item in DECISIONS["columns"]} if table.name == "roll" else set())

    @rule(way=WAY, other=WHO, meanwhile=MEANWHILE, count=st.sampled_from([1, 2, 3, 3]))
    @precondition(lambda self: self.draft)
    def carry_through(self, way: str, other: str, meanwhile: str, count: int) -> None:
        """Take some of the stages to publication, as those who may do it would; at each another tries first."""
        assert self.draft is not None
        for name in (other, "clerk"):
            self.submit(name, way)
        if not self.draft.is_decided:
            self.decide("clerk", way, len(DECISIONS["columns"]))
            self.submit("clerk", way)
        for name in (other, *EDITORS):
            if count > 1:
                self.approve(name, way)
        for name in (other, "second"):
            if count > 2 and self.draft is not None:
                self.publish(name, way, meanwhile)

    @rule(way=WAY, wanted=WANTED, name=st.sampled_from(EDITORS), is_first=st.booleans(), table=TABLE)
    def disclose(self, way: str, wanted: str, name: str, is_first: bool, table: str) -> None:
        """Change the disclosure and publish that, the change before the upload or after it; its author approves."""
        if is_first:
            self.change_disclosure(name, way, wanted, True)
        self.upload("clerk", way, table)
        if not is_first:
            self.change_disclosure(name, way, wanted, True)
        if self.draft is not None:
            self.carry_through(way, name, "nothing", 3)

    # ------------------------------------------------------------------------------------- versions, the entry, grants

    @rule(name=WHO, way=WAY, index=st.integers(0, 9))
    @precondition(lambda self: self.versions)
    def suspend(self, name: str, way: str, index: int) -> None:
        if self.judge(name, way, index, "suspend", "stop", name in EDITORS, is_stopped=False):
            self.pick(index)[1].is_stopped = True

    @rule(name=WHO, way=WAY, index=st.integers(0, 9))
    @precondition(lambda self: any(item.is_stopped for item in self.versions.values()))
    def release(self, name: str, way: str, index: int) -> None:
        if self.judge(name, way, index, "release", "release", name == "boss", is_stopped=True):
            self.pick(index)[1].is_stopped = False

    @rule(name=WHO, way=WAY, index=st.integers(0, 9))
    @precondition(lambda self: self.versions)
    def withdraw(self, name: str, way: str, index: int) -> None:
        if self.judge(name, way, index, "withdraw", "withdraw", name == "boss", is_stopped=None):
            self.pick(index)[1].is_withdrawn = True

    def pick(self, index: int) -> tuple[str, Edition]:
        return list(self.versions.items())[index % len(self.versions)]

    def judge(
        self, name: str, way: str, index: int, verb: str, form: str, is_allowed: bool, is_stopped: bool | None
    ) -> bool:
        """Ask for a step with a version, which must be stopped, or not, or either."""
        version, edition = self.pick(index)
        said = {"reason": WHY}
        page = f"{WORK}/versions/{version}/{form}"
        is_done = self.ask(name, way, f"{REST}/versions/{version}/{verb}", said, page, {**said, "confirm": "1"})
        can = is_allowed and not edition.is_withdrawn and is_stopped in (None, edition.is_stopped)
        assert is_done == can, (name, way, verb, edition)
        return is_done

    @rule(name=WHO, way=WAY, wanted=WANTED, is_confirmed=st.sampled_from([True, True, False]))
    def change_disclosure(self, name: str, way: str, wanted: str, is_confirmed: bool) -> None:
        body = wanted if wanted == "open" else {"attribute": wanted, "reason": WHY, "legalBasis": LAW}
        form = self.describe(wanted) | ({"withdraws": "1"} if is_confirmed else {})
        is_done = self.ask(name, way, REST, {"disclosure": body}, f"{WORK}/edit", form, "PATCH")
        is_changed = wanted != self.ahead
        withdraws = is_changed and self.latest is not None and REACH[wanted] < REACH[self.in_force]
        can = name in EDITORS and not (withdraws and way == "page" and not is_confirmed)
        assert is_done == can, (name, way, wanted)
        if not is_done or not is_changed:
            return
        if self.is_listed:
            self.proposed = wanted if wanted != self.in_force else None
            self.proposers = {*self.proposers, name} if self.proposed else set()
        else:
            self.in_force = wanted
        if self.draft is not None:
            self.draft.parts.add(name)
            if self.draft.state in ("submitted", "approved"):
                self.draft.state = "returned"

    @rule(name=WHO, way=WAY, holder=st.sampled_from(["holder", "stranger"]), days=st.integers(0, 3))
    @precondition(lambda self: self.in_force == "conditional" or self.steps % 4 == 0)
    def give_grant(self, name: str, way: str, holder: str, days: int) -> None:
        until = self.today + timedelta(days=days)
        whose = {"account": "holder"} if holder == "holder" else {"publisher": "road-bureau"}
        said = {"holder": "甲大学", "purpose": "研究", "until": until.isoformat(), **whose}
        is_done = self.ask(name, way, f"{REST}/grants", said, f"{WORK}/grants", said)
        assert is_done == (name in EDITORS and self.in_force == "conditional"), (name, way, self.in_force)
        if is_done:
            known = {item.id for item in self.grants}
            listed = self.services.grants.list(SYSTEM, "lakes")
            self.grants += [Given(item.id, holder, until) for item in listed if item.id not in known]

    @rule(name=WHO, way=WAY, index=st.integers(0, 9))
    @precondition(lambda self: self.grants)
    def end_grant(self, name: str, way: str, index: int) -> None:
        grant = self.grants[index % len(self.grants)]
        said, place = {"reason": "协议终止"}, f"grants/{grant.id}/end"
        is_done = self.ask(name, way, f"{REST}/{place}", said, f"{WORK}/{place}", said)
        assert is_done == (name in EDITORS and not grant.is_ended), (name, way, grant)
        grant.is_ended = grant.is_ended or is_done

    @rule(days=st.integers(1, 3))
    @precondition(lambda self: self.grants)
    def let_time_pass(self, days: int) -> None:
        self.clock.now += timedelta(days=days)

    # ------------------------------------------------------------------------------------------------ what always holds

    @invariant()
    def rows_are_had_by_those_who_may_have_them(self) -> None:
        """Each asks for a table of each version, by token or session; one of them for its page or by REST."""
        self.steps += 1
        for number, (version, edition) in enumerate(self.versions.items()):
            table, place = list(edition.tables)[self.steps % len(edition.tables)], f"{WEB}/{version}/"
            for index, name in enumerate(PEOPLE):
                may, token = self.may_have(name, version), self.callers[name].token
                has_token = token is not None and (self.steps + index) % 2
                asked = self.clients["nobody" if has_token else name]
                headers = {"Authorization": f"Bearer {token}"} if has_token else {}
                self.look(asked.get(f"{place}{table}.csv", headers=headers), may, {edition.tables[table]})
                if (self.steps + number) % len(PEOPLE) == index:
                    self.look(self.clients[name].get(place), may, set(edition.tables.values()), edition)
                    self.look(self.callers[name].get(f"{REST}/versions/{version}"), False, set(), edition)

    def look(self, answer: TestResponse, may: bool, marks: set[str], edition: Edition | None = None) -> None:
        """Look at an answer, which has the marks if somebody may have them; what an `edition` is, all may know."""
        can = edition.stands if edition else may
        assert answer.status_code in ((200,) if can else (404, 410)), (answer.request.path, answer.status)
        if edition and not edition.stands and answer.is_json:
            assert (answer.json or {})["type"] == f"/problems/{'withdrawn' if edition.is_withdrawn else 'suspended'}"
        assert set(MARK.findall(answer.text)) == (marks if may else set()), answer.request.path
        assert not any(secret in answer.text for secret in SECRETS), answer.request.path

    @invariant()
    def outsiders_find_no_cell_that_is_not_public(self) -> None:
        """Three addresses at each step, others at the next; and the draft, for each who has nothing to do with it."""
        public = self.list_public_marks()
        addresses = [*PUBLIC, *(f"{WEB}/{version}/{rest}" for version in self.versions for rest in OF_VERSION)]
        addresses += [f"{WEB}/diff/1.0.0...{version}/levels.csv" for version in self.versions if version != "1.0.0"]
        chosen = [addresses[(self.steps * 3 + number) % len(addresses)] for number in range(3)]
        if self.draft is not None:
            chosen += [f"{place}/drafts/{self.draft.id}" for place in ("/workspace", "/api/v1")]
        for address in chosen:
            name = "nobody" if "/drafts/" not in address else ("nobody", "reader", "holder", "stranger")[self.steps % 4]
            asked = self.callers[name] if address.startswith("/api") else self.clients[name]
            answer = asked.get(address)
            assert answer.status_code < 500, address
            assert answer.status_code != 200 or "/drafts/" not in address
            assert set(MARK.findall(answer.text if answer.mimetype != "application/zip" else "")) <= public, address
            assert not any(secret in answer.text for secret in SECRETS if answer.mimetype != "application/zip")
        assert self.clients["nobody"].get(WEB).status_code == (200 if self.is_listed else 404)

    @invariant()
    def the_public_store_has_only_what_anybody_may_have(self) -> None:
        public = self.list_public_marks()
        for path in self.services.settings.public_folder.rglob("*"):
            if path.is_file():
                if path not in self.looked:  # what is in the store never changes
                    text = path.read_bytes().decode(errors="replace")
                    assert not any(secret in text for secret in SECRETS), path
                    self.looked[path] = set(MARK.findall(text))
                assert self.looked[path] <= public, path

    @invariant()
    def the_draft_is_what_the_model_says(self) -> None:
        if self.draft is not None:
            found = self.services.drafts.get(SYSTEM, self.draft.id)
            assert (str(found.status), not found.undecided) == (self.draft.state, self.draft.is_decided)


@pytest.mark.slow
def test_nobody_has_what_they_may_not_have() -> None:
    run(Lives, settings=settings(max_examples=1, stateful_step_count=20, deadline=None))


@pytest.mark.slow
def test_nobody_has_what_they_may_not_have_in_many_lives() -> None:
    run(Lives, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))
