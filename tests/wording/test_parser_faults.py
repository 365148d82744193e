"""Every fault that the parsers of JSON and of patterns report has a text of ours."""

from __future__ import annotations

import json

import pytest
import re2

from opendata.wording.parser_faults import JSON_FAULTS, PATTERN_FAULTS, explain_json, explain_pattern

BROKEN = (
    "",
    "[1",
    "{1: 2}",
    '{"a" 1}',
    "[1 2]",
    '"a',
    '"\n"',
    '"\\x"',
    '"\\u12"',
    "1 2",
    '{"a": 1,}',
    "[1,]",
    "\ufeff1",
)
PATTERNS = ("(", "[", ")", "*a", "a**", "\\", "a{2000}", "(?=a)", "[z-a]", "\\y", "[[:x:]]", "(?P<a-b>a)")


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_with_json_is_said_in_our_words(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    assert explain_json(caught.value) in JSON_FAULTS.values()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_wrong_with_a_pattern_is_said_in_our_words(pattern: str) -> None:
    options = re2.Options()
    options.log_errors = False
    with pytest.raises(re2.error) as caught:
        re2.compile(pattern, options)
    assert explain_pattern(caught.value) in PATTERN_FAULTS.values()
