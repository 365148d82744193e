"""What an item says that may be a mistake: nothing here stops anybody.

Source: faults that reviews of real inventories name: the class of format doesn't agree with the format, the way of
sharing not with the class, the index number begins with the code of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opendata.domain.inventory.index_numbers import find_prefix, is_own_number
from opendata.errors import N_, Fault, fault

_CLASSES: Mapping[str, frozenset[str]] = {
    "1": frozenset(["txt", "doc", "docx", "wps", "pdf", "ofd", "ppt", "pptx", "htm", "html", "http"]),
    "2": frozenset(["xls", "xlsx", "et", "ods", "csv", "tsv"]),
    "3": frozenset(["access", "dbf", "dmp", "mdb", "mysql", "oracle", "postgresql", "sqlserver", "sybase", "dm"]),
    "4": frozenset(["jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "dwg", "shp"]),
    "5": frozenset(["swf", "rm", "mpg", "mpeg", "mp3", "mp4", "avi", "wav"]),
    "7": frozenset(["api", "rest", "soap", "webservice", "wms", "wfs"]),
}
_WAYS: Mapping[str, str] = {"database": "3", "service": "7"}


def find_warnings(metadata: Mapping[str, Any], code: str | None, *, is_right_prefix: bool) -> Iterator[Fault]:
    """What may be wrong with an item of the publisher with this code, each at its property.

    `is_right_prefix` says that its index number begins with a code whose check character is right.
    """
    number = metadata.get("indexNumber")
    if number and not is_right_prefix:
        text = N_("The check character of “%(code)s”, with which the index number begins, is wrong")
        yield fault("/indexNumber", text, code=find_prefix(number))
    elif number and code and not is_own_number(number, code):
        text = N_("The index number begins with “%(code)s”, which isn't the code of its publisher")
        yield fault("/indexNumber", text, code=find_prefix(number))
    elif not number and not code:
        text = N_("The item gets no index number, since its publisher has no unified social credit code")
        yield fault("/indexNumber", text)
    held = metadata.get("resourceFormat") or {}
    kind, name = str(held.get("class", "")), str(held.get("name", "")).lower().lstrip(".")
    usual = next((known for known, names in _CLASSES.items() if name in names), kind)
    if kind and usual != kind:
        text = N_("The format “%(name)s” belongs to class %(usual)s, not to class %(kind)s")
        yield fault("/resourceFormat", text, name=held["name"], usual=usual, kind=kind)
    method = str((metadata.get("sharing") or {}).get("method", ""))
    if kind and method in _WAYS and _WAYS[method] != kind:
        text = N_("The way of sharing doesn't agree with the class of format")
        yield fault("/sharing", text)
