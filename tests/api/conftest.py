"""An instance with its application, and clients that speak to the API as editors, a maintainer and a stranger do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services
from tests.instances import (
    CSV,
    DATASET,
    SCHEMA,
    choose_people,
    hire_editor,
    lend_app,
    make_actor,
    make_services,
    publish,
)

API = "/api/v1"


@dataclass(frozen=True)
class Caller:
    """A client of the API with a token, or without."""

    client: Client
    services: Services
    token: str | None = None

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Accept-Language": "en", **options.pop("headers", {})}
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.open(
            path if path.startswith("/api") else API + path, method=method, headers=headers, **options
        )

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.send("POST", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.send("PATCH", path, **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        return self.send("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.send("DELETE", path, **options)

    def upload(
        self, *files: tuple[str, str | bytes], dataset: str = "reservoirs", headers: Any = (), **parts: Any
    ) -> TestResponse:
        """Send files; a part that is not a text is sent as JSON."""
        data: dict[str, Any] = {
            name: part if isinstance(part, str) else json.dumps(part) for name, part in parts.items()
        }
        data["file"] = [(io.BytesIO(text.encode() if isinstance(text, str) else text), name) for name, text in files]
        return self.post(
            f"/datasets/{dataset}/drafts", data=data, content_type="multipart/form-data", headers=dict(headers)
        )

    def check(self, *files: tuple[str, str | bytes], **parts: Any) -> dict[str, Any]:
        """Send files, let the worker do its work, and read the draft again."""
        sent = self.upload(*files, **parts)
        assert sent.status_code == 202, sent.text
        return self.work(sent.json["id"])

    def work(self, draft: str) -> dict[str, Any]:
        self.services.work.run_to_end(draft)
        return self.get(f"/drafts/{draft}").json

    def publish(self, text: str = CSV, *, name: str = "levels", schema: Any = SCHEMA, **parts: Any) -> dict[str, Any]:
        draft = self.check((f"{name}.csv", text), schema=schema, **parts)
        assert draft["status"] == "valid", draft
        assert self.post(f"/drafts/{draft['id']}/submit", json={"breaking": "the reason of a test"}).status_code == 202
        return self.work(draft["id"])


@pytest.fixture
def review() -> str:
    return "none"


@pytest.fixture
def limits() -> dict[str, Any]:
    return {}


@pytest.fixture
def database_url() -> str:
    """SQLite, unless a test asks for both."""
    return ""


@pytest.fixture
def services(
    request: pytest.FixtureRequest, tmp_path: Path, review: str, limits: dict[str, Any], database_url: str
) -> Iterator[Services]:
    home, prepare = tmp_path / "instance", _hire_editor if choose_people(request) else _open_parks
    built = make_services(home, review=review, database_url=database_url, prepare=prepare, **limits)
    yield built
    built.database.dispose()


def _open_parks(services: Services) -> None:
    services.publishers.ensure(SYSTEM, {"id": "parks-bureau", "title": "园林局"})


def _hire_editor(services: Services) -> None:
    _open_parks(services)
    hire_editor(services)


@pytest.fixture
def make_caller(app: Flask, services: Services) -> Callable[..., Caller]:
    def make(name: str, role: str = "editor", publisher: str = "water-bureau") -> Caller:
        make_actor(services, name, role, publisher)
        return Caller(app.test_client(), services, services.accounts.create_token(name)[0])

    return make


@pytest.fixture
def stranger(app: Flask, services: Services) -> Caller:
    return Caller(app.test_client(), services)


@pytest.fixture
def editor(app: Flask, services: Services) -> Caller:
    """An editor of the water bureau, whose dataset `reservoirs` exists."""
    return Caller(app.test_client(), services, services.accounts.create_token("editor")[0])


@pytest.fixture
def gardener(make_caller: Callable[..., Caller]) -> Caller:
    """An editor of another publisher."""
    return make_caller("gardener", publisher="parks-bureau")


@pytest.fixture
def maintainer(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller("maintainer", "maintainer")


def problem(response: TestResponse, status: int, slug: str = "") -> dict[str, Any]:
    """The problem document of an answer, its form checked."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    found: dict[str, Any] = response.json
    assert set(found) - {"errors", "suspension"} == {"type", "title", "status", "detail", "instance"}
    assert found["status"] == status
    assert found["type"].startswith("/problems/")
    assert all(set(item) == {"pointer", "detail"} for item in found.get("errors", ()))
    if slug:
        assert found["type"] == f"/problems/{slug}"
    return found


def pointers(response: TestResponse) -> set[str]:
    """Where the faults of a 422 are."""
    return {item["pointer"] for item in problem(response, 422)["errors"]}


STATIONS = {**DATASET, "id": "stations", "title": "水文站"}
GRANTED = {
    **DATASET,
    "id": "wells",
    "title": "水井",
    "disclosure": {"attribute": "conditional", "reason": "安全", "legalBasis": "《条例》第十四条"},
}
DESCRIBED = {
    **SCHEMA,
    "fields": [
        {
            "name": "code",
            "type": "string",
            "title": "编号",
            "constraints": {"required": True, "pattern": "[A-Z][0-9]{3}"},
        },
        {"name": "name", "type": "string", "constraints": {"enum": ["东湖", "西湖", "南湖"]}},
        {
            "name": "level",
            "type": "number",
            "title": "水位",
            "opendata": {"unit": "m", "i18n": {"en": {"title": "Level"}}},
        },
        {"name": "measured", "type": "date"},
    ],
}


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """An instance to read from: an open dataset with two versions, one on application, one without a version."""
    services = make_services(tmp_path_factory.mktemp("assistants") / "instance", requests_per_minute=0)
    editor = make_actor(services, "clerk")
    for dataset in (DATASET, STATIONS, GRANTED):
        services.datasets.create(editor, dataset)
    publish(services, editor, CSV, schema=DESCRIBED, title="水位表")
    publish(services, editor, CSV + "A003,南湖,3.25,2026-02-02\n", schema=DESCRIBED, title="水位表")
    publish(services, editor, CSV, dataset="wells", name="depths")
    services.indexing.rebuild()
    yield services
    services.database.dispose()


@pytest.fixture(scope="module")
def client(published: Services) -> Iterator[FlaskClient]:
    with lend_app(published) as app:
        yield app.test_client()
