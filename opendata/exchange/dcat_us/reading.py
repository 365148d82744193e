"""A `data.json` → datasets with metadata of ours, and for each item what was left out, and why.

It is of version 1.1; of DCAT-US 3.0 what that says in the same way is read; many say neither. An item without title or
identifier is refused, and one whose identifier came before. What doesn't fit a property of ours is left out and named.
Addresses of the document itself are never opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from opendata.domain.meaning.periods import KINDS, join_periods, period_of
from opendata.domain.moments import read_moment
from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.exchange.core.harvested import Harvest, HarvestedDataset, HarvestedFile, RefusedItem
from opendata.exchange.core.terms import CYCLES
from opendata.exchange.dcat_us import third
from opendata.exchange.dcat_us.parts import BASIS, NO_ADDRESS
from opendata.metadata.codes import LICENSES
from opendata.metadata.properties.code_lists import find_codes, name_region
from opendata.metadata.properties.reading import load_profile
from opendata.metadata.properties.values import find_faults
from opendata.metadata.text import find_value_faults, is_web_address

MOST_BYTES = 256 * 1024 * 1024
MOST_DATASETS = 200_000
MOST_FILES = 1000
MOST_KEYWORDS = 100
LONGEST_KEYWORD = 100
LONGEST_IDENTIFIER = 1000
LEVELS = ("accessLevel", "accessRights")
"""What says who may have the data, in 1.1 and in 3.0."""

_LEVELS = {"public": "open", "restricted public": "conditional", "non-public": "closed"}
_VERSIONS = re.compile(r"/v1\.1/schema|/dcat-us/3")
_DIVISION = re.compile(r"[0-9]{6}")
_DEEPEST = 8


def read_catalogue(data: bytes) -> Harvest:
    """All that a document says. Raises `InvalidMetadataError` where it isn't a data.json."""
    items = _open(data)
    datasets: list[HarvestedDataset] = []
    refused: list[RefusedItem] = []
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        found = read_dataset(item)
        if isinstance(found, HarvestedDataset) and found.identifier in seen:
            text = N_("Another item of the document has this identifier")
            faults = [fault("/identifier", text)]
            refused.append(RefusedItem(number=number, identifier=found.identifier, faults=faults))
        elif isinstance(found, HarvestedDataset):
            seen.add(found.identifier)
            datasets.append(found)
        else:
            name = _read_text(item.get("identifier")) if isinstance(item, Mapping) else ""
            refused.append(RefusedItem(number=number, identifier=name[:LONGEST_IDENTIFIER], faults=found))
    return Harvest(datasets=datasets, refused=refused)


def read_dataset(item: object) -> HarvestedDataset | list[Fault]:
    """One item of a document; the faults alone where it can't be taken."""
    if not isinstance(item, Mapping):
        return [fault("", N_("This must be an object"))]
    if type(item.get("identifier")) is int:
        item = {**item, "identifier": str(item["identifier"])}
    wrong = list(find_value_faults(item, depth=_DEEPEST))
    wrong += [
        fault(f"/{name}", N_("This property is required"))
        for name in ("identifier", "title")
        if not _read_text(item.get(name))
    ]
    if wrong:
        return wrong
    identifier, title = _read_text(item["identifier"]), _read_text(item["title"])
    for name, text, limit in (
        ("identifier", identifier, LONGEST_IDENTIFIER),
        ("title", title, load_profile().properties["title"].limit),
    ):
        if len(text) > limit:
            wrong.append(fault(f"/{name}", N_("At most %(limit)s characters are allowed"), limit=limit))
    if wrong:
        return wrong
    reader = _Reader(item)
    for read in _READERS:
        read(reader)
    publisher = item.get("publisher")
    return HarvestedDataset(
        identifier=identifier,
        metadata={"title": title, **reader.metadata},
        publisher=_read_text(publisher.get("name")) if isinstance(publisher, Mapping) else _read_text(publisher),
        files=list(_list_files(reader)),
        issued=_read_time(item.get("issued")),
        modified=_read_time(item.get("modified")),
        faults=reader.faults,
    )


def _open(data: bytes) -> list[Any]:
    if len(data) > MOST_BYTES:
        raise InvalidMetadataError(faults=[fault("", N_("At most %(limit)s bytes are allowed"), limit=MOST_BYTES)])
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # what isn't UTF-8 is a ValueError too
        raise InvalidMetadataError(faults=[fault("", N_("The document isn't valid JSON in UTF-8"))]) from None
    items = document.get("dataset") if isinstance(document, Mapping) else None
    if not isinstance(items, list):
        text = N_("The source isn't a data.json: it has no list of datasets")
        raise InvalidMetadataError(faults=[fault("/dataset" if isinstance(document, Mapping) else "", text)])
    version = document.get("conformsTo")
    version = _read_text(version.get("@id") if isinstance(version, Mapping) else version)
    if version and not _VERSIONS.search(version):
        text = N_("The document says that it isn't a data.json of version 1.1 or 3.0: “%(value)s”")
        raise InvalidMetadataError(faults=[fault("/conformsTo", text, value=version[:200])])
    if len(items) > MOST_DATASETS:
        text = N_("At most %(limit)s datasets are allowed")
        raise InvalidMetadataError(faults=[fault("/dataset", text, limit=MOST_DATASETS)])
    return items


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


@dataclass(slots=True)
class _Reader:
    """An item while its properties are read one by one."""

    item: Mapping[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def get_text(self, name: str) -> str:
        """The text of a property; what isn't a text is named as a fault."""
        value = self.item.get(name)
        if value is not None and not isinstance(value, str):
            self.faults.append(fault(f"/{name}", N_("This must be text")))
        return _read_text(value)

    def list_texts(self, name: str) -> list[str]:
        """The texts of a property that is a list of them, or one; each once."""
        value = self.item.get(name)
        if value is None:
            return []
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(text, str) for text in found):
            self.faults.append(fault(f"/{name}", N_("This must be a list of texts")))
        return list(dict.fromkeys(filter(None, map(_read_text, found))))

    def keep(self, name: str, value: Any, source: str) -> None:
        """Take a value as a property of ours if nothing is wrong with it."""
        wrong = list(find_faults(load_profile().properties[name], value, f"/{source}"))
        self.faults += wrong
        if value and not wrong:
            self.metadata[name] = value


def _read_description(reader: _Reader) -> None:
    reader.keep("description", reader.get_text("description"), "description")


def _read_keywords(reader: _Reader) -> None:
    words = reader.list_texts("keyword")
    found = [word for word in words if len(word) <= LONGEST_KEYWORD]
    if len(found) < len(words):
        text = N_("Keywords of more than %(limit)s characters were left out")
        reader.faults.append(fault("/keyword", text, limit=LONGEST_KEYWORD))
    if len(found) > MOST_KEYWORDS:
        text = N_("Only the first %(limit)s of these were taken")
        reader.faults.append(fault("/keyword", text, limit=MOST_KEYWORDS))
    if found:
        reader.metadata["keywords"] = found[:MOST_KEYWORDS]


def _read_disclosure(reader: _Reader) -> None:
    name = next((key for key in LEVELS if reader.item.get(key) not in (None, "")), "")
    if not name:
        return
    level = reader.get_text(name)
    attribute = _LEVELS.get(level)
    if attribute is None:
        text = N_("“%(value)s” isn't one of %(choices)s")
        reader.faults.append(fault(f"/{name}", text, value=level[:200], choices=", ".join(_LEVELS)))
        return
    rights = next(iter(reader.list_texts("rights")), "")
    if attribute == "open":
        reader.metadata["disclosure"] = {"attribute": attribute}
        return
    reason, _, basis = rights.rpartition(BASIS)
    said = {"attribute": attribute, "reason": reason or rights, "legalBasis": basis if reason else ""}
    reader.metadata["disclosure"] = {key: value for key, value in said.items() if value}
    if not said["legalBasis"]:
        reader.faults.append(fault("/rights", N_("Data that isn't open needs a reason and a legal basis")))


def _read_licence(reader: _Reader) -> None:
    address = reader.get_text("license")
    if not address:
        return
    if not is_web_address(address):
        reader.faults.append(_refuse_address("/license", address))
        return
    known = next((code for code in LICENSES.values() if code.path and _bare(code.path) == _bare(address)), None)
    reader.metadata["licenses"] = [{"name": known.id, "path": known.path} if known else {"path": address}]


def _read_cycle(reader: _Reader) -> None:
    interval = reader.get_text("accrualPeriodicity")
    if not interval:
        return
    cycle = _CYCLES.get(interval)
    if cycle:
        reader.metadata["updateCycle"] = cycle
    else:
        text = N_("No update cycle of ours is “%(value)s”")
        reader.faults.append(fault("/accrualPeriodicity", text, value=interval[:60]))


def _read_period(reader: _Reader) -> None:
    value = reader.item.get("temporal")
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        text = "/".join(_read_text(value[0].get(name)) for name in ("startDate", "endDate"))
    else:
        text = reader.get_text("temporal")
    if not text:
        return
    first, _, last = text.partition("/")
    start, end = _read_time(first), _read_time(last)
    found = find_period(start.date(), end.date()) if start and end else ""
    if found:
        reader.keep("temporal", found, "temporal")
    else:
        message = N_("“%(value)s” isn't an interval from one day to a later one")
        reader.faults.append(fault("/temporal", message, value=text[:60]))


def find_period(start: date, end: date) -> str:
    """The normal form of a period by its first and last day, in the longest kind that fits; empty if none does."""
    if end < start:
        return ""
    for kind in reversed(KINDS):
        try:
            first, last = period_of(start, kind), period_of(end, kind)
        except ValueError:
            return ""
        whole = join_periods(first, last) if (first.start, last.end) == (start, end) else None
        if whole is not None:
            return whole.text
    return ""


def _read_spatial(reader: _Reader) -> None:
    value = reader.item.get("spatial")
    if value is None or value == "":
        return
    if not isinstance(value, str):
        reader.faults.append(fault("/spatial", N_("Only the name of a region can be taken")))
        return
    text = value.strip()
    code = text if _DIVISION.fullmatch(text) else _find_regions().get(text, "")
    reader.keep("spatial", {"code": code} if code else {"name": text}, "spatial")


@cache
def _find_regions() -> Mapping[str, str]:
    """Name of a province or city, as we write it → its code."""
    return {name_region(code, language): code for code in find_codes("regions") for language in ("zh", "en")}


def _read_languages(reader: _Reader) -> None:
    codes = find_codes("languages")
    given = [tag.lower().partition("-")[0] for tag in reader.list_texts("language")]
    _keep_known(reader, "languages", "language", {tag: tag for tag in codes}, given)


def _read_themes(reader: _Reader) -> None:
    names = {name: code.id for code in find_codes("themes").values() for name in (code.id, code.title("en"))}
    _keep_known(reader, "themes", "theme", names, reader.list_texts("theme"))


def _keep_known(reader: _Reader, name: str, source: str, known: Mapping[str, str], given: list[str]) -> None:
    """Take those of the texts that are in a code list, and name the others."""
    found = list(dict.fromkeys(known[text] for text in given if text in known))
    if found:
        reader.metadata[name] = found
    for text in dict.fromkeys(text for text in given if text not in known):
        message = N_("The code list has no “%(value)s”")
        reader.faults.append(fault(f"/{source}", message, value=text[:200]))


def _read_addresses(reader: _Reader) -> None:
    value = reader.item.get("landingPage")
    page = _read_text(value.get("accessURL")) if isinstance(value, Mapping) else reader.get_text("landingPage")
    if page and is_web_address(page):
        reader.keep("homepage", page, "landingPage")
    elif page:
        reader.faults.append(_refuse_address("/landingPage", page))


def _read_contact(reader: _Reader) -> None:
    value = reader.item.get("contactPoint")
    value = value[0] if isinstance(value, list) and value else value
    if not isinstance(value, Mapping):
        return
    mail = _read_text(value.get("hasEmail"))
    mail = "" if mail == NO_ADDRESS else re.sub("^mailto:", "", mail, flags=re.IGNORECASE)
    said = {"name": _read_text(value.get("fn")), "email": mail}
    reader.keep("contactPoint", {key: text for key, text in said.items() if text}, "contactPoint")


def _list_files(reader: _Reader) -> Iterator[HarvestedFile]:
    value = reader.item.get("distribution")
    items = value if isinstance(value, list) else []
    if value is not None and not isinstance(value, list):
        reader.faults.append(fault("/distribution", N_("This must be a list")))
    if len(items) > MOST_FILES:
        text = N_("Only the first %(limit)s of these were taken")
        reader.faults.append(fault("/distribution", text, limit=MOST_FILES))
    for number, item in enumerate(items[:MOST_FILES]):
        place = f"/distribution/{number}"
        if not isinstance(item, Mapping):
            reader.faults.append(fault(place, N_("This must be an object")))
            continue
        download, access = _read_text(item.get("downloadURL")), _read_text(item.get("accessURL"))
        address = download or access
        if not is_web_address(address):
            reader.faults.append(_refuse_address(place, address))
            continue
        yield HarvestedFile(
            address=address,
            is_download=bool(download),
            title=_read_text(item.get("title"))[:300],
            description=_read_text(item.get("description"))[:10_000],
            media_type=_read_text(item.get("mediaType"))[:200],
            format=_read_text(item.get("format"))[:100],
            size=str(item.get("byteSize") or "")[:20],
        )


def _refuse_address(pointer: str, address: str) -> Fault:
    return fault(pointer, N_("“%(value)s” isn't a web address (http or https)"), value=address[:200])


def _read_text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _read_time(value: object) -> datetime | None:
    """A moment; a year or month alone is none."""
    return read_moment(value.strip(), UTC) if isinstance(value, str) else None


def _bare(address: str) -> str:
    """An address without what is the same for all licences."""
    return re.sub(r"^https?://(www\.)?", "", address.strip().lower()).rstrip("/")


_CYCLES = {
    **{word: name for name, word in third.CYCLES.items()},
    **{term.interval: name for name, term in CYCLES.items() if name != "never"},
    "R/P7D": "weekly",
    "R/P12M": "annual",
    "R/PT0S": "realtime",
}
_READERS: tuple[Callable[[_Reader], None], ...] = (
    _read_description,
    _read_keywords,
    _read_disclosure,
    _read_licence,
    _read_cycle,
    _read_period,
    _read_spatial,
    _read_languages,
    _read_themes,
    _read_addresses,
    _read_contact,
)
