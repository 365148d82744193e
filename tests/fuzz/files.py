"""Files as the program reads them, each from bytes: described, reported on, screened, previewed, searched for text."""

from __future__ import annotations

import json
import os
import random
import tempfile
from functools import partial
from pathlib import Path

from tests.fuzz.damages import damage_json
from tests.fuzz.seeds import CHOICES

_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - thousands of small files a minute


def read_file(data: bytes, name: str) -> object:
    from opendata.services.packages.description import describe_file

    with written(data, name) as path:
        return json.dumps(describe_file(path))


def report_file(data: bytes, name: str) -> object:
    from opendata.services.packages.validation import check_file

    with written(data, name) as path:
        return json.dumps(check_file(path))


def preview(data: bytes, name: str) -> object:
    """The first bytes choose how the rest is to be read."""
    from opendata.intake.preview import Attempt, read_attempt

    chance = random.Random(data[:8])
    choices = damage_json(chance, chance.choice(CHOICES))
    choices = choices if isinstance(choices, dict) else {}
    with written(data, name) as path, tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        attempt = Attempt(path=str(path), file=name, folder=folder, place=None, choices=choices, known=("code", "名称"))
        found = read_attempt(attempt)
        return json.dumps([found.reading, found.rows, found.samples])


def screen(data: bytes, name: str) -> object:
    """A file as the worker reads it: checked, written, screened for personal data, proposed a schema."""
    from opendata.intake.opening import find_contents
    from opendata.intake.reading import read_table
    from opendata.privacy.detection.screen import PrivacyScreen
    from opendata.tables.schema.proposal import propose_schema
    from opendata.tables.table import prepare_table

    with written(data, name) as path, tempfile.TemporaryDirectory(dir=_FOLDER) as made:
        folder = Path(made)
        for found in find_contents(path, name, folder).tables:
            if found.hidden:
                continue
            check = partial(prepare_table, folder=folder, name="table", screen=PrivacyScreen)
            opened, table = read_table(found, folder, check)
            json.dumps(table.task.describe())
            if table.task.valid and not opened.fields:
                propose_schema(table.parquet)
    return None


def read_attachment(data: bytes, name: str) -> object:
    from opendata.intake.document.attachment_text import read_attachment_text

    with written(data, name) as path, tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        return read_attachment_text(path, path.suffix[1:], Path(folder))


class written:  # noqa: N801 - used like a function
    """The input as a file, for as long as it is read."""

    def __init__(self, data: bytes, name: str) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=_FOLDER)
        self._path = Path(self._folder.name) / name
        self._path.write_bytes(data)

    def __enter__(self) -> Path:
        return self._path

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
