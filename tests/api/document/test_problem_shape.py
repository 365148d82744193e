"""Whatever goes wrong at an address of the API, a problem document says so, in the reader's language."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from opendata.wiring import Services
from tests.api.conftest import Caller, problem


def _list_paths(app: Flask) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("ckan_actions."):  # they have CKAN's envelope
            path = re.sub(r"<.*?>", "nothing-here", re.sub(r"<version:\w+>", "1.0.0", rule.rule))
            found.setdefault(path, set()).update(rule.methods or ())
    return found


def test_every_address_answers_what_it_does_not_take_with_a_problem(app: Flask, maintainer: Caller) -> None:
    paths = _list_paths(app)
    assert len(paths) > 20
    for path, methods in paths.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"} - methods:
            answer = maintainer.send(method, path)
            problem(answer, 405, "method-not-allowed")
            assert set(answer.headers["Allow"].split(", ")) == methods
        for method in methods - {"HEAD", "OPTIONS"}:
            answer = maintainer.send(method, path)
            if answer.status_code >= 400:
                problem(answer, answer.status_code)


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json", "image/png", "nonsense"])
def test_an_unknown_address_is_a_problem_whatever_is_accepted(stranger: Caller, accept: str) -> None:
    for path in ("/api/none", "/api/v1", "/api/v1/nothing", "/api/v2/datasets", "/api/docs/none"):
        found = problem(stranger.get(path, headers={"Accept": accept}), 404, "not-found")
        assert found["instance"] == path


def test_the_instance_of_a_problem_is_an_address(stranger: Caller) -> None:
    found = problem(stranger.get("/datasets/水 库"), 404)
    assert found["instance"] == "/api/v1/datasets/%E6%B0%B4%20%E5%BA%93"


def test_a_problem_speaks_the_readers_language(stranger: Caller) -> None:
    texts = {
        language: problem(stranger.get("/drafts", headers={"Accept-Language": language}), 401)["title"]
        for language in ("en", "zh-CN", "fr")
    }
    assert texts["en"] == "You must sign in"
    assert re.search("[\u4e00-\u9fff]", texts["zh-CN"])
    assert texts["fr"] == texts["zh-CN"], "the portal's default language"


def test_a_fault_of_ours_says_nothing_of_our_insides(
    app: Flask, stranger: Caller, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("opendata.services.catalogue.publishers.Publishers.list", fail)
    found = problem(stranger.get("/publishers"), 500, "error")
    assert "secret" not in str(found)


def test_a_database_that_does_not_answer_is_unavailable(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    with services.database.unit(write=True) as session:
        session.connection().exec_driver_sql("DROP TABLE publishers")
    answer = stranger.get("/publishers")
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
