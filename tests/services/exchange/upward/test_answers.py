"""What an answer of a platform means: done, refused for good, or to be tried again; and what it says in words."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from opendata.domain.catalogue.entries import Agency, CatalogueEntry
from opendata.domain.disclosure import Disclosure
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.upward.messages import MessageName
from opendata.domain.upward.platforms import Selection, find_rest
from opendata.domain.upward.records import Answer, Step
from opendata.exchange.upward.ckan import name_package, read_answer
from opendata.outside.posting import Posted
from opendata.services.exchange.upward.signed import judge, say_answer

_UUID = "0b4c4e61-558c-4165-8d18-aea320378137"
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        *((status, Answer.TAKEN) for status in (200, 201, 204)),
        *((status, Answer.REFUSED) for status in (400, 409, 413, 415, 422)),
        *((status, Answer.AWAY) for status in (301, 401, 403, 404, 423, 429, 500, 502, 503)),
    ],
)
def test_a_status_says_whether_to_try_again(status: int, answer: Answer) -> None:
    assert judge(Posted(status, None, b"")).answer == answer


def test_a_later_message_before_this_one_isnt_a_refusal() -> None:
    body = json.dumps({"type": "/problems/superseded", "title": "x"}).encode()
    assert judge(Posted(409, None, body)).answer == Answer.OLDER


def test_an_answer_is_said_in_words_and_cut() -> None:
    problem = {"title": "a", "detail": "b", "errors": [{"detail": "c"}, {"detail": "d"}, 5]}
    assert say_answer(json.dumps(problem).encode()) == "b; c; d"
    assert say_answer(b"<p>Bad\n gateway\x00</p>") == "<p>Bad gateway </p>"
    assert len(say_answer(b"x" * 9000)) == 500
    assert say_answer(b"\xff\xfe") != ""
    assert say_answer(b"") == ""


def test_answers_of_ckan_are_read_and_others_arent() -> None:
    refused = {"success": False, "error": {"__type": "Validation Error", "name": ["in use"], "extras": [{"a": 1}]}}
    found = read_answer(json.dumps(refused).encode())
    assert found is not None
    assert (found.kind, found.text) == ("Validation Error", 'name: in use; extras: {"a": 1}')
    plain = read_answer(b'"Bad request: JSON Error"')
    assert plain is not None
    assert plain.text == "Bad request: JSON Error"
    assert [read_answer(body) for body in (b"<html>", b"[]", b"{}", b"", b"\xff")] == [None] * 5
    assert name_package("x" * 200, _UUID) == "x" * 91 + "-0b4c4e61"


def test_the_name_of_a_message_is_read_as_it_was_written() -> None:
    name = MessageName(Step.PUT, _UUID, 5)
    assert MessageName.read(str(name)) == name
    for text in ("", "put", f"nothing_{_UUID}_1", f"put_{_UUID.upper()}_1", f"put_{_UUID}_x", f"put_{_UUID}_{10**18}"):
        assert MessageName.read(text) is None


def test_a_selection_takes_what_is_open_and_chosen() -> None:
    def make(attribute: str, *, is_foreign: bool = False) -> CatalogueEntry:
        metadata = DatasetMetadata(
            title="t", disclosure=Disclosure(attribute=attribute), further={"themes": ["health"]}
        )
        origin = {"portal": "p", "page": "", "identifier": "i", "publisher": "", "resources": []}
        return CatalogueEntry(
            id="d",
            uuid=_UUID,
            created=_DAY,
            modified=_DAY,
            metadata=metadata,
            publisher=Agency(id="p1", title="t", created=_DAY, modified=_DAY),
            origin=origin if is_foreign else None,  # type: ignore[arg-type]
        )

    assert Selection().takes(make("open"), set())
    assert not Selection().takes(make("conditional"), set())
    assert not Selection().takes(make("open", is_foreign=True), set())
    assert Selection(takes_harvested=True).takes(make("open", is_foreign=True), set())
    assert Selection(publishers=("old",)).takes(make("open"), {"p1"})
    assert not Selection(publishers=("p2",)).takes(make("open"), {"p2"})
    assert Selection(publishers=("p2",), themes=("health",)).takes(make("open"), {"p2"})
    assert not Selection(is_withdrawn=True).takes(make("open"), set())
    assert not Selection(themes=("water",)).takes(make("open"), set())


def test_a_rest_grows_and_heeds_what_is_asked() -> None:
    rests = [find_rest(number).total_seconds() for number in range(1, 9)]
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (5, 3600)
    assert find_rest(1, 60.0).total_seconds() == 60
