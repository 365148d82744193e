"""What is public about a dataset → what the search index has of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.manifest import Manifest
from opendata.domain.meaning.periods import read_period
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.domain.texts import I18n
from opendata.metadata.expectation import NextEdition
from opendata.metadata.properties.code_lists import find_codes, name_region
from opendata.search.documents import SearchDocument
from opendata.search.words import spell_title
from opendata.services.core.access import is_for_all
from opendata.services.core.values import DatasetView, PublisherView
from opendata.settings import LANGUAGES

_MOST_LABELS = 2_000
"""So many labels and values of a dataset are found; further ones aren't."""
_MOST_YEARS = 200


def make_search_document(
    dataset: DatasetView, manifest: Manifest | None, values: Sequence[str], expected: NextEdition | None
) -> SearchDocument:
    """A dataset with its newest version, what is frequent in its columns, and the edition that is expected next.

    Column names are in the catalogue also where rows aren't public. `values` are of rows that anybody may have.
    """
    tables = [item for item in manifest.resources if isinstance(item, TableResource)] if manifest else []
    fields = [item for table in tables for item in table.schema.fields]
    themes = dataset.further.get("themes") or ()
    region = str((dataset.further.get("spatial") or {}).get("code") or "")
    readable = [table for table in tables if is_for_all(dataset.disclosure, table)]
    texts = {
        "title": [dataset.title, *_translations(dataset.i18n, "title"), dataset.id],
        "keywords": [*dataset.keywords, *(word for item in dataset.i18n.values() for word in _words(item))],
        "publisher": [*_name_publisher(dataset.publisher), *_name_origin(dataset)],
        "theme": [*(find_codes("themes")[code].title(tag) for code in themes for tag in LANGUAGES), *_region(region)],
        "columns": [text for item in fields for text in _name_field(item)]
        + [text for table in tables for text in _name_table(table)]
        + [item.title for item in dataset.external],
        "labels": [*dict.fromkeys([*_list_labels(readable), *values])][:_MOST_LABELS],
        "description": [dataset.description, *_translations(dataset.i18n, "description")],
    }
    return SearchDocument(
        id=dataset.id,
        texts={name: [text for text in found if text] for name, found in texts.items()},
        values={
            "publisher": [dataset.publisher.id],
            "theme": list(themes),
            "format": _list_formats(manifest, dataset),
            "updateCycle": [dataset.update_cycle] if dataset.update_cycle else [],
            "disclosure": [dataset.disclosure.attribute],
            "license": [str(item["name"]) for item in dataset.licenses if item.get("name")],
            "period": list_years(dataset.temporal),
            "region": [region] if region else [],
        },
        updated=dataset.modified,
        title_key=spell_title(dataset.title),
        due=expected.by if expected else None,
    )


def _name_origin(dataset: DatasetView) -> Sequence[str]:
    """The portal that a dataset was harvested from, and who answers for it there."""
    return [dataset.origin["portal"], dataset.origin["publisher"]] if dataset.origin else []


def list_years(temporal: str) -> Sequence[str]:
    """The years that a time covered has a part in."""
    period = read_period(temporal) if temporal else None
    if period is None:
        return []
    return [str(year) for year in range(period.start.year, period.end.year + 1)][:_MOST_YEARS]


def _list_formats(manifest: Manifest | None, dataset: DatasetView) -> Sequence[str]:
    """The formats that anybody may download the data in."""
    found: list[str] = []
    for item in manifest.resources if manifest else ():
        if is_for_all(dataset.disclosure, item):
            found.extend(("csv", "parquet", "xlsx", "json") if isinstance(item, TableResource) else [item.format])
    found += [item.format for item in dataset.external]
    return list(dict.fromkeys(name.lower() for name in found if name))


def _list_labels(tables: Sequence[TableResource]) -> Iterator[str]:
    """The values and labels of code lists that schemas have in full."""
    for table in tables:
        for item in table.schema.fields:
            for category in item.descriptor.get("categories") or ():
                yield from _texts(category.values() if isinstance(category, Mapping) else [category])
            yield from _texts(item.constraints.get("enum") or ())


def _texts(values: Any) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


def _name_field(item: Field) -> Iterator[str]:
    yield item.name
    yield item.title
    yield from _translations(item.i18n, "title")


def _name_publisher(publisher: PublisherView) -> Iterator[str]:
    """The names that a publisher has, and those that it had."""
    yield from (publisher.title, publisher.short_title)
    yield from _translations(publisher.i18n, "title")
    for entry in publisher.former:
        yield entry.get("title", "")
        yield from _translations(entry.get("i18n", {}), "title")


def _name_table(table: TableResource) -> Iterator[str]:
    yield table.name
    yield table.title
    yield from _translations(table.i18n, "title")


def _translations(i18n: I18n, name: str) -> Iterator[str]:
    return (str(texts[name]) for texts in i18n.values() if texts.get(name))


def _words(texts: Mapping[str, Any]) -> Sequence[str]:
    found = texts.get("keywords") or ()
    return [found] if isinstance(found, str) else list(found)


def _region(code: str) -> Sequence[str]:
    return [name_region(code, tag) for tag in LANGUAGES] if code else []
