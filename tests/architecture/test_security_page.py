"""The page on security: every requirement has one row, and the tests, paths and anchors that the rows name exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from tests.servers import CHECKOUT

PAGE = CHECKOUT / "docs" / "security.md"

COUNTS = {
    **{"1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4},
    **{"3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3},
    **{"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5},
    **{
        "7.5": 2,
        "7.6": 2,
        "10.1": 2,
        "10.2": 2,
        "10.5": 5,
        "8.1": 2,
        "8.2": 3,
        "8.3": 1,
        "8.4": 1,
        "11.1": 2,
        "11.2": 3,
        "11.3": 3,
        "11.4": 4,
    },
    **{"11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2},
    **{"14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3},
}
"""Section of ASVS 5.0.0 → how many requirements of levels 1 and 2 it has; they have its first numbers."""

WITHOUT_TABLE = {9, 17}
"""Chapters that don't apply."""

FAMILIES = {
    *("身份鉴别", "访问控制", "安全审计", "入侵防范", "恶意代码防范", "数据完整性", "数据保密性", "数据备份恢复"),
    *("剩余信息保护", "个人信息保护", "通信传输", "集中管控", "自行软件开发", "漏洞和风险管理", "密码管理"),
}
NONE = "—"
MISSING = "**missing**: "


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; `key` is its first cell: numbers, or a family where the table isn't one of ASVS."""

    chapter: str
    key: str
    where: str
    test: str
    family: str


def read_rows(text: str) -> Iterator[Row]:
    """The rows of all tables below the headings of chapters."""
    for part in re.split(r"^### ", text.partition("\n## OWASP ASVS")[2], flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        lines = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("|")]
        for cells in lines[2:]:
            key, about, where, test, *rest = (cell.strip() for cell in cells)
            assert about, title
            assert len(rest) == (1 if title.startswith("V") else 0), (title, key)
            yield Row(title, key, where, test, rest[0] if rest else key)


def read_numbers(key: str) -> list[str]:
    """The numbers that a first cell names: `1.2.6–1.2.8, 1.3.1`."""
    found = []
    for item in key.split(", "):
        first, _, last = item.partition("–")
        assert re.fullmatch(r"\d+\.\d+\.\d+", first), item
        section, _, start = first.rpartition(".")
        end = start
        if last:
            assert re.fullmatch(re.escape(section) + r"\.\d+", last), item
            end = last.rpartition(".")[2]
            assert int(start) < int(end), item
        found += [f"{section}.{number}" for number in range(int(start), int(end) + 1)]
    return found


@cache
def list_tests(path: str) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def find_unknown_tests(text: str) -> list[str]:
    """The tests that a text names and that don't exist."""
    named = re.findall(r"`(tests/[^`]*?\.py)::(\w+)`", text)
    return [f"{path}::{name}" for path, name in named if not exists(path) or name not in list_tests(path)]


def exists(path: str) -> bool:
    """Whether a path is one of the checkout, of the package, or a module of it."""
    return any((CHECKOUT / place).exists() for place in (path, f"opendata/{path}", f"opendata/{path}.py"))


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rows(page: str) -> list[Row]:
    return list(read_rows(page))


def test_every_requirement_of_levels_1_and_2_has_one_row(page: str, rows: list[Row]) -> None:
    chapters = [int(number) for number in re.findall(r"^### V(\d+) ", page, flags=re.MULTILINE)]
    assert chapters == list(range(1, 18))
    named = Counter[str]()
    for row in rows:
        if row.chapter.startswith("V"):
            numbers = read_numbers(row.key)
            assert {number.partition(".")[0] for number in numbers} == {row.chapter[1:].partition(" ")[0]}, row.key
            named.update(numbers)
    expected = {f"{section}.{number + 1}" for section, count in COUNTS.items() for number in range(count)}
    assert named == Counter(expected)
    for chapter in WITHOUT_TABLE:
        assert re.search(rf"^### V{chapter} .*\n\nDoesn't apply: ", page, flags=re.MULTILINE), chapter


def test_every_test_that_is_named_exists(page: str, rows: list[Row]) -> None:
    assert len(re.findall(r"`tests/[^`]*::", page)) > 150
    assert find_unknown_tests(page) == []
    for row in rows:
        is_named = re.fullmatch(r"`tests/\S+\.py::test_\w+`(, `tests/\S+\.py::test_\w+`)*", row.test)
        assert is_named or row.test in ("no test", NONE), row


def test_a_test_that_was_renamed_is_noticed() -> None:
    path = "tests/architecture/test_security_page.py"
    assert find_unknown_tests(f"`{path}::test_a_test_that_was_renamed_is_noticed`") == []
    assert find_unknown_tests(f"`{path}::test_of_another_name`, `tests/none.py::test_x`") == [
        f"{path}::test_of_another_name",
        "tests/none.py::test_x",
    ]


def test_every_place_that_is_named_exists(page: str, rows: list[Row]) -> None:
    named = [word for row in rows for word in re.findall(r"`([\w./-]+)`", row.where) if not word.startswith("/")]
    paths = {word for word in named if "/" in word or word.endswith(".lock")}
    assert len(paths) > 80
    assert {path for path in paths if not exists(path)} == set()
    anchors = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors


def test_a_row_says_where_or_what_is_missing_and_the_list_names_all_of_that(page: str, rows: list[Row]) -> None:
    missing = set()
    for row in rows:
        assert row.where, row
        assert row.family in FAMILIES | {NONE}, row
        if MISSING in row.where:
            missing |= set(read_numbers(row.key) if row.chapter.startswith("V") else [row.key])
    assert page.count(MISSING) == sum(MISSING in row.where for row in rows)
    listed = re.findall(r"\*\*([^*]+)\*\*[,:]", page.partition("\n## What is missing")[2].partition("\n## ")[0])
    assert Counter(listed) == Counter(missing)
