"""A repository of OAI-PMH: all its records in simple Dublin Core. Source: OAI-PMH 2.0; dublincore.org."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from opendata.domain.catalogue.external import ExternalResource, is_web_address
from opendata.domain.harvest.items import Dialogue, Read, Reading
from opendata.errors import N_, UnreadableFileError
from opendata.exchange.oai.markup import OAI
from opendata.exchange.reading.values import find_licence, make_item, make_resource, require_few, require_room

if TYPE_CHECKING:
    from lxml.etree import _Element

_DC = "{http://purl.org/dc/elements/1.1/}"
_OAI = f"{{{OAI}}}"


def read_oai(url: str) -> Dialogue:
    """Read a repository by the address of its interface. Deleted records are left out: they are gone."""
    base = url.partition("?")[0]
    items: list[Read] = []
    asked = f"{base}?verb=ListRecords&metadataPrefix=oai_dc"
    tokens: set[str] = set()
    while True:
        root = _parse((yield asked))
        error = root.find(f"{_OAI}error")
        if error is not None and error.get("code") != "noRecordsMatch":
            text = N_("The repository says: %(code)s")
            raise UnreadableFileError(text, code=(error.get("code") or "")[:100])
        listed = root.find(f"{_OAI}ListRecords")
        if listed is None and error is None:
            raise UnreadableFileError(N_("The source doesn't answer as a repository of OAI-PMH does"))
        for record in listed.iterfind(f"{_OAI}record") if listed is not None else ():
            head = record.find(f"{_OAI}header")
            if head is not None and head.get("status") != "deleted":
                items.append(_read_record(record))
        require_room(items)
        token = (root.findtext(f".//{_OAI}resumptionToken") or "").strip()
        if not token:
            return Reading(items=items)
        if token in tokens:
            raise UnreadableFileError(N_("The source gives the same page again and again"))
        tokens.add(token)
        asked = f"{base}?verb=ListRecords&resumptionToken={quote(token, safe='')}"


def _parse(data: bytes) -> _Element:
    from lxml import etree

    require_few(data, b"<", b"=")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableFileError(N_("The source doesn't answer with XML")) from None
    if root.getroottree().docinfo.doctype:
        raise UnreadableFileError(N_("The XML of the source has a document type, which isn't accepted"))
    return root


def _read_record(record: _Element) -> Read:
    said: dict[str, list[str]] = {}
    for element in record.iter():
        name = element.tag.removeprefix(_DC) if isinstance(element.tag, str) and element.tag.startswith(_DC) else ""
        text = (element.text or "").strip()
        if name and text:
            said.setdefault(name, []).append(text)

    def first(name: str) -> str:
        return next(iter(said.get(name, ())), "")

    pages = [text for text in said.get("identifier", ()) if is_web_address(text)]
    metadata = {
        "title": first("title"),
        "description": first("description"),
        "keywords": list(dict.fromkeys(said.get("subject", ()))),
        "licenses": find_licence(*(text for text in said.get("rights", ()) if text not in _ACCESS)),
        "temporal": first("coverage"),
        "languages": said.get("language", []),
    }
    return make_item(
        metadata,
        identifier=(record.findtext(f"{_OAI}header/{_OAI}identifier") or "").strip(),
        resources=_list_files(said.get("relation", [])),
        publisher=first("publisher") or first("creator"),
        publisher_title=first("publisher") or first("creator"),
        page=pages[0] if pages else "",
        modified=(record.findtext(f"{_OAI}header/{_OAI}datestamp") or "").strip(),
    )


_ACCESS = frozenset({"public", "restricted public", "non-public"})


def _list_files(relations: list[str]) -> list[ExternalResource | None]:
    """Relations that are files by their suffix: other relations are other works."""
    found = [make_resource(address) for address in relations]
    return [item for item in found if item is not None and item.format]
