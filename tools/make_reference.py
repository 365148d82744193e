"""Writes docs/reference/ from the program itself: settings, commands, errors. `--check` compares instead."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

os.environ.update(LC_ALL="C.UTF-8")  # the reference is in English, whoever makes it

from opendata import errors, problems
from opendata.cli import main as opendata
from opendata.domain.findings import CODES
from opendata.errors import OpendataError
from opendata.settings import list_settings
from opendata.wording.field_types import TYPE_ADVICE
from opendata.wording.finding_sentences import CONSTRAINTS, SENTENCES, WARNINGS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Made by tools/make_reference.py; a test compares. Change the program, then run it. -->\n"

HELPS_ELSEWHERE = {"type-error": "See [types](#types).", "constraint-error": "See [constraints](#constraints)."}

# What each error type of a report tells; the pages' catalogue has what it is called and what helps.
FINDINGS = {
    "type-error": "A value that is not of the column's type and format.",
    "constraint-error": "A value outside of what the schema allows.",
    "lax-integer": "A whole number in another form than the standard's, plain enough to be repaired.",
    "lax-number": "A number in another form than the standard's, plain enough to be repaired.",
    "lax-date": "A date in another form than the standard's, plain enough to be repaired.",
    "lax-yearmonth": "Year and month in another form than the standard's.",
    "lax-duration": "A duration that names a unit without a number.",
    "lax-uri": "An address with characters that have to be percent-encoded.",
    "blank-cell": "A cell that has to have a value has only blanks.",
    "category-error": "A value that is none of the categories of its column.",
    "custom-check": "A row that does not pass a [check](checks.md) of its schema.",
    "unique-error": "A value that occurs twice in a column of unique values.",
    "primary-key": "A row whose primary key is empty or stood in an earlier row.",
    "unique-key": "A row whose unique key stood in an earlier row.",
    "foreign-key": "A value that the table referred to does not have.",
    "missing-cell": "A row with fewer cells than the header; told for each cell.",
    "extra-cell": "A row with more cells than the header; told for each cell, of very many for the first.",
    "blank-row": "A row without any value.",
    "blank-header": "The header row is empty.",
    "blank-label": "A column without a name.",
    "duplicate-label": "Two columns of the same name.",
    "missing-label": "A column of the schema that the file lacks.",
    "extra-label": "A column that the schema does not know.",
    "incorrect-label": "A column named otherwise than in the schema.",
    "unmatched-header": "No column of the file is one of the schema's.",
    "unclosed-quote": "A quotation mark that is opened and never closed.",
    "nul-byte": "A byte that no text has.",
    "format-error": "A binary file (a picture, a PDF) named as a table.",
    "source-error": "The bytes stop being a table: an empty file, a file that is damaged, a cell without end.",
    "encoding-error": "Bytes that are not of the declared encoding.",
    "resource-error": (
        "A table of a package that cannot be read at all: a file missing, a path out of the package, an unusable"
        " schema, a foreign key to a table that is not there."
    ),
}


def write_settings() -> str:
    """The page of all settings."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. `init` and `demo` keep their choices as `NAME=value` lines in",
        "`opendata.env` in the instance folder; the environment wins over that file. `opendata config` shows what is",
        "in force and where it comes from.",
        "",
        "| variable | default | what it does |",
        "|---|---|---|",
    ]
    for item in list_settings():
        default = f"`{item.default}`{' ' + item.unit if item.unit else ''}" if item.default else "empty"
        lines.append(f"| `{item.variable}` | {default} | {item.about}{' Secret.' if item.secret else ''} |")
    lines += [
        "",
        "Three more concern the terminal alone: `OPENDATA_DEBUG=1` shows the traceback of an unexpected failure,",
        "`OPENDATA_TOKEN` is the token of `opendata upload`, and the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`) chooses",
        "Chinese or English.",
    ]
    return "\n".join(lines) + "\n"


def write_commands() -> str:
    """The page of all commands: the help of each."""
    parts = [
        "# Commands",
        "",
        "Exit status: 0 done, 1 the data did not pass, 2 wrong use or failure. Results are written to stdout, all",
        "else to stderr; `--json` prints exactly one document.",
    ]
    for path, command in walk(opendata, "opendata"):
        options = {"terminal_width": 100, "max_content_width": 100, "help_option_names": ["-h", "--help"]}
        context = click.Context(command, info_name=path, **options)
        parts += ["", f"## {path}", "", "```text", command.get_help(context), "```"]
    return "\n".join(parts) + "\n"


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and its full name, in the order of help."""
    yield path, command
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            if not child.hidden:
                yield from walk(child, f"{path} {name}")


def write_errors() -> str:
    """The page of all problems and findings."""
    lines = [
        "# Errors",
        "",
        "## Problems",
        "",
        "What keeps a request from being done. REST answers a problem document (RFC 9457) whose `type` is",
        "`/problems/` and the name below; pages show the same text; the command line writes it to stderr, status 2.",
        "Where several values are wrong, `errors` lists each with a JSON pointer.",
        "",
        "| type | status | title | when |",
        "|---|---|---|---|",
    ]
    for kind in walk_errors(OpendataError):
        lines.append(f"| `{kind.slug}` | {problems.STATUS[kind]} | {kind.title} | {first_paragraph(kind)} |")
    lines += [
        "",
        "HTTP's own errors have the same shape: `method-not-allowed` (405), `not-acceptable` (406).",
        "",
        "## Findings",
        "",
        "What is wrong inside a table is never a problem but an error in its report, a Frictionless report",
        "descriptor. `rowNumber` counts records from 1 with the header, as a spreadsheet does. Reports list the first",
        "1,000 errors of a table (`OPENDATA_REPORT_LIMIT`); `stats.errors` and `opendata.counts` (per rule and column)",
        "are exact.",
        "",
        "| type | called | what it tells | what helps |",
        "|---|---|---|---|",
    ]
    types = {code.type for code in CODES.values()}
    for name, (title, _, advice) in ((name, found) for name, found in SENTENCES.items() if name in types):
        helps = HELPS_ELSEWHERE.get(name) or end_sentence(advice)
        lines.append(f"| `{name}` | {title} | {FINDINGS[name]} | {helps} |")
    lines += [
        "",
        "### Types",
        "",
        "What helps against a `type-error`, by the column's type, or by the format of a text.",
        "",
        "| type | what helps |",
        "|---|---|",
        *(f"| `{name}` | {end_sentence(advice)} |" for name, advice in TYPE_ADVICE.items()),
        "",
        "### Constraints",
        "",
        "What helps against a `constraint-error`, by the constraint; counts and lists of findings name it as `rule`.",
        "",
        "| rule | called | what helps |",
        "|---|---|---|",
        *(f"| `{name}` | {title} | {end_sentence(advice)} |" for name, (title, _, advice) in CONSTRAINTS.items()),
        "",
        "### Codes",
        "",
        "Each error of a report has an object `opendata` with a `code`, which says more exactly than its type what is",
        "wrong, the `rule` and the `params` that fill the sentence. Warnings are in the task's `opendata.warnings`.",
        "",
        "| code | type | params | what it says |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | `{code.type}` | {', '.join(f'`{param}`' for param in code.params)} | {describe_code(name)} |"
            for name, code in CODES.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def describe_code(name: str) -> str:
    """What a code says, its parameters in braces."""
    text = WARNINGS[name] if name in WARNINGS else SENTENCES[name].message
    return re.sub(r"%\((\w+)\)s", r"{\1}", text)


def end_sentence(advice: str) -> str:
    """An advice of the pages as a sentence; `…` stands for what the schema says."""
    text = advice % {"limit": "…"}
    return text if text.endswith("…") else f"{text}."


def walk_errors(kind: type[OpendataError]) -> Iterator[type[OpendataError]]:
    """Every exception of the program, each before those below it."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from walk_errors(child)


def first_paragraph(kind: type[OpendataError]) -> str:
    """What an exception's docstring says, in one line."""
    return re.sub(r"\s+", " ", (kind.__doc__ or "").split("\n\n")[0]).strip().replace("`faults`", "`errors`")


PAGES = {"settings.md": write_settings, "commands.md": write_commands, "errors.md": write_errors}


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; status 1 where a page is not what it should be.")
def main(check: bool) -> None:
    """Write the reference pages."""
    stale = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        path, text = FOLDER / name, NOTE + write()
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        click.echo(f"not current: {', '.join(stale)}; run python tools/make_reference.py", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
