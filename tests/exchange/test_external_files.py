"""What a harvested dataset has at its own portal: which addresses are told, under ids that stay, and which are not."""

from __future__ import annotations

from dataclasses import replace

from opendata.domain.catalogue.external import ExternalKind
from opendata.domain.disclosure import Disclosure
from opendata.exchange.core.files import list_external
from tests.exchange.samples import ELSEWHERE, EXTERNAL, FULL


def test_each_has_a_title_a_kind_and_an_id_of_its_own() -> None:
    found = list(list_external(EXTERNAL, with_dead=True))
    assert [(item.address.removeprefix(ELSEWHERE), item.label, item.kind, item.is_dead) for item in found] == [
        ("/表.csv", "CSV", ExternalKind.FILE, False),
        ("/gone.csv", "CSV", ExternalKind.FILE, True),
        ("/wms?x=1&y=2", "WMS", ExternalKind.MAP, False),
        ("/api", "API", ExternalKind.API, False),
        ("/about", "HTML", ExternalKind.PAGE, False),
        ("/raw", "", ExternalKind.FILE, False),
    ]
    assert [item.is_service for item in found] == [False, False, True, True, False, False]
    assert [item.title for item in found[3:]] == ["API", "说明", "next.example.org"]
    assert len({item.id for item in found}) == len(found)
    assert found[0].id == "external-b23035322f12120c"
    assert list(list_external(EXTERNAL)) == [item for item in found if not item.is_dead]


def test_of_what_isnt_open_or_was_never_elsewhere_there_are_none() -> None:
    closed = Disclosure(attribute="conditional", reason="因", legal_basis="法")
    entry = replace(EXTERNAL, metadata=replace(EXTERNAL.metadata, disclosure=closed))
    assert list(list_external(entry, with_dead=True)) == []
    assert list(list_external(FULL)) == []
