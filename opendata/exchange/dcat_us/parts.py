"""What both editions of DCAT-US say alike: who to write to, keywords, rights, addresses, media types.

Source: Project Open Data metadata schema 1.1; DCAT-US 3.0 as GSA's harvester has its JSON Schemas. Both require a mail
address of a contact. Where neither dataset, publisher nor portal has one, the address is `NO_ADDRESS`: names under
`.invalid` are nobody's (RFC 6761), so it can't be taken for one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Agency, CatalogueEntry, Portal
from opendata.exchange.core.coverage import name_themes
from opendata.exchange.core.files import list_external
from opendata.exchange.core.texts import choose_text, list_texts, list_words
from opendata.metadata.text import is_web_address

NO_ADDRESS = "mailto:none@not-stated.invalid"
MOST_RIGHTS = 255
"""Characters of `rights`."""
MOST_ABOVE = 10
"""So many publishers are named above one."""
BASIS = " — "
"""What stands between the reason and the legal basis of data that isn't open."""

_MAIL = re.compile(r"[A-Za-z0-9_~!$&'()*+,;=:.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_MEDIA_TYPE = re.compile(r"[-\w]+/[-\w]+(\.[-\w]+)*([+][-\w]+)?", re.ASCII)
_URL_SAFE = "/:@!$&'()*+,;=~?#[]%"
_BATCH = 64 * 1024
"""Characters that are sent at once, or a little more."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all datasets of a document are described with: where, whose portal, in which language, all publishers."""

    addresses: Addresses
    portal: Portal
    language: str
    agencies: Mapping[str, Agency]

    def choose(self, texts: Mapping[str, str]) -> str:
        """A text in the language of the document, else in that of the portal, else in any."""
        return choose_text(texts, self.language, self.portal.language)

    def say(self, thing: Any, key: str) -> str:
        """A text of a thing that has translations."""
        return self.choose(list_texts(getattr(thing, key), thing.i18n, key, self.portal.language)).strip()

    def list_above(self, agency: Agency) -> Iterator[Agency]:
        """The publishers above one, the nearest first; those that aren't known end it."""
        seen = {agency.id}
        above = self.agencies.get(agency.parent or "")
        while above is not None and above.id not in seen and len(seen) <= MOST_ABOVE:
            yield above
            seen.add(above.id)
            above = self.agencies.get(above.parent or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who to write to; `mail` is an address with `mailto:`, `telephone` may be empty."""

    name: str
    mail: str
    telephone: str


def find_contact(entry: CatalogueEntry, setting: Setting) -> Contact:
    """Whom the dataset names, else its publisher, else the portal: the first that has a mail address."""
    own = entry.metadata.further.get("contactPoint") or {}
    agency = setting.say(entry.publisher, "title") or entry.publisher.id
    name = str(own.get("name") or agency)
    telephone = str(own.get("telephone") or entry.publisher.contact.get("telephone") or "")
    for mail in (own.get("email"), entry.publisher.contact.get("email")):
        if _MAIL.fullmatch(str(mail or "")):
            return Contact(name=name, mail=f"mailto:{mail}", telephone=telephone)
    return find_portal_contact(setting) or Contact(name=name, mail=NO_ADDRESS, telephone=telephone)


def find_portal_contact(setting: Setting) -> Contact | None:
    """Who runs the portal, if they have a mail address."""
    portal = setting.portal
    if not _MAIL.fullmatch(portal.email):
        return None
    name = setting.choose(portal.organiser) or setting.choose(portal.names)
    return Contact(name=name, mail=f"mailto:{portal.email}", telephone=portal.telephone)


def list_keywords(entry: CatalogueEntry, setting: Setting) -> Sequence[str]:
    """The keywords in the language of the document; without any the themes, else who publishes it: never empty."""
    metadata = entry.metadata
    words = list_words(metadata.keywords, metadata.i18n, "keywords", setting.portal.language)
    found = words.get(setting.language) or words.get(setting.portal.language) or next(iter(words.values()), ())
    chosen = list(found) or list(name_themes(entry, setting.language))
    kept = [word.strip()[:1000] for word in chosen if word.strip()]
    return list(dict.fromkeys(kept))[:1000] or [setting.say(entry.publisher, "title") or entry.publisher.id]


def say_rights(entry: CatalogueEntry) -> str:
    """Why the data isn't open, and by which law; empty for open data."""
    found = entry.metadata.disclosure
    text = BASIS.join(filter(None, (found.audience, found.reason, found.legal_basis)))
    return text if len(text) <= MOST_RIGHTS else text[: MOST_RIGHTS - 1] + "…"


def clean_address(address: object) -> str:
    """A web address in ASCII; empty for what isn't one."""
    text = str(address or "").strip()
    return quote(text, safe=_URL_SAFE) if is_web_address(text) else ""


def clean_media_type(media_type: str) -> str:
    """A media type without parameters; that of any bytes for what isn't one."""
    text = media_type.partition(";")[0].strip()
    return text if _MEDIA_TYPE.fullmatch(text) else "application/octet-stream"


def describe_external(entry: CatalogueEntry, kind: str) -> list[Document]:
    """The addresses of a harvested dataset at its portal, as distributions of the type `kind`."""
    found = [
        drop_empty(
            {
                "@type": kind,
                "title": item.title,
                "description": item.description,
                "accessURL": clean_address(item.address),
                "format": item.label,
            }
        )
        for item in list_external(entry)
    ]
    return [item for item in found if "accessURL" in item]


def drop_empty(document: Mapping[str, Any]) -> Document:
    """Without what says nothing: a key is left out rather than sent empty."""
    return {key: value for key, value in document.items() if value not in ("", None, [], {}, ())}


def write_stream(head: Document, datasets: Iterable[Document]) -> Iterator[bytes]:
    """A catalogue as JSON, piece by piece: what is said of all of it, then one dataset a line."""
    start = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    pieces, size = [start[:-1] + ',"dataset":['], len(start)
    separator = "\n"
    for document in datasets:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        pieces.append(separator + text)
        size += len(text)
        separator = ",\n"
        if size >= _BATCH:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    pieces.append("\n]}\n")
    yield "".join(pieces).encode()
