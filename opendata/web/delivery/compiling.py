"""Templates compiled for a language: their texts are part of them, and what is plain is called plainly.

    Jinja     `_("Datasets")` looks a text up at each use; every call goes through a function that finds out what
              the callee wants
    here      the text is in the code as the language says it, so that it is one piece with the HTML around it;
              functions that want nothing but their arguments are called directly

A template includes and imports others of its own language. The language is the one of the reader at hand.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from types import CodeType
from typing import Any

from flask import Flask
from flask.templating import Environment
from flask_babel import get_locale, get_translations
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.filters import FILTERS
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.utils import _PassArg
from jinja2.visitor import NodeTransformer

_TEXTS = ("_", "gettext")
_METHODS = frozenset(("get", "items", "keys", "values", "startswith", "endswith", "strip"))
"""Methods of dictionaries and texts: nothing else in a page has one of these names."""

_compiled: dict[tuple[str, str, str], CodeType] = {}
"""Code by language, name and source, for all applications of the process."""


class _Generator(CodeGenerator):
    """Writes the code of a template."""

    @optimizeconst
    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        """A call: directly where the callee is a function of ours, or a method, that wants its arguments alone."""
        if forward_caller or node.dyn_args or node.dyn_kwargs or not self._is_plain(node.node, frame):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for place, item in enumerate((*node.args, *node.kwargs)):
            self.write(", " if place else "")
            self.visit(item, frame)
        self.write(")")

    def _is_plain(self, callee: nodes.Expr, frame: Frame) -> bool:
        if isinstance(callee, nodes.Getattr):
            return callee.attr in _METHODS
        if not isinstance(callee, nodes.Name):
            return False
        load = frame.symbols.find_load(frame.symbols.ref(callee.name))
        found = self.environment.globals.get(callee.name)
        return load == (VAR_LOAD_RESOLVE, callee.name) and callable(found) and _PassArg.from_obj(found) is None


class _Translator(NodeTransformer):
    """Puts the texts of a language into a template."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self._translate = translate

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Texts that are put together are looked up: Jinja would forget that a constant among them is markup."""
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        """Texts for a filter of ours are looked up: it may ask for more than its value, so it mustn't run here."""
        return self.generic_visit(node) if node.name in FILTERS else node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        """A call that asks for a text which is known."""
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.node.name not in _TEXTS or node.dyn_args or node.dyn_kwargs:
            return node
        if len(node.args) != 1 or not isinstance(node.args[0], nodes.Const) or not isinstance(node.args[0].value, str):
            return node
        said = self._translate(node.args[0].value)
        text = nodes.MarkSafeIfAutoescape(nodes.Const(said), lineno=node.lineno)
        if not node.kwargs and "%" not in said:
            return text
        values = [nodes.Pair(nodes.Const(item.key), item.value) for item in node.kwargs]
        return nodes.Mod(text, nodes.Dict(values), lineno=node.lineno)


class TongueEnvironment(Environment):
    """The templates of an application, in each language that somebody reads them in."""

    code_generator_class = _Generator

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self._tongue = ""
        self._tongues: dict[str, TongueEnvironment] = {}

    def get_template(self, name: str | Template, *arguments: Any, **options: Any) -> Template:
        """A template in the language of the reader; from within another one, in the language of that."""
        if self._tongue or isinstance(name, Template):
            return super().get_template(name, *arguments, **options)
        locale = get_locale()
        tongue = f"{locale.language}-{locale.script}" if locale is not None else "-"
        found = self._tongues.get(tongue)
        if found is None:
            found = self.overlay()
            found._tongue = tongue
            self._tongues[tongue] = found
        return found.get_template(name, *arguments, **options)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What a template may call: all have the same, which is copied faster as one dictionary."""
        return super().make_globals(d) if d else self.globals

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        return _Translator(get_translations().ugettext).visit(tree) if self._tongue else tree

    def compile(self, source: Any, name: Any = None, filename: Any = None, *arguments: Any, **options: Any) -> Any:
        """The code of a template, compiled once in this process."""
        if not self._tongue or arguments or options or not isinstance(source, str) or name is None:
            return super().compile(source, name, filename, *arguments, **options)
        key = self._tongue, name, source
        found = _compiled.get(key)
        if found is None:
            found = _compiled[key] = super().compile(source, name, filename)
        return found
