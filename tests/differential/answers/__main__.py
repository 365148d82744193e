"""Asks frictionless all fixed questions of the tests and stores its answers: `python -m tests.differential.answers`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.differential import answers

TESTS = Path(__file__).parents[2]
ASKING = {
    "differential": "not slow",
    "cli/packages/test_frictionless_rules.py": "slow or not slow",
    "tables/check/test_validation.py": "not slow",
}
"""Where the tests are that have fixed questions, and which of them these are: slow ones elsewhere draw theirs."""


def main() -> None:
    """Run them, so that what is stored is what they ask."""
    answers.Recording.answers = {}
    words = ["-q", "-p", "no:cacheprovider", f"--ignore={TESTS / 'differential/test_answers.py'}"]
    for name, which in ASKING.items():
        if pytest.main([*words, "-m", which, str(TESTS / name)]):
            sys.exit("nothing is stored: a test fails by frictionless' own answers")
    size = answers.write_file(answers.Recording.answers)
    print(f"{len(answers.Recording.answers)} answers, {size} bytes, in {answers.FILE}")


if __name__ == "__main__":
    main()
