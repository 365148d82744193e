"""Rows of a version that was withdrawn are gone, and so is what was made of them."""

from __future__ import annotations

import pytest

from tests.api.conftest import Caller, problem

LAW = {"reason": "错误", "legalBasis": "条例", "erase": True}


@pytest.mark.slow
def test_rows_of_a_version_that_was_withdrawn_are_gone_with_all_that_was_made_of_them(
    editor: Caller, maintainer: Caller, stranger: Caller
) -> None:
    editor.publish()
    editor.publish("code,name,level,measured\nA001,东湖水库,1.0,2026-01-01\n")
    versions = [item["version"] for item in stranger.get("/datasets/reservoirs/versions").json["items"]]
    newest, oldest = versions[0], versions[-1]
    rows = f"/datasets/reservoirs/{oldest}/levels/rows"
    both = f'SELECT * FROM "reservoirs@{oldest}"."levels" UNION ALL SELECT * FROM "reservoirs@{newest}"."levels"'
    swapped = f'SELECT * FROM "reservoirs@{newest}"."levels" UNION ALL SELECT * FROM "reservoirs@{oldest}"."levels"'
    for text in (both, swapped):
        assert stranger.get("/sql.csv", query_string={"q": text}).status_code == 200
    for path in (rows, f"{rows}.csv"):
        assert stranger.get(path, headers={"Accept-Encoding": "gzip"}).status_code == 200
    assert stranger.get(f"/datasets/reservoirs/{newest}/levels/rows.csv").status_code == 200
    assert maintainer.post(f"/datasets/reservoirs/versions/{oldest}/withdraw", json=LAW).status_code == 200
    for path in (rows, f"{rows}.csv"):
        assert problem_of(stranger, path)["tombstone"]["reason"] == "错误"
    for text in (both, swapped):
        assert "no public table" in problem(stranger.get("/sql.csv", query_string={"q": text}), 400)["detail"]
    folder = stranger.services.settings.derived_folder
    kept = [path.name for path in folder.glob("[0-9a-f]*-answer-*") if path.suffix != ".json"]
    assert len(kept) == 1
    assert stranger.get(f"/datasets/reservoirs/{newest}/levels/rows.csv").status_code == 200
    stranger.services.queries.close()


@pytest.mark.slow
@pytest.mark.parametrize("limits", [{"derived_bytes": 1000}])
def test_an_answer_too_large_to_keep_is_stopped(editor: Caller, stranger: Caller) -> None:
    fields = [{"name": "code", "type": "string"}, {"name": "n", "type": "integer"}]
    editor.publish("code,n\n" + "".join(f"A{row:06},1\n" for row in range(120_000)), schema={"fields": fields})
    for form in ("csv", "arrow"):
        answer = stranger.get(f"/datasets/reservoirs/latest/levels/rows.{form}")
        assert "larger than the 1 MB" in problem(answer, 400)["detail"]
    assert stranger.get("/datasets/reservoirs/latest/levels/rows.csv?limit=2").status_code == 200
    stranger.services.queries.close()


def problem_of(caller: Caller, path: str) -> dict[str, dict[str, str]]:
    answer = caller.get(path)
    assert (answer.status_code, answer.content_type) == (410, "application/problem+json")
    found: dict[str, dict[str, str]] = answer.json
    return found
