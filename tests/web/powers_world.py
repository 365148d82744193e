"""A portal with somebody of each role, and something real for each part of an address: for the table of powers."""

from __future__ import annotations

import contextlib
import io
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from opendata.db.models import Publisher
from opendata.services.core.actors import SYSTEM
from opendata.services.drafts.intake import ResourceOption
from opendata.services.exchange.upward.values import PlatformInput
from opendata.services.harvest.senders import SenderInput
from opendata.services.harvest.values import HarvestInput
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import CSV, DATASET, SCHEMA, lend_app, make_actor, make_services, upload
from tests.web.conftest import PASSWORD, Portal, find_token
from tests.web.powers_governance import GOVERNANCE_BODIES, fill_governance

PEOPLE = {
    "reader": ("reader", None),
    "editor": ("editor", "water-bureau"),
    "rival": ("lead", "road-bureau"),
    "reviewer": ("reviewer", "water-bureau"),
    "lead": ("lead", "water-bureau"),
    "above": ("lead", "city"),
    "maintainer": ("maintainer", None),
    "auditor": ("auditor", None),
    "evaluator": ("evaluator", None),
}
"""Who asks, beside nobody: a role and where. The water bureau, whose data it is about, is below the city."""

WHO = ("none", *PEOPLE)

STATES = ("public", "guarded", "hidden")
"""Data that is public, data that is conditional, and a dataset that isn't published yet; each has a draft."""

CONDITIONAL = {"attribute": "conditional", "reason": "涉及第三方权益", "legalBasis": "政府信息公开条例第十五条"}

WHY = {"reason": "误发"}
GRANT = {"holder": "甲大学", "purpose": "研究", "until": "2030-01-01", "account": "reader"}
ENTRY = {"title": "湖泊", "publisher": "water-bureau", "licenses": [{"name": "CC-BY-4.0"}]}
HARVEST = {"title": "邻市", "url": "https://data.example.org", "kind": "ckan", "publisher": "water-bureau"}
SENDER = {"title": "邻区", "url": "https://district.example.org", "publisher": "water-bureau"}
PLATFORM = {
    "title": "市",
    "url": "https://city.example.org",
    "kind": "opendata",
    "account": "district",
    "secret": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
}
BODIES: Mapping[str, Mapping[str, object]] = {
    **GOVERNANCE_BODIES,
    "api_higher_platforms.put_higher_platform": PLATFORM,
    "api_senders.put_sender": SENDER,
    "api_datasets.archive_dataset": WHY,
    "api_datasets.create_dataset": ENTRY,
    "api_datasets.rename_dataset": {"id": "lakes"},
    "api_drafts.change_draft": {"period": "2026"},
    "api_drafts.return_draft": {"comment": "单位不明"},
    "api_grants.end_grant": WHY,
    "api_grants.give_grant": GRANT,
    "api_harvests.put_harvest": HARVEST,
    "api_people.close_person": {"disabled": True},
    "api_people.hand_over": {"successor": "editor"},
    "api_people.invite_person": {"address": "li@example.org", "role": "editor", "publisher": "water-bureau"},
    "api_people.set_roles": {"roles": ["editor"], "publisher": "water-bureau"},
    "api_publishers.create_publisher": {"id": "lakes", "title": "湖泊局"},
    "api_reviews.comment_on_draft": {"text": "单位不明"},
    "api_reviews.sign_checks": {"checks": [{"check": "secrecy", "result": "passed"}]},
    "answers.return_draft": {"comment": "单位不明"},
    "answers.sign_checks": {"result_secrecy": "passed"},
    "api_schemas.create_schema": {"name": "lakes", "version": "1.0.0", "descriptor": SCHEMA},
    "api_workbench.plan_schema": {"descriptor": SCHEMA},
    "api_sources.put_source": {"resource": "levels", "url": "https://example.org/a.csv", "cycle": "daily"},
    "api_versions.release_version": WHY,
    "api_versions.suspend_version": WHY,
    "api_versions.tell_erratum": {"text": "单位应为米"},
    "api_versions.withdraw_version": WHY,
    "api_workbench.keep_bench": {"schema": SCHEMA},
    "drafts.discard_draft": {"confirm": "1"},
    "drafts.erase_originals": {"confirm": "1"},
    "grants.end_grant": WHY,
    "grants.give_grant": GRANT,
    "harvest_staff.add_portal": HARVEST,
    "higher_platforms.add_platform": PLATFORM,
    "higher_platforms.save_platform": PLATFORM,
    "senders.add_sender": SENDER,
    "senders.save_sender": SENDER,
    "harvest_staff.save_portal": HARVEST,
    "people.hand_over": {"successor": "editor"},
    "people.invite": {"address": "li@example.org", "role": "editor", "publisher": "water-bureau"},
    "people.set_roles": {"role": "editor", "publisher": "water-bureau"},
    "reviews.approve_routine": {"draft": ""},
    "workbench.start_schema": {"origin": "columns"},
    "workspace.create_dataset": {**ENTRY, "licenses": "", "license": "CC-BY-4.0", "disclosure": "open"},
    "workspace.delete_dataset": {"confirm": "1"},
}
"""What is sent where an empty form would be refused before anybody asks who sent it."""

HEADERS: Mapping[str, Mapping[str, str]] = {
    "api_uploads.create_upload": {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": "9",
        "Upload-Metadata": "filename YS5jc3Y=",
    },
    "api_uploads.append_to_upload": {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    },
    "api_uploads.delete_upload": {"Tus-Resumable": "1.0.0"},
}

NAMES: Mapping[str, Mapping[str, str]] = {
    "downloads.": {"name": "notes.txt"},
    "catalogue.": {"name": "reservoirs"},
    "operations.": {"record": "negative-list/1.json"},
    "catalogue_tables.": {"snapshot": "0123456789abcdef", "table": "datasets", "name": "0123456789abcdef"},
    "iceberg.": {"namespace": "reservoirs", "table": "levels", "name": "none.avro", "rest": "namespaces/reservoirs"},
    "account.": {"token": "1"},
    "ckan_actions.": {"name": "package_list"},
    "ckan.": {"name": "reservoirs", "filename": "levels.csv"},
}
"""What parts of addresses are called in some blueprints alone."""


@dataclass
class World:
    """The portal, a client of each, and for each state the values of the parts of addresses."""

    portal: Portal
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    named: dict[str, Mapping[str, str]] = field(default_factory=dict)
    kept: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:", check_same_thread=False))

    @property
    def _file(self) -> Path:
        return self.portal.services.settings.home / "opendata.sqlite"

    def keep(self) -> None:
        """Keep the database as it is now."""
        with contextlib.closing(sqlite3.connect(self._file)) as live:
            live.backup(self.kept)

    def restore(self) -> None:
        """Undo what was changed in it since."""
        with contextlib.closing(sqlite3.connect(self._file)) as live:
            self.kept.backup(live)

    def ask(self, who: str, method: str, rule: Rule, state: str) -> str:
        """What somebody gets: `yes`, `sign in`, `no`, or `hidden` where it isn't there for them."""
        address = build_address(rule, {**self.values, **self.states[state], **self._find_names(rule.endpoint)})
        client = self.clients[who]
        is_rest = address.startswith("/api/")
        headers = {"X-CSRFToken": self.tokens[who], **HEADERS.get(rule.endpoint, {})}
        options: dict[str, Any] = {"headers": headers}
        if method != "GET" and rule.endpoint not in HEADERS:
            options["json" if is_rest else "data"] = BODIES.get(rule.endpoint, {})
        answer = client.open(address, method=method, **options)
        if method != "GET" and answer.status_code < 400:
            self.restore()
        assert answer.status_code < 500, (who, method, address, answer.status)
        if answer.status_code == 401 or "/sign-in" in (answer.location or ""):
            return "sign in"
        return {403: "no", 404: "hidden", 410: "hidden"}.get(answer.status_code, "yes")

    def get(self, who: str, rule: Rule, state: str) -> TestResponse:
        """The page that somebody gets."""
        address = build_address(rule, {**self.values, **self.states[state], **self._find_names(rule.endpoint)})
        return self.clients[who].get(address)

    def _find_names(self, endpoint: str) -> Mapping[str, str]:
        return next((found for prefix, found in self.named.items() if endpoint.startswith(prefix)), {})


def build_address(rule: Rule, values: Mapping[str, str]) -> str:
    """The address of a rule with these values."""

    def fill(found: re.Match[str]) -> str:
        kind, _, name = found[1].rpartition(":")
        choices = re.findall(r"""["']([^"']+)["']""", kind)
        return quote(choices[0] if choices else values[name], safe="/")

    return re.sub(r"<([^<>]+)>", fill, rule.rule)


@contextlib.contextmanager
def make_world(home: Path) -> Iterator[World]:
    """The portal: data of the water bureau that is public, conditional, and not published yet, and drafts of it."""
    services = make_services(
        home,
        review="two-person",
        requests_per_minute=0,
        queries_per_minute=0,
        exports_per_minute=0,
        base_url="http://localhost",
    )
    for name in ("city", "road-bureau"):
        services.publishers.ensure(SYSTEM, {"id": name, "title": name})
    with services.database.unit(write=True) as session:
        session.execute(update(Publisher).where(Publisher.id == "water-bureau").values(parent_id="city"))
    for name, (role, publisher) in PEOPLE.items():
        services.accounts.create_user(name, PASSWORD, role, publisher)
    author = make_actor(services, "author")
    second = make_actor(services, "second", role="maintainer")
    with lend_app(services) as app:
        app.config["PROPAGATE_EXCEPTIONS"] = False
        portal = Portal(services, app)
        drafts: dict[str, str] = {}
        for dataset, disclosure in (("reservoirs", None), ("guarded", CONDITIONAL), ("hidden", None)):
            extra = {"disclosure": disclosure} if disclosure else {}
            services.datasets.create(author, {**DATASET, "id": dataset, **extra})
            if dataset == "hidden":
                continue
            for text in (CSV, CSV + "A003,南湖,3,2026-02-02\n"):
                files = [
                    UploadedFile("levels.csv", io.BytesIO(text.encode())),
                    UploadedFile("notes.txt", io.BytesIO("水位的说明".encode())),
                ]
                options = [
                    ResourceOption(file="levels.csv", name="levels", schema=SCHEMA),
                    ResourceOption(file="notes.txt", type="attachment", name="notes"),
                ]
                draft = services.drafts.create(author, dataset, files, options)[0].id
                portal.work()
                services.drafts.submit(author, draft)
                services.drafts.approve(second, draft)
                services.drafts.publish(second, draft)
                portal.work()
        for dataset in ("hidden", "reservoirs"):
            drafts[dataset] = upload(services, author, CSV + "A009,北湖,9,2026-03-02\n", dataset=dataset).id
        services.drafts.submit(author, drafts["reservoirs"])
        services.schemas.add(SYSTEM, "reservoir", "1.1.0", {**SCHEMA, "title": "水库表"})
        said = {"holder": "甲大学", "purpose": "研究", "until": "2030-01-01", "account": "author"}
        grant = services.grants.give(author, "guarded", said)[0].id
        invitation, text = services.invitations.invite(SYSTEM, "mei@example.org", "editor", "water-bureau")
        _, token = services.accounts.create_token("author")
        services.harvests.put(second, "next-city", HarvestInput.from_values(HARVEST))
        services.upward.senders.put(second, "next-district", SenderInput(**SENDER))
        services.upward.platforms.put(second, "city", PlatformInput.from_values(PLATFORM))
        world = World(portal, named={**NAMES, **fill_governance(services, author)})
        world.values = {
            "old": "1.0.0",
            "new": "1.1.0",
            "version": "1.1.0",
            "resource": "levels",
            "suffix": "csv",
            "file": "levels.csv",
            "name": "author",
            "rest": "levels.csv",
            "publisher": "water-bureau",
            "schema": "reservoir",
            "slug": "not-public",
            "filename": "style.css",
            "group": "datasets",
            "upload": "none",
            "text": text or "",
            "grant": grant,
            "number": str(invitation.id),
            "token": str(token.id),
            "webhook": "none",
            "part": "1",
            "source": "next-city",
            "sender": "next-district",
            "platform": "city",
            "record": "0b4c4e61-558c-4165-8d18-aea320378137",
        }
        world.states = {
            "public": {"dataset": "reservoirs", "item": "reservoirs", "draft": drafts["reservoirs"]},
            "guarded": {"dataset": "guarded", "item": "guarded", "draft": drafts["reservoirs"]},
            "hidden": {"dataset": "hidden", "item": "hidden", "draft": drafts["hidden"]},
        }
        for name in WHO:
            client = portal.client() if name == "none" else portal.signed_in(name)
            world.clients[name] = client
            world.tokens[name] = find_token(client.get("/sign-in" if name == "none" else "/account").text)
        world.keep()
        yield world
    services.database.dispose()
