"""Which texts of the REST views `pybabel` collects beside the marked ones: what they say of themselves in the document.

They are the docstrings of operations, and the descriptions of their parameters and properties. A docstring counts as
the document has it: its first paragraph is the summary, the rest is the description.
"""

from __future__ import annotations

import ast
import inspect
import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

from babel.messages.extract import extract_python

Found = tuple[int, Any, Any, Any]
"""Line, function, text, comments, in the order that Babel wants."""


def extract(source: BinaryIO, keywords: Mapping[str, Any], tags: Collection[str], options: Any) -> Iterator[Found]:
    """The texts of a module, for `babel.cfg`."""
    data = source.read()
    yield from extract_python(io.BytesIO(data), keywords, tags, options)
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.FunctionDef):
            yield from ((node.lineno, None, text, []) for text in _list_docstring(node))
        elif isinstance(node, ast.Dict):
            yield from ((node.lineno, None, text, []) for text in _list_descriptions(node))


def _list_docstring(function: ast.FunctionDef) -> list[str]:
    is_operation = any(
        isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "operation"
        for item in function.decorator_list
    )
    if not is_operation:
        return []
    summary, _, description = inspect.cleandoc(ast.get_docstring(function) or "").partition("\n\n")
    return [text for text in (summary, description) if text]


def _list_descriptions(node: ast.Dict) -> list[str]:
    return [
        value.value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and key.value == "description"
        and isinstance(value, ast.Constant)
        and isinstance(value.value, str)
    ]
