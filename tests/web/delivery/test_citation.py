"""The files that say how to cite a version, as programs that manage references take them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator

from opendata.services.core.actors import SYSTEM
from tests.instances import DATASET, publish
from tests.web.conftest import PASSWORD, Portal

PLACE = "/datasets/reservoirs/1.1.0/"
TYPES = {
    "txt": "text/plain; charset=utf-8",
    "bib": "application/x-bibtex; charset=utf-8",
    "json": "application/vnd.citationstyles.csl+json",
}
TEXT = {"type": "string", "minLength": 1}
CSL: dict[str, Any] = {
    # What csl-data.json of the Citation Style Language asks of the members we write; it takes no others.
    "type": "array",
    "minItems": 1,
    "items": {
        "required": ["type", "id", "title", "author", "issued", "URL"],
        "additionalProperties": False,
        "properties": {
            "type": {"const": "dataset"},
            "author": {
                "type": "array",
                "items": {"properties": {"literal": TEXT}, "required": ["literal"], "additionalProperties": False},
            },
            "issued": {
                "properties": {
                    "date-parts": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 2,
                        "items": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}},
                    }
                },
                "required": ["date-parts"],
                "additionalProperties": False,
            },
            **dict.fromkeys(("id", "title", "version", "publisher", "URL", "note", "language"), TEXT),
        },
    },
}


@pytest.mark.parametrize("suffix", TYPES)
def test_a_citation_is_kept_like_other_derived_forms_one_for_each_language(portal: Portal, suffix: str) -> None:
    path = f"{PLACE}citation.{suffix}"
    answer = portal.client("en").get(path)
    assert answer.content_type == TYPES[suffix]
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert {"Accept-Language", "Cookie"} <= set(answer.vary)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert f'<{PLACE}>; rel="cite-as"' in answer.headers["Link"]
    chinese = portal.client("zh").get(path)
    assert chinese.headers["ETag"] != answer.headers["ETag"]
    known = portal.client("en").get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304
    assert "Accept-Language" in known.vary
    named = portal.client("zh").get(f"{path}?lang=en")
    assert named.data == answer.data
    assert "Accept-Language" not in named.vary


@pytest.mark.parametrize("language", ["zh", "en"])
def test_csl_json_is_what_its_schema_wants(portal: Portal, language: str) -> None:
    found = json.loads(portal.client(language).get(f"{PLACE}citation.json").data)
    Draft7Validator(CSL).validate(found)


def test_the_newest_citation_is_found_through_latest(portal: Portal) -> None:
    answer = portal.client().get("/datasets/reservoirs/latest/citation.bib?lang=en")
    assert answer.location == f"{PLACE}citation.bib?lang=en"


@pytest.mark.parametrize("suffix", TYPES)
def test_what_was_withdrawn_is_not_to_be_cited(desk: Portal, suffix: str) -> None:
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    desk.services.datasets.create(boss, DATASET)
    publish(desk.services, boss)
    path = f"/datasets/reservoirs/1.0.0/citation.{suffix}"
    assert desk.client().get(path).status_code == 200
    desk.services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
    assert desk.client().get(path).status_code == 410
