"""A language is a folder of translations, and nothing else: whatever speaks takes it from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from opendata.errors import InputError, InvalidMetadataError, Listed, fault
from opendata.settings import LANGUAGES
from opendata.wording.voice import voice_of
from tests.servers import CHECKOUT

SCRIPT = """
from opendata.cli.core.language import choose_voice
from opendata.domain.findings import CODES
from opendata.metadata.reasons import Reason
from opendata.settings import LANGUAGES, read_settings
from opendata.web.core.languages import LOCALES, NAMES, TAGS
from opendata.wording.findings import name_rule

print(LANGUAGES, read_settings({"OPENDATA_LANGUAGES": "fr,en"}).languages)
print(NAMES["fr"], TAGS["fr"], LOCALES["fr"])
print(choose_voice().translate("Not found"), name_rule(choose_voice(), "missing-cell"))
print(sorted(Reason("first", "major").text))
"""


def test_texts_are_said_with_their_parameters() -> None:
    voice = voice_of("zh")
    assert voice.say("Not found") == "未找到"
    error = InvalidMetadataError(
        faults=[fault("/role", "“%(value)s” isn't one of %(choices)s", value="x%s", choices="a")]
    )
    assert "x%s" in voice.say_fault(error.faults[0])
    assert voice.say_error(error) != error.text
    assert voice_of("xx").say("Not found") == "Not found"


@pytest.mark.slow
def test_another_language_is_one_folder(tmp_path: Path) -> None:
    assert "fr" not in LANGUAGES
    package = tmp_path / "opendata"
    shutil.copytree(CHECKOUT / "opendata", package, ignore=shutil.ignore_patterns("*.po"))
    folder = package / "wording" / "translations" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = Catalog(locale="fr")
    catalogue.add("Not found", "Introuvable")
    catalogue.add("first version", "première version")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "LC_ALL": "fr_FR.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        "('fr', 'zh', 'en') ('fr', 'en')",
        "français fr-Latn-FR fr_Latn_FR",
        "Introuvable Missing cell",
        "['en', 'fr', 'zh']",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_items_are_separated_as_the_language_does_it(language: str) -> None:
    assert voice_of(language).separator.strip() in (";", "；")


def test_lists_are_joined_as_a_language_does() -> None:
    near = InputError("There is no column “%(column)s”. Did you mean %(near)s?", column="x", near=Listed(["甲", "乙"]))
    assert near.text.endswith("Did you mean 甲, 乙?")
    assert voice_of("zh").say_error(near).endswith("您要找的是不是甲、乙？")
