"""Promises over the whole program: errors have their status, the contract its addresses, writers their names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from opendata.app import create_app
from opendata.errors import OpendataError
from opendata.problems import STATUS
from tests.instances import make_services

ADDRESSES = [
    "/",
    "/datasets",
    "/datasets/a-dataset",
    "/publishers/a-publisher",
    "/schemas/a-schema",
    "/schemas/a-schema/1.0.0.json",
    "/datasets/a-dataset/1.0.0/",
    "/datasets/a-dataset/latest/",
    "/datasets/a-dataset/1.0.0/datapackage.json",
    "/datasets/a-dataset/1.0.0/datapackage.json.sig",
    "/datasets/a-dataset/1.0.0/citation.txt",
    "/datasets/a-dataset/1.0.0/citation.bib",
    "/datasets/a-dataset/1.0.0/citation.json",
    "/datasets/a-dataset/versions",
    "/datasets/a-dataset/feed.atom",
    "/datasets/a-dataset/1.0.0/table.csv",
    "/datasets/a-dataset/1.0.0/table.parquet",
    "/datasets/a-dataset/1.0.0/table.schema.json",
    "/datasets/a-dataset/1.0.0/table.report.json",
    "/datasets/a-dataset/diff/1.0.0...1.1.0",
    "/datasets/a-dataset/diff/1.0.0...1.1.0.json",
    "/datasets/a-dataset/diff/1.0.0...1.1.0/table.csv",
    "/datasets/a-dataset/diff/1.0.0...1.1.0/table.jsonl",
    "/feed.atom",
    "/feed.json",
    "/data.json",
    "/catalog.jsonld",
    "/catalog.ttl",
    "/catalog.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/llms.txt",
    "/api/v1/openapi.json",
    "/api/docs",
    "/healthz",
    "/readyz",
    "/.well-known/security.txt",
]
PUBLIC_WRITES = {"/sign-in"}
"""Where anybody may post: signing in is how one becomes somebody."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(services=make_services(tmp_path_factory.mktemp("promises") / "instance"))


def list_errors(error: type[OpendataError] = OpendataError) -> list[type[OpendataError]]:
    return [error, *(found for child in error.__subclasses__() for found in list_errors(child))]


@pytest.mark.parametrize("error", list_errors())
def test_every_error_of_ours_has_its_status(error: type[OpendataError]) -> None:
    assert error in STATUS


def test_every_slug_belongs_to_one_error() -> None:
    slugs = [error.slug for error in list_errors()]
    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_of_the_contract_is_routed(app: Flask, address: str) -> None:
    adapter = app.url_map.bind("127.0.0.1")
    endpoint, _ = adapter.match(address, method="GET")
    assert endpoint


def test_nobody_unknown_may_write_anywhere(app: Flask) -> None:
    client = app.test_client()
    tried = 0
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            address = re.sub(r"<[^>]+>", "x1", rule.rule)
            if address in PUBLIC_WRITES:
                continue
            answer = client.open(address, method=method, json={} if address.startswith("/api/") else None)
            assert answer.status_code in (302, 303, 400, 401, 403, 404, 415, 422), (method, address)
            if answer.status_code in (302, 303):
                assert "/sign-in" in answer.headers["Location"], (method, address)
            tried += 1
    assert tried > 20


def test_the_package_holds_its_pages_and_texts() -> None:
    package = Path(__file__).resolve().parents[2] / "opendata"
    for part in ("web/core/base.html", "web/static", "wording/translations/zh/LC_MESSAGES/messages.mo", "py.typed"):
        assert (package / part).exists()
