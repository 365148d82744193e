"""A portal in this process, SQLite and a folder of its own: one published dataset to read, a fresh one to work in."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from werkzeug.test import TestResponse

from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, lend_app, make_actor, make_services, publish

PASSWORD = "a long password"

OWN_CHECKS = {"check": ["secrecy", "privacy"]}
"""The checks that whoever submits a draft signs on its page, where nobody else reviews it."""

HOSTILE = '<script>alert("x")</script>'

SAMPLE = {
    **DATASET,
    "description": "水库的**水位**，见[说明](https://example.org/)。" + HOSTILE + "[x](javascript:alert(1))",
    "i18n": {"en": {"title": "Reservoirs", "description": "Water *levels*.", "keywords": ["water"]}},
    "keywords": ["水", HOSTILE],
    "updateCycle": "daily",
    "sources": [{"title": "水文站", "path": "https://example.org/stations"}],
}


@dataclass(frozen=True)
class Portal:
    """An instance with its application."""

    services: Services
    app: Flask

    def client(self, language: str = "zh") -> FlaskClient:
        """A browser of a reader of this language."""
        client = self.app.test_client()
        client.environ_base.update({"HTTP_ACCEPT_LANGUAGE": language, "HTTP_ACCEPT": "text/html,*/*;q=0.8"})
        return client

    def signed_in(self, name: str, language: str = "zh") -> FlaskClient:
        """A browser in which somebody has signed in."""
        client = self.client(language)
        answer = send(client, "/sign-in", {"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def work(self) -> None:
        """Do what a worker would do now."""
        for draft in self.services.work.find():
            self.services.work.run_to_end(draft)


def find_token(page: str) -> str:
    """The token of a form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def send(client: FlaskClient, path: str, data: dict[str, Any], *, form: str | None = None) -> TestResponse:
    """Send a form the way a browser does: with the token of the page it stands on."""
    token = find_token(client.get(form or path).text)
    return client.post(path, data={"csrf_token": token, **data}, content_type="multipart/form-data")


@contextlib.contextmanager
def make_portal(home: Path, **settings: object) -> Iterator[Portal]:
    """A portal with an editor `clerk`, one of another publisher, and a maintainer `boss`."""
    services = make_services(home, prepare=_open_bureaus, **settings)  # type: ignore[arg-type]
    with lend_app(services) as app:
        app.config["PROPAGATE_EXCEPTIONS"] = False
        yield Portal(services, app)
    services.database.dispose()


def _open_bureaus(services: Services) -> None:
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    make_actor(services, "clerk")
    make_actor(services, "stranger", publisher="road-bureau")
    make_actor(services, "boss", role="maintainer")


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """A browser for the tests of a file."""
    with sync_playwright() as playwright:
        # Without a sandbox: tests may run as root in a container, and only our own pages are opened.
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal to read from: the dataset `reservoirs` with two versions, hostile text in every place."""
    with make_portal(tmp_path_factory.mktemp("portal")) as built:
        _publish_sample(built)
        yield built


def _publish_sample(built: Portal) -> None:
    boss = built.services.accounts.sign_in("boss", PASSWORD)[0]
    built.services.datasets.create(boss, SAMPLE)
    schema = {**SCHEMA, "fields": [dict(item) for item in SCHEMA["fields"]]}
    schema["fields"][1] |= {"title": "名称" + HOSTILE, "opendata": {"i18n": {"en": {"title": "Name"}}}}
    built.services.schemas.add(SYSTEM, "reservoir", "1.0.0", {**schema, "title": "水库表"})
    publish(built.services, boss, CSV, schema="reservoir@1.0.0", title="水位表")
    publish(built.services, boss, CSV + 'A003,"' + HOSTILE.replace('"', '""') + '",3,2026-02-02\n', schema=None)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Portal]:
    """A fresh portal to work in, without review."""
    with make_portal(tmp_path / "desk") as built:
        yield built


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Portal]:
    """A fresh portal in which two persons are needed to publish."""
    with make_portal(tmp_path / "office", review="two-person") as built:
        yield built
