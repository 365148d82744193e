"""What a mirror has: every public view of the portal is in it, or said to need the program."""

from __future__ import annotations

from fnmatch import fnmatchcase

from flask import Flask

from opendata.mirror.contents import COLLECTIONS, DATASET_FILES, DATASET_PAGES, PROGRAM, SITE_FILES, SITE_PAGES
from tests.web.powers import VIEWS

MIRRORED = SITE_PAGES | DATASET_PAGES | SITE_FILES | DATASET_FILES | set(COLLECTIONS)


def test_every_public_view_is_in_the_mirror_or_said_to_need_the_program(app: Flask) -> None:
    reading = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    public = [listed for audience, listed in VIEWS.items() if audience.split(" / ")[0] == "everybody"]
    patterns = [pattern for listed in public for pattern in listed.split()]
    views = {view for view in reading if any(fnmatchcase(view, pattern) for pattern in patterns)}
    left_out = [pattern for listed in PROGRAM.values() for pattern in listed.split()]
    for view in sorted(views):
        matching = [pattern for pattern in left_out if fnmatchcase(view, pattern)]
        assert (view in MIRRORED) + len(matching) == 1, (view, matching)
    assert views >= MIRRORED
    assert [item for item in left_out if not any(fnmatchcase(view, item) for view in views)] == []
