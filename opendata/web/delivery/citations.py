"""The citation of a version in the reader's language, and its forms as files beside the version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from flask import url_for

from opendata.metadata.citation import Citation, build_citation, write_bibtex, write_csl_json, write_sentence
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import choose_language, list_languages

FORMS: Mapping[str, tuple[str, Callable[[Citation], str]]] = {
    "txt": ("text/plain; charset=utf-8", lambda cited: write_sentence(cited) + "\n"),
    "bib": ("application/x-bibtex; charset=utf-8", write_bibtex),
    "json": ("application/vnd.citationstyles.csl+json", write_csl_json),
}
"""Suffix → media type, and how the form is written."""


def cite(dataset: str, version: str) -> Citation:
    """The citation of a version. Raises `NotFoundError`, `WithdrawnError`."""
    versions = services().versions
    return build_citation(
        versions.get_manifest(dataset, version),
        versions.get(dataset, version).manifest_sha256,
        absolute_url(url_for("version_pages.show_version", dataset=dataset, version=version)),
        language=choose_language(),
        default=list_languages()[0],
        zone=ZoneInfo(services().settings.timezone),
    )
