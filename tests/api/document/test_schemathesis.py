"""Schemathesis sends what the OpenAPI document allows and forbids: every answer is one it declares, never 500.

Its requests reach things that exist: a published dataset with drafts, a schema, a publisher.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.api.conftest import Caller
from tests.instances import CSV, SCHEMA, ReadingClient

SHARE = 3
"""One of so many operations is explored in the short walk, always the same ones; the long walk explores all."""

DERANDOMIZE = bool(os.environ.get("CI"))

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/offset+octet-stream")
def send_bytes(context: object, value: Any) -> bytes:
    """A piece of an upload goes as it is; what is no bytes goes as its text."""
    found = getattr(value, "data", value)
    return found if isinstance(found, bytes) else str(found).encode()


@pytest.fixture
def catalogue(app: Flask, editor: Caller, maintainer: Caller) -> Iterator[Caller]:
    """A maintainer's client of an instance that has one of everything."""
    app.config["EVENT_LONGEST_SECONDS"] = 0.0  # nobody works here, so nothing to follow would ever end
    editor.publish()
    maintainer.post("/schemas", json={"name": "levels", "version": "1.0.0", "descriptor": SCHEMA})
    return maintainer


def test_every_answer_is_one_that_the_document_declares(app: Flask, catalogue: Caller, services: Services) -> None:
    _explore(app, catalogue, examples=2, is_long=False)


@pytest.mark.slow
def test_every_answer_is_one_that_the_document_declares_at_length(
    app: Flask, catalogue: Caller, services: Services
) -> None:
    _explore(app, catalogue, examples=150, is_long=True)


def _find_actor(caller: Caller) -> Actor:
    return caller.services.accounts.authenticate(caller.token or "")


def _explore(app: Flask, caller: Caller, *, examples: int, is_long: bool) -> None:
    """Try every operation with what is allowed and with what is not, of things that exist and of those that don't.

    To make a strategy costs more than to send its requests: a short walk tries one kind of wrong request or none with
    an operation, in turn. What is allowed is always tried, since not every operation can be asked something wrong.
    """
    config = schemathesis.Config()
    config.projects.default.generation.with_security_parameters = False
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    draft = caller.check(("levels.csv", CSV), schema=SCHEMA)["id"]
    real = {"dataset": "reservoirs", "version": "1.0.0", "resource": "levels", "draft": draft}
    real["upload"] = caller.services.uploads.create(_find_actor(caller), 10, "levels.csv")[0].id
    real |= {"publisher": "water-bureau", "schema": "levels", "grant": "none", "token": "999999", "suffix": "csv"}
    real |= {"name": "nobody", "year": "2026"}
    said = {"domain": "health", "matter": "医院", "content": "名称", "timeLimit": "及时", "methods": ["proactive"]}
    real["entry"] = caller.services.basic_drafts.create(SYSTEM, {**said, "publisher": "water-bureau"}).id
    caller.services.basic_drafts.put_in_force(SYSTEM, "首版")
    duty = caller.services.duty_steps.add(_find_actor(caller), {"publisher": "water-bureau", "rule": "n28"})
    real |= {"rule": "n7", "obligation": str(duty.id)}
    asked = {"kind": "question", "publisher": "water-bureau", "subject": "水位", "text": "单位是什么？"}
    real |= {"number": caller.post("/requests", json=asked).json["number"], "step": "register"}
    real |= {"kind": "guide", "page": "none", "reuse": "none", "gauge": "mine", "webhook": "none", "source": "none"}
    real |= {"sender": "none", "platform": "none", "record": "0b4c4e61-558c-4165-8d18-aea320378137"}
    real["registration"] = str(caller.services.registrations.begin(_find_actor(caller), "reservoirs", {}).id)
    client = ReadingClient(app)  # that of schemathesis leaves files open
    seen: Counter[int] = Counter()
    count = 0
    for result in document.get_all_operations():
        operation = result.ok()
        count += 1
        if not is_long and crc32(operation.label.encode()) % SHARE:
            continue
        named = {name: real[name] for name in re.findall(r"\{(\w+)\}", operation.path)}
        variants = [operation.as_strategy(mode, path_parameters=named or None) for mode in GenerationMode]
        if named:
            variants.append(operation.as_strategy(GenerationMode.NEGATIVE))
        if not is_long:
            variants = [variants[count // SHARE % len(variants)], variants[0]]

        @given(st.one_of(variants))
        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), derandomize=DERANDOMIZE)
        def send(case: Any) -> None:
            answer = case.call(session=client, headers={"Authorization": f"Bearer {caller.token}"})
            case.validate_response(answer, checks=CHECKS)
            declared = case.operation.definition.raw["responses"]
            assert str(answer.status_code) in declared, f"{case.operation.label}: {answer.status_code} {answer.text}"
            seen[answer.status_code] += 1

        send()
    assert count == len(document)
    assert ({200, 201, 400, 404, 422} if is_long else {200, 400, 404, 422}) <= set(seen), seen
