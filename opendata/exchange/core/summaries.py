"""A description that is long enough for those who want one: what is known of an entry follows what its publisher says.

Every sentence is a fact of the catalogue. None is there to fill space.
"""

from __future__ import annotations

from collections.abc import Iterator

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.domain.resources import TableResource
from opendata.errors import N_, Listed
from opendata.exchange.core.coverage import find_coverage, name_place
from opendata.exchange.core.terms import find_licence
from opendata.exchange.core.texts import choose_text, list_texts
from opendata.metadata.codes import DISCLOSURES, UPDATE_CYCLES
from opendata.wording.voice import Voice, voice_of

MOST_COLUMNS = 30
"""So many columns of a table are named."""


def name_entry(entry: CatalogueEntry, portal: Portal, language: str) -> str:
    """The title of an entry in a language, else in any; its id where it has none."""
    texts = list_texts(entry.metadata.title, entry.metadata.i18n, "title", portal.language)
    return choose_text(texts, language, portal.language) or entry.id


def describe_entry(
    entry: CatalogueEntry, addresses: Addresses, portal: Portal, language: str, *, least: int = 1, most: int = 10_000
) -> str:
    """What its publisher says of it, with what else is known until it has at least so many characters; never empty."""
    texts = list_texts(entry.metadata.description, entry.metadata.i18n, "description", portal.language)
    text = choose_text(texts, language, portal.language).strip()
    for fact in _list_facts(entry, addresses, portal, language):
        if len(text) >= least:
            break
        text = f"{text}{fact}" if text.endswith("。") else f"{text} {fact}".strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def _list_facts(entry: CatalogueEntry, addresses: Addresses, portal: Portal, language: str) -> Iterator[str]:
    voice = voice_of(language)
    yield voice.say(N_("Dataset: %(title)s."), title=name_entry(entry, portal, language))
    agency = list_texts(entry.publisher.title, entry.publisher.i18n, "title", portal.language)
    yield voice.say(N_("Publisher: %(title)s."), title=choose_text(agency, language, portal.language))
    for item in entry.manifest.resources if entry.manifest else ():
        if isinstance(item, TableResource):
            yield _describe_table(item, portal, voice)
    period = find_coverage(entry)
    if period is not None:
        yield voice.say(N_("Period covered: %(period)s."), period=period.text)
    place = name_place(entry, language)
    if place:
        yield voice.say(N_("Region covered: %(region)s."), region=place)
    if entry.metadata.update_cycle in UPDATE_CYCLES:
        name = UPDATE_CYCLES[entry.metadata.update_cycle].title(language)
        yield voice.say(N_("Update cycle: %(cycle)s."), cycle=name)
    attribute = entry.metadata.disclosure.attribute
    yield voice.say(N_("Disclosure: %(attribute)s."), attribute=DISCLOSURES[attribute].title(language))
    for licence in entry.metadata.licenses[:1]:
        yield voice.say(N_("Licence: %(licence)s."), licence=find_licence(licence).title)
    day = entry.created.date().isoformat()
    where = choose_text(portal.names, language, portal.language)
    yield voice.say(N_("In the catalogue of %(portal)s since %(day)s."), portal=where, day=day)
    if not entry.public:
        yield voice.say(N_("None of its data can be downloaded at present."))
    yield addresses.dataset(entry.id)


def _describe_table(table: TableResource, portal: Portal, voice: Voice) -> str:
    title = choose_text(list_texts(table.title, table.i18n, "title", portal.language), voice.language) or table.name
    names = [
        choose_text(list_texts(item.title, item.i18n, "title", portal.language), voice.language) or item.name
        for item in table.schema.fields[:MOST_COLUMNS]
    ]
    text = N_("Table “%(title)s” has %(rows)s rows and these columns: %(columns)s.")
    return voice.say(text, title=title, rows=table.rows, columns=Listed(names))
