"""Texts in several languages, and the objects of Data Package that consist of texts: licences, sources, contributors.

The objects stay what they are in JSON, so that properties nobody here knows are kept. Source: datapackage.org v2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

I18n = Mapping[str, Mapping[str, str]]
"""Language → property → its text in that language."""


class License(TypedDict, total=False):
    """A licence: `name` is its id at Open Definition."""

    name: str
    path: str
    title: str


class Source(TypedDict, total=False):
    """Where data is from; `path` is an address."""

    title: str
    path: str
    version: str


class Contributor(TypedDict, total=False):
    """Who had a part in a dataset; `role` is what Data Package v1 had instead of `roles`."""

    title: str
    path: str
    organization: str
    roles: Sequence[str]
    role: str
