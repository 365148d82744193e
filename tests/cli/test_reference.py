"""The generated reference is current, and the guides name only what there is."""

from __future__ import annotations

import re
import subprocess
import sys

import click
import pytest

from opendata.cli import main
from opendata.domain.findings import CODES
from opendata.metadata.properties.reading import load_profile
from opendata.settings import list_settings
from tests.servers import CHECKOUT

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


def test_the_reference_is_what_the_program_would_write_now() -> None:
    tool = CHECKOUT / "tools" / "make_reference.py"
    ended = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, cwd=CHECKOUT)
    assert ended.returncode == 0, ended.stderr


def test_an_entry_of_the_profile_is_a_section_of_the_reference() -> None:
    page = (CHECKOUT / "docs" / "reference" / "metadata.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^### (\w+)$", page, re.MULTILINE))
    assert sections == set(load_profile().properties)


def test_every_type_of_error_in_a_report_is_explained() -> None:
    page = (CHECKOUT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([a-z-]+)` \|", page.partition("## Findings")[2], re.MULTILINE))
    # where a check makes its findings, their types stand as words of their own
    sources = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "opendata" / "tables").rglob("*.py")]
    codes = set(re.findall(r'(?:Problem|_fault|HeaderFault)\(\s*"([a-z-]+)"', "".join(sources)))
    made = {CODES[code].type for code in codes} - {"warning"}
    assert len(made) > 15
    assert made <= explained
    assert {code.type for code in CODES.values()} - {"warning"} <= explained


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_commands_that_exist(page) -> None:
    text = page.read_text(encoding="utf-8")
    for first, second in re.findall(
        r"(?:^\$ |^|`)(?:\.venv/bin/)?opendata ([a-z-]+)(?: ([a-z-]+))?", text, re.MULTILINE
    ):
        command = main.commands.get(first)
        assert command is not None, f"opendata {first}"
        if isinstance(command, click.Group) and second:
            assert second in command.commands, f"opendata {first} {second}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_settings_that_exist(page) -> None:
    known = {item.variable for item in list_settings()} | {
        "OPENDATA_DEBUG",
        "OPENDATA_NATIVE",
        "OPENDATA_TEST_REQUIRE",
        "OPENDATA_TOKEN",
    }
    assert set(re.findall(r"OPENDATA_[A-Z0-9_]+", page.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
