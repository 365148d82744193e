"""What frictionless answers to fixed questions, stored, so that `make test` need not ask it.

A question is a table, its schema and how it is written and asked; its key is their digest. What is stored is an answer
as JSON: a report, or what the judge (`tests.differential.judge`) makes of one, which is why answers count for one
version of frictionless and one text of judge and oracle only.

Under the profile "quick" a stored answer is taken for the live one, and a question without one is asked live. Under any
other profile each question is asked live, and a stored answer that differs, or lacks, fails the test.
`python -m tests.differential.answers` asks all questions again and stores the answers.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILE = HERE / "answers.json.xz"
COMMAND = "python -m tests.differential.answers"
_SOURCES = (HERE.parent / "judge.py", HERE.parent / "oracle.py")


class Recording:
    """Answers being collected by the command; None of them are, while tests run."""

    answers: dict[str, Any] | None = None


def describe_origin() -> dict[str, str]:
    """Whose answers would be stored now."""
    judged = hashlib.sha256(b"\0".join(path.read_bytes() for path in _SOURCES)).hexdigest()
    return {"frictionless": version("frictionless"), "judge": judged[:16]}


@cache
def read_file() -> tuple[dict[str, str], dict[str, Any]]:
    """Whose answers are stored, and the answers by key; none where there is no file."""
    if not FILE.exists():
        return {}, {}
    stored = json.loads(lzma.decompress(FILE.read_bytes()))
    return stored["origin"], stored["answers"]


def write_file(answers: dict[str, Any]) -> int:
    """Store the answers; the number of bytes."""
    text = json.dumps(
        {"origin": describe_origin(), "answers": dict(sorted(answers.items()))},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return FILE.write_bytes(lzma.compress(text.encode(), preset=9))


@cache
def list_known() -> dict[str, Any]:
    """The stored answers that count."""
    origin, answers = read_file()
    return answers if origin == describe_origin() else {}


def is_quick() -> bool:
    """Whether stored answers are taken for live ones."""
    from hypothesis import settings  # which pytest wants to import first, where the command starts it

    return settings.get_current_profile_name().startswith("quick")


def recall(question: object, content: bytes, ask: Callable[[], Any]) -> Any:
    """The answer to a fixed question (JSON) about a file of this content; `ask` gets it, as JSON, from frictionless."""
    described = json.dumps(question, ensure_ascii=True, sort_keys=True, default=str).encode()
    key = hashlib.sha256(b"%d\0%b%b" % (len(described), described, content)).hexdigest()[:16]
    if Recording.answers is not None:
        Recording.answers[key] = json.loads(json.dumps(ask()))
        return Recording.answers[key]
    known = list_known()
    if is_quick():
        return known[key] if key in known else ask()
    answer = json.loads(json.dumps(ask()))
    assert key in known, f"no answer is stored to {described!r}; {COMMAND} stores it"
    assert known[key] == answer, f"the stored answer to {described!r} is {known[key]}, frictionless says {answer}"
    return answer
