"""The judged set stays what it is: nobody tunes the grades to the engine."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.search.judged.catalogue import list_entries
from tests.search.judged.grades import list_queries


@pytest.mark.slow
def test_the_catalogue_and_its_grades_are_those_that_were_written_before_the_engine_was_asked() -> None:
    catalogue = [[entry.id, entry.texts] for entry in list_entries() if entry.region]
    made = {name for name, _ in catalogue}
    grades = [
        [query.kind, query.text, sorted(item for item in query.grades.items() if item[0] in made)]
        for query in list_queries()
    ]
    assert (_digest(catalogue), _digest(grades)) == ("6be62ad0710e1ff5", "66262df375cacfdb")


def test_every_query_has_an_exact_answer_or_none_at_all() -> None:
    assert [query.text for query in list_queries() if query.grades and 3 not in query.grades.values()] == []
    assert sum(not query.grades for query in list_queries()) >= 20


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]
