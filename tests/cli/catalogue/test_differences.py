"""`opendata diff` on the command line."""

from __future__ import annotations

import json

TABLE = {
    "name": "levels",
    "path": "levels.csv",
    "schema": {
        "fields": [{"name": "code", "type": "string"}, {"name": "level", "type": "integer"}],
        "primaryKey": ["code"],
    },
}


def test_two_versions_are_compared_in_words_and_as_a_document(run_json, run, instance, tmp_path) -> None:
    package = {"name": "lakes", "title": "湖", "licenses": [{"name": "CC-BY-4.0"}], "resources": [TABLE]}
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    for text in ("code,level\na,1\nb,2\n", "code,level\na,9\nc,3\n"):
        (tmp_path / "levels.csv").write_text(text)
        found = run_json("import", tmp_path)
    assert found["version"] == "1.1.0"
    document = run_json("diff", "lakes", "1.0.0", "latest")
    assert (document["new"], document["bump"]) == ("1.1.0", "minor")
    assert document["resources"][0]["rows"] == {"added": 1, "removed": 1, "changed": 1, "unchanged": 0}
    ended = run("diff", "lakes", "1.0.0", "1.1.0")
    assert ended.exit_code == 0
    assert "levels: added 1, removed 1, changed 1, unchanged 0" in ended.stdout
    assert run("diff", "lakes", "1.0.0", "3.0.0").exit_code == 2
