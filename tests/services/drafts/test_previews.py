"""How a file would be read is found out by another process: it may fail, and the page has something to say."""

from __future__ import annotations

import io
import multiprocessing
import sys
from dataclasses import replace

import pytest

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.errors import SupersededError, TooLargeError
from opendata.intake.understanding import read_choices
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts import previews
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.previews import ReadingPreview
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services, build_services
from tests.instances import make_actor

CHOICES = read_choices({"header_rows": [2]})


@pytest.fixture
def draft(services: Services, editor: Actor) -> DraftView:
    files = [UploadedFile("t.csv", io.BytesIO("水库,1\na,b\n2,3\n".encode()))]
    view, _ = services.drafts.create(editor, "reservoirs", files, [ResourceOption(file="t.csv", name="table")])
    services.work.run_to_end(view.id)
    return services.drafts.get(editor, view.id)


def show_with(services: Services, editor: Actor, draft: DraftView, **settings: int) -> ReadingPreview:
    bound = build_services(replace(services.settings, **settings))
    try:
        return bound.previews.show(editor, draft.id, "table", CHOICES)
    finally:
        bound.database.dispose()


def test_a_preview_that_takes_too_much_says_so_and_shows_what_is_known(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    seen = show_with(services, editor, draft, preview_memory_bytes=1)
    assert isinstance(seen.fault, TooLargeError)
    assert "memory" in seen.fault.text
    assert (seen.reading["header_rows"], seen.rows) == ([1], ())
    seen = show_with(services, editor, draft, preview_seconds=0)
    assert isinstance(seen.fault, TooLargeError)
    assert "0 seconds" in seen.fault.text


def test_a_fault_of_the_choices_comes_back_from_the_process_with_the_last_reading(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    seen = services.previews.show(editor, draft.id, "table", read_choices({"encoding": "no-such"}))
    assert seen.fault is not None
    assert "no-such" in seen.fault.text
    assert next(cells for _, _, cells in seen.rows) == ["水库", "1"]


@pytest.mark.parametrize(("cause", "kind"), [(Cause.UNWANTED, SupersededError), (Cause.MEMORY, TooLargeError)])
def test_no_end_of_the_process_is_an_error_of_the_page(
    services: Services,
    editor: Actor,
    draft: DraftView,
    monkeypatch: pytest.MonkeyPatch,
    cause: Cause,
    kind: type[Exception],
) -> None:
    def break_off(attempt: object, last: object, bounds: Bounds, **options: object) -> None:
        raise BrokenOffError(cause)

    monkeypatch.setattr(previews, "preview", break_off)
    assert isinstance(services.previews.show(editor, draft.id, "table", CHOICES).fault, kind)


def test_a_large_file_is_shown_as_before_and_says_that_choices_cannot_be_tried(
    services: Services, editor: Actor, draft: DraftView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "TRIED_BYTES", 10)
    seen = services.previews.show(editor, draft.id, "table", CHOICES)
    assert isinstance(seen.fault, TooLargeError)
    assert seen.rows[0][1] == "header"


@pytest.mark.slow
def test_a_web_process_never_loads_what_reads_files(services: Services, editor: Actor, draft: DraftView) -> None:
    """Shown from a fresh process, in which nothing but this page has been made."""
    context = multiprocessing.get_context("spawn")
    home = str(services.settings.home), services.settings.database_url
    with context.Pool(1) as pool:
        rows, loaded = pool.apply(_show, (home, editor.name, draft.id))
    assert rows
    assert loaded == []


def _show(home: tuple[str, str], name: str, draft: str) -> tuple[int, list[str]]:
    from pathlib import Path

    from opendata.settings import Settings

    services = build_services(Settings(home=Path(home[0]), database_url=home[1]))
    actor = make_actor(services, "reviewer", "maintainer")
    seen = services.previews.show(actor, draft, "table", CHOICES)
    return len(seen.rows), [word for word in ("pyarrow", "python_calamine", "lxml", "ijson") if word in sys.modules]
