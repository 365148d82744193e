"""What the selection fields of the forms offer: (value, label) pairs in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext

from opendata.domain.resources import TableResource
from opendata.metadata.codes import LICENSES, Code
from opendata.services.core.values import DatasetView, PublisherView, SchemaView
from opendata.web.core.languages import choose_language, say_plain
from opendata.web.drafts.metadata_form import KEEP_LICENCE, show_dataset

Pairs = Sequence[tuple[str, str]]

ATTACHMENT = "+attachment"
"""Said of a file instead of the name of a table, which it cannot be."""


NEW = "+new"
"""Said of a file that becomes a table of its own, whatever it looks like."""

APPEND = "append:"
"""Before the name of a table to which the rows of a file are added."""


def offer_codes(codes: Mapping[str, Code]) -> Pairs:
    """The entries of a code list."""
    return [(code.id, code.title(choose_language())) for code in codes.values()]


def offer_licences(dataset: DatasetView | None) -> Pairs:
    """The licences we know; one that we do not may stay."""
    found = [("", gettext("not stated")), *offer_codes(LICENSES)]
    if dataset is not None and show_dataset(dataset)["license"] == KEEP_LICENCE:
        names = [str(item.get("title") or item.get("name") or item.get("path")) for item in dataset.licenses]
        found.append((KEEP_LICENCE, gettext("unchanged: %(names)s", names=", ".join(names))))
    return found


def offer_publishers(publishers: Iterable[PublisherView]) -> Pairs:
    """The publishers."""
    return [("", gettext("Choose a publisher")), *name_publishers(publishers)]


def name_publishers(publishers: Iterable[PublisherView]) -> list[tuple[str, str]]:
    """The publishers alone."""
    return [(item.id, say_plain(item)) for item in publishers]


def offer_tables(tables: Iterable[TableResource]) -> Pairs:
    """What a file may become: what is found out, a present table or more of it, a new one, or an attachment."""
    present = list(tables)
    replacing = [(item.name, gettext("replaces “%(title)s”", title=say_plain(item))) for item in present]
    adding = [(f"{APPEND}{item.name}", gettext("is added to “%(title)s”", title=say_plain(item))) for item in present]
    if not present:
        return [
            ("", gettext("a new table, or an attachment if it is a document or picture")),
            (ATTACHMENT, gettext("an attachment published with the tables")),
        ]
    return [
        ("", gettext("found out from its columns, its name and its keys")),
        *replacing,
        *adding,
        (NEW, gettext("a new table")),
        (ATTACHMENT, gettext("an attachment published with the tables")),
    ]


def offer_schemas(schemas: Iterable[SchemaView]) -> Pairs:
    """The newest version of each schema of the library."""
    return [("", gettext("Choose a schema")), *((item.ref, f"{say_plain(item)} ({item.ref})") for item in schemas)]


def offer_delimiters() -> Pairs:
    """What separates the cells of a file."""
    return [
        ("", gettext("detected automatically")),
        (",", gettext("comma")),
        (";", gettext("semicolon")),
        ("tab", gettext("tab")),
        ("|", gettext("vertical bar")),
        ("，", gettext("full-width comma")),
        ("；", gettext("full-width semicolon")),
    ]


ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "gb18030": "GB18030 / GBK",
    "big5hkscs": "Big5",
    "cp950": "Big5 (Windows 950)",
    "cp932": "Shift_JIS",
    "cp949": "EUC-KR",
    "euc_jp": "EUC-JP",
    "cp1252": "Windows-1252",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "cp1258": "Windows-1258 (Vietnamese)",
    "cp874": "Windows-874 (Thai)",
    "iso8859_2": "ISO 8859-2",
    "iso8859_5": "ISO 8859-5",
    "iso8859_6": "ISO 8859-6",
    "iso8859_7": "ISO 8859-7",
    "iso8859_8": "ISO 8859-8",
    "iso8859_9": "ISO 8859-9",
    "iso8859_13": "ISO 8859-13",
    "iso8859_15": "ISO 8859-15",
    "koi8_r": "KOI8-R",
    "koi8_u": "KOI8-U",
    "cp850": "DOS 850",
    "cp852": "DOS 852",
    "cp866": "DOS 866",
    "mac_roman": "Mac Roman",
    "mac_latin2": "Mac Latin 2",
    "mac_cyrillic": "Mac Cyrillic",
    "iso2022_jp": "ISO-2022-JP",
    "iso2022_jp_ext": "ISO-2022-JP-EXT",
    "iso2022_kr": "ISO-2022-KR",
    "hz": "HZ",
}
"""The encodings a person may choose, as people call them."""


def offer_encodings() -> Pairs:
    """The character encodings of files."""
    return [("", gettext("detected automatically")), *ENCODING_NAMES.items()]
