"""Messages are plain English: the turns of phrase that readers stumbled over don't come back.

The rules are those of the best manuals: second person, present tense, active voice, one fact a sentence.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from opendata.cli import main
from opendata.settings import TRANSLATIONS
from tests.servers import CHECKOUT

PATTERNS = tuple(
    re.compile(line, re.IGNORECASE)
    for line in (Path(__file__).parent / "odd_phrases.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
PAGES = [
    *sorted((CHECKOUT / "docs").rglob("*.md")),
    *(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "clients/python/README.md")),
]
MODULES = sorted(path for folder in ("opendata", "clients") for path in (CHECKOUT / folder).rglob("*.py"))


def find_odd(text: str) -> list[str]:
    """The odd phrases of a text, whatever its line breaks."""
    joined = " ".join(text.split())
    return [found[0] for pattern in PATTERNS if (found := pattern.search(joined))]


def list_messages() -> list[str]:
    with (TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        ids = [message.id for message in read_po(file, locale="zh") if message.id]
    return [text for found in ids for text in ((found,) if isinstance(found, str) else found)]


def list_docstrings(path: Path) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)]
    return [text for text in found if text]


def test_the_patterns_find_what_they_are_for() -> None:
    for odd in ("“x” is none of the choices", "it is told anew", "A column has to be there", "whoever may see it"):
        assert find_odd(odd), odd
    for plain in ("“x” isn't one of the choices", "The column must be there", "Anyone can see it"):
        assert not find_odd(plain), plain


def test_no_message_is_odd() -> None:
    messages = list_messages()
    assert len(messages) > 1000
    assert {text: odd for text in messages if (odd := find_odd(text))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_of_the_documents_is_odd(page: Path) -> None:
    paragraphs = re.split(
        r"\n\s*\n", re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    )
    assert {text: odd for text in paragraphs if (odd := find_odd(text))} == {}


def test_no_docstring_is_odd() -> None:
    texts = {
        f"{path.name}: {text}": odd for path in MODULES for text in list_docstrings(path) if (odd := find_odd(text))
    }
    assert texts == {}


def list_help(command: click.Command) -> list[str]:
    """What `--help` shows of a command and of all commands below it."""
    texts = [command.help, command.short_help, *(getattr(option, "help", None) for option in command.params)]
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [text for text in texts if text] + [text for child in below for text in list_help(child)]


def test_no_help_of_a_command_is_odd() -> None:
    texts = list_help(main)
    assert len(texts) > 100
    assert {text: odd for text in texts if (odd := find_odd(text))} == {}
