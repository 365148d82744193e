"""DCAT-AP (`dcat`) of one entry, as RDF/XML. RDF has no XML schema: the vocabulary stands where one is to be named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.exchange.dcat.catalogue import describe_one
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import PREFIXES
from opendata.exchange.dcat.writing import RDF_XML, write_document

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMESPACE = PREFIXES["dcat"]
SCHEMA = "https://www.w3.org/ns/dcat.rdf"


def write_dcat(entry: CatalogueEntry, portal: Portal, addresses: Addresses) -> _Element:
    """The element that describes an entry: the same document that its own address has."""
    from lxml import etree

    triples = describe_one(entry, Scope(portal=portal, addresses=addresses))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.fromstring(b"".join(write_document([triples], RDF_XML)), parser)
