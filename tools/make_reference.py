"""Writes docs/reference/ from the program itself: settings, commands, errors. `--check` compares instead."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

os.environ.update(LC_ALL="C.UTF-8")  # the reference is in English on every machine

from opendata import errors, problems
from opendata.cli import main as opendata
from opendata.domain.findings import CODES
from opendata.errors import OpendataError
from opendata.metadata.properties.code_lists import find_codes
from opendata.metadata.properties.reading import Profile, Property, load_profile
from opendata.settings import SOURCE_LANGUAGE, list_settings
from opendata.wording.finding_sentences import SENTENCES
from opendata.wording.rule_sentences import CONSTRAINTS, WARNINGS
from opendata.wording.schemas.field_types import TYPE_ADVICE

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Made by tools/make_reference.py; a test compares. Change the program, then run it. -->\n"

HELPS_ELSEWHERE = {"type-error": "See [types](#types).", "constraint-error": "See [constraints](#constraints)."}

# What the value of each type of property is.
TYPES = {
    "text": "Text",
    "longText": "Text of several lines",
    "words": "A list of texts",
    "translations": "An object with the texts of each language",
    "code": "A code",
    "codes": "A list of codes",
    "texts": "A list of texts",
    "resourceCode": "1, 3, 6 or more digits, then `/` and a serial number if there is one",
    "sharing": "An object, with a condition unless `type` is 1",
    "dataItems": "A list of objects with `name`, `type`, `length`, `key` and `nullable`",
    "computed": "Computed, never sent",
    "period": "A period of ISO 8601, a quarter such as 2026-Q3 or a half-year such as 2026-H1, or two with `/` between",
    "object": "An object",
    "region": "Six digits",
    "creditCode": "A unified social credit code: 18 characters",
    "telephone": "A telephone number",
    "email": "An e-mail address",
    "address": "A web address (http or https)",
    "sources": "A list of objects with `title` or `path`",
    "contributors": "A list of objects with `title`, `organization` and `roles`",
    "licenses": "A list of objects with `name` or `path`, and `title`",
    "disclosure": "An object with `attribute`, `scope`, `audience`, `reason`, `legalBasis` and `ground` (the entry of"
    " the negative list)",
}

# What each error type of a report means. Its title and its advice come from `wording`.
FINDINGS = {
    "type-error": "A value doesn't have the column's type or format.",
    "constraint-error": "A value isn't allowed by the schema.",
    "lax-integer": "A whole number isn't written as the standard requires. It can be repaired.",
    "lax-number": "A number isn't written as the standard requires. It can be repaired.",
    "lax-date": "A date isn't written as the standard requires. It can be repaired.",
    "lax-year": "A year isn't written as the standard requires. It can be repaired.",
    "lax-yearmonth": "A year and month aren't written as the standard requires.",
    "lax-duration": "A duration names a unit without a number.",
    "lax-uri": "An address contains characters that must be percent-encoded.",
    "blank-cell": "A cell that needs a value contains only spaces.",
    "category-error": "A value isn't one of the column's categories.",
    "custom-check": "A row doesn't pass a [check](checks.md) in its schema.",
    "unique-error": "A value appears more than once in a column of unique values.",
    "primary-key": "A row's primary key is empty or appears in an earlier row.",
    "unique-key": "A row's unique key appears in an earlier row.",
    "foreign-key": "A value isn't in the table that the foreign key refers to.",
    "missing-cell": "A row has fewer cells than the header. Each missing cell is reported.",
    "extra-cell": "A row has more cells than the header. Each is counted, and the first 100 of a row are listed.",
    "blank-row": "A row has no values.",
    "blank-header": "The header row is empty.",
    "blank-label": "A column has no name.",
    "odd-text": "A text that no rule forbids, but that has been damaged or wrapped on its way.",
    "repeated-header": "A row repeats the header.",
    "total-row": "A row is a total of others.",
    "kept-as-text": "No schema was given, and many cells of a column are numbers, dates, yes and no, or nearly.",
    "mixed-units": "The units that `bareNumber` takes off the numbers of a column differ.",
    "duplicate-label": "Two columns have the same name.",
    "missing-label": "The file doesn't have a column that the schema has.",
    "extra-label": "The file has a column that isn't in the schema.",
    "incorrect-label": "A column's name differs from the schema.",
    "unmatched-header": "No column in the file matches the schema.",
    "unclosed-quote": "A quotation mark isn't closed.",
    "nul-byte": "The file contains a NUL byte, which isn't text.",
    "format-error": "A binary file (a picture, a PDF) is named like a table.",
    "source-error": "The bytes aren't a table: the file is empty or damaged, or a cell doesn't end.",
    "encoding-error": "The bytes aren't valid in the declared encoding.",
    "resource-error": (
        "A table in a package can't be read: a file is missing, a path leads out of the package, the schema can't be"
        " used, or a foreign key refers to a table that isn't there."
    ),
}


def write_settings() -> str:
    """The page of all settings."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. `init` and `demo` write their choices as `NAME=value` lines to",
        "`opendata.env` in the instance folder. Environment variables take precedence over that file.",
        "`opendata config` shows each value in use and where it comes from.",
        "",
        "| variable | default | what it does |",
        "|---|---|---|",
    ]
    for item in list_settings():
        default = f"`{item.default}`{' ' + item.unit if item.unit else ''}" if item.default else "empty"
        lines.append(f"| `{item.variable}` | {default} | {item.about}{' Secret.' if item.secret else ''} |")
    lines += [
        "",
        "Three more affect only the terminal. `OPENDATA_DEBUG=1` shows the traceback of an unexpected failure.",
        "`OPENDATA_TOKEN` is the token for `opendata upload`. The locale (`LC_ALL`, `LC_MESSAGES`, `LANG`) selects",
        "Chinese or English.",
    ]
    return "\n".join(lines) + "\n"


def write_commands() -> str:
    """The page of all commands: the help of each."""
    parts = [
        "# Commands",
        "",
        "The exit status is 0 if the command is done, 1 if the data didn't pass, and 2 for wrong use or a failure.",
        "Results are written to stdout, everything else to stderr. `--json` prints exactly one document.",
    ]
    for path, command in walk(opendata, "opendata"):
        options = {"terminal_width": 100, "max_content_width": 100, "help_option_names": ["-h", "--help"]}
        context = click.Context(command, info_name=path, **options)
        parts += ["", f"## {path}", "", "```text", command.get_help(context), "```"]
    return "\n".join(parts) + "\n"


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and its full name, in the order of the help."""
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
        "A problem stops a request. REST answers with a problem document (RFC 9457) whose `type` is `/problems/`",
        "followed by the type below. Pages show the same text. The command line writes it to stderr and exits with",
        "status 2. If several values are wrong, `errors` lists each with a JSON pointer.",
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
        "What is wrong inside a table is never a problem. It is an error in the table's report, which is a",
        "Frictionless report descriptor. `rowNumber` counts records from 1, including the header, as a spreadsheet",
        "does. A report lists the first 1,000 errors of a table. All findings are stored, up to",
        "`OPENDATA_REPORT_LIMIT` for each rule and column. `stats.errors` and `opendata.counts` (per rule and column)",
        "are exact.",
        "",
        "| type | title | what it means | how to fix it |",
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
        "How to fix a `type-error`, by the column's type, or by the format of a text.",
        "",
        "| type | how to fix it |",
        "|---|---|",
        *(f"| `{name}` | {end_sentence(advice)} |" for name, advice in TYPE_ADVICE.items()),
        "",
        "### Constraints",
        "",
        "How to fix a `constraint-error`, by the constraint. Counts and lists of findings name it as `rule`.",
        "",
        "| rule | title | how to fix it |",
        "|---|---|---|",
        *(f"| `{name}` | {title} | {end_sentence(advice)} |" for name, (title, _, advice) in CONSTRAINTS.items()),
        "",
        "### Codes",
        "",
        "Each error in a report has an object `opendata`. Its `code` says more exactly than the type what is wrong.",
        "`rule` names the rule, and `params` fill the sentence. Warnings are in the task's `opendata.warnings`.",
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
    """The sentence of a code, with its parameters in braces."""
    text = WARNINGS[name] if name in WARNINGS else SENTENCES[name].message
    return re.sub(r"%\((\w+)\)s", r"{\1}", text)


def end_sentence(advice: str) -> str:
    """Advice from the pages as a sentence; `…` stands for a limit in the schema."""
    text = advice % {"limit": "…"}
    return text if text.endswith("…") else f"{text}."


def walk_errors(kind: type[OpendataError]) -> Iterator[type[OpendataError]]:
    """Every exception of the program, each before its subclasses."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from walk_errors(child)


def first_paragraph(kind: type[OpendataError]) -> str:
    """The first paragraph of an exception's docstring, in one line."""
    return re.sub(r"\s+", " ", (kind.__doc__ or "").split("\n\n")[0]).strip().replace("`faults`", "`errors`")


def write_metadata(profile: Profile | None = None) -> str:
    """The page of all properties of a dataset's metadata."""
    profile = profile or load_profile()
    lines = [
        "# Metadata",
        "",
        "These are the properties of a dataset. The form, the check, REST, the pages and this page are made from one",
        "file, `opendata/metadata/properties/profile.json`. In REST all of them are properties of the dataset. In a",
        "manifest each is where its line *Data Package* says. What that standard doesn't have is in",
        "`opendata.metadata`. A property that says nothing is left out.",
        "",
        "*Guide* is the name in 政务信息资源目录编制指南（试行） (发改高技术〔2017〕1272号), or in the standard named",
        "beside it.",
    ]
    for group in profile.groups:
        lines += ["", f"## {group.label(SOURCE_LANGUAGE)} ({group.label('zh')})"]
        for item in profile.list_in(group.name):
            lines += ["", *describe_property(item)]
    lines += ["", "## Code lists"]
    used = [*profile.stated, *(part for item in profile.stated for part in item.parts)]
    for name in dict.fromkeys(item.code_list for item in used if item.code_list):
        lines += ["", f"### List: {name}", "", *describe_codes(name)]
    return "\n".join(lines) + "\n"


def describe_property(item: Property) -> Iterator[str]:
    """The section of a property: what it is for, its type, its place here and elsewhere, its parts."""
    yield f"### {item.name}"
    yield ""
    yield f"{item.label(SOURCE_LANGUAGE)} ({item.label('zh')}). {item.explain(SOURCE_LANGUAGE)}"
    yield ""
    yield f"- {name_type(item)}. {name_obligation(item)}."
    names = {"guide": "Guide", "dcat": "DCAT", "dataPackage": "Data Package"}
    found = [f"{title}: {code_words(item.maps[key])}" for key, title in names.items() if key in item.maps]
    yield f"- {'; '.join(found)}."
    if item.parts:
        yield "- Parts:"
    for part in item.parts:
        name = f"`{part.name}`: {part.label(SOURCE_LANGUAGE)} ({part.label('zh')})"
        yield f"  - {name}. {name_type(part)}. {part.explain(SOURCE_LANGUAGE)}"


def name_type(item: Property) -> str:
    """The type of a property in words, with its list and its limit."""
    codes = f", from the list [{item.code_list}](#list-{item.code_list.lower()})" if item.code_list else ""
    limit = f", at most {item.limit} characters" if item.limit else ""
    return f"{TYPES[item.type]}{codes}{limit}"


def name_obligation(item: Property) -> str:
    """Whether a property has to be there: for all data, or by the disclosure attribute."""
    levels = set(item.obligation.values())
    if len(levels) == 1:
        return str(*levels).capitalize()
    return "; ".join(f"{level} for `{attribute}`" for attribute, level in item.obligation.items()).capitalize()


def code_words(text: str) -> str:
    """Names in a programming font, unless they are Chinese."""
    return text if re.search("[^ -~]", text) else ", ".join(f"`{word}`" for word in text.split(", "))


def describe_codes(name: str) -> Iterator[str]:
    """The table of a code list. Of cities only the number is given, since there are hundreds."""
    codes = find_codes(name)
    cities = [code for code in codes if name == "regions" and not code.endswith("0000")]
    yield "| code | 名称 | name |"
    yield "|---|---|---|"
    for code, found in codes.items():
        if code not in cities:
            yield f"| `{code}` | {found.title('zh')} | {found.title(SOURCE_LANGUAGE)} |"
    if cities:
        yield ""
        yield f"The list also has {len(cities)} prefectures. Other codes in a province are accepted too, such as those"
        yield "of counties, and codes that are no longer used."


PAGES = {
    "settings.md": write_settings,
    "commands.md": write_commands,
    "errors.md": write_errors,
    "metadata.md": write_metadata,
}


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; status 1 if a page isn't up to date.")
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
        click.echo(f"not up to date: {', '.join(stale)}; run python tools/make_reference.py", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
