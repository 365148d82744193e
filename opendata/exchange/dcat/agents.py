"""Publishers, who runs the portal, and how to reach them.

Source: FOAF, the W3C's Organization Ontology, vCard; ADMS for types of publishers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opendata.domain.catalogue.entries import Agency
from opendata.exchange.core.texts import list_texts
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import (
    TYPE,
    Iri,
    Triple,
    fragment,
    mailbox,
    plain,
    say,
    telephone,
    term,
    web_address,
)

_TYPES = "http://purl.org/adms/publishertype/"
_GOVERNMENT = ("department", "subdistrict", "town", "zone")


def describe_agency(agency: Agency, scope: Scope) -> Iterator[Triple]:
    """A publisher, with its contact if it has one."""
    subject = scope.addresses.publisher(agency.id)
    yield subject, TYPE, term("foaf:Agent")
    yield subject, TYPE, term("org:FormalOrganization")
    yield from say(subject, "foaf:name", list_texts(agency.title, agency.i18n, "title", scope.language))
    yield from say(
        subject, "dct:description", list_texts(agency.description, agency.i18n, "description", scope.language)
    )
    yield subject, "dct:identifier", plain(agency.id)
    if agency.code:
        yield subject, "org:identifier", plain(agency.code)
    kind = _find_type(agency)
    if kind:
        yield subject, "dct:type", Iri(_TYPES + kind)
    if agency.parent:
        yield subject, "org:subOrganizationOf", Iri(scope.addresses.publisher(agency.parent))
    home = web_address(agency.contact.get("url", ""))
    if home is not None:
        yield subject, "foaf:homepage", home
    if has_contact(agency.contact):
        contact = fragment(subject, "contact")
        titles = list_texts(agency.title, agency.i18n, "title", scope.language)
        yield from describe_contact(contact, agency.contact, titles)
    if home is not None:
        yield home.value, TYPE, term("foaf:Document")


def has_contact(contact: Mapping[str, Any]) -> bool:
    """Whether somebody can be reached by it."""
    return bool(contact.get("email") or contact.get("telephone"))


def describe_contact(subject: str, contact: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[Triple]:
    """A contact: its own name, or those of the publisher."""
    yield subject, TYPE, term("vcard:Kind")
    yield subject, TYPE, term("vcard:Organization")
    name = str(contact.get("name") or "")
    if name:
        yield subject, "vcard:fn", plain(name)
    else:
        yield from say(subject, "vcard:fn", titles)
    if contact.get("email"):
        yield subject, "vcard:hasEmail", mailbox(str(contact["email"]))
    if contact.get("telephone"):
        yield subject, "vcard:hasTelephone", telephone(str(contact["telephone"]))


def name_organiser(scope: Scope) -> str:
    """The IRI of who runs the portal."""
    return scope.name("organiser")


def describe_organiser(scope: Scope) -> Iterator[Triple]:
    """Who runs the portal."""
    subject = name_organiser(scope)
    yield subject, TYPE, term("foaf:Agent")
    yield from say(subject, "foaf:name", scope.portal.organiser or scope.portal.names)
    yield subject, "foaf:homepage", Iri(scope.addresses.home)
    if scope.portal.email or scope.portal.telephone:
        contact = {"email": scope.portal.email, "telephone": scope.portal.telephone}
        yield from describe_contact(scope.name("contact"), contact, scope.portal.organiser or scope.portal.names)


def _find_type(agency: Agency) -> str:
    """Its type in ADMS, where its kind and its division say it."""
    if agency.kind == "public-enterprise":
        return "Company"
    if agency.kind not in _GOVERNMENT or not agency.division:
        return ""
    return "RegionalAuthority" if agency.division[2:6] == "0000" else "LocalAuthority"
