"""Shapefiles in an archive: the files that belong together by their names, of which the .dbf is a table.

In, the files of an archive:     roads.shp, roads.shx, roads.dbf, roads.prj, roads.cpg, notes.csv
Out:                             roads.dbf in the encoding of the .cpg, with what is left out; notes.csv
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opendata.errors import N_, UnsupportedFormatError
from opendata.intake.columnar.dbase import read_code_page
from opendata.intake.understanding import Decision
from opendata.intake.unpack.archives import Leaf

_BESIDE = frozenset(
    ["shp", "shx", "prj", "cpg", "cst", "qpj", "sbn", "sbx", "qix", "fbn", "fbx", "ain", "aih", "atx", "shp.xml"]
)
_READ_BYTES = 4096
_PROJECTION = re.compile(r'\s*\w+\s*\[\s*"([^"]{1,200})"')
_GEOMETRY = N_(
    "The table is that of a Shapefile. Its geometry, in the reference system %(projection)s, is left out. To publish it"
    " too, export the layer as GeoJSON"
)
_UNPROJECTED = N_(
    "The table is that of a Shapefile. Its geometry is left out, and there is no .prj file that names its reference"
    " system. To publish it too, export the layer as GeoJSON"
)


@dataclass(slots=True)
class _Group:
    """The files of one name in one folder, by their endings."""

    files: dict[str, Leaf]

    @property
    def is_shapefile(self) -> bool:
        return "shp" in self.files or "shx" in self.files


def join_shapefiles(leaves: Sequence[Leaf], name: str) -> tuple[list[Leaf], dict[Path, str | None]]:
    """The files without those that only belong to a table beside them.

    And the tables that have such files, by their paths, each with the encoding that they name.
    Raises `UnsupportedFormatError` for a Shapefile without its table.
    """
    groups: dict[tuple[str, ...], _Group] = {}
    for leaf in leaves:
        if leaf.members:
            stem, ending = _split_name(leaf.members[-1])
            groups.setdefault((*leaf.members[:-1], stem), _Group({})).files[ending] = leaf
    gone: set[Path] = set()
    encodings: dict[Path, str | None] = {}
    joined: dict[Path, Leaf] = {}
    for group in groups.values():
        table = group.files.get("dbf")
        if table is None or table.kind.form != "dbase":
            if group.is_shapefile and "shp" in group.files and group.files["shp"].kind.form == "shapefile":
                raise UnsupportedFormatError(
                    N_("“%(file)s” has a Shapefile without its table. Add the .dbf file of the same name"), file=name
                )
            continue
        beside = {ending: leaf for ending, leaf in group.files.items() if ending in _BESIDE}
        gone |= {leaf.path for leaf in beside.values()}
        if beside:
            encodings[table.path] = read_code_page(_read(beside["cpg"].path)) if "cpg" in beside else None
        if group.is_shapefile:
            found = _PROJECTION.match(_read(beside["prj"].path).decode("utf-8", "replace")) if "prj" in beside else None
            decision = Decision(
                rule="shapefile",
                text=_GEOMETRY if found else _UNPROJECTED,
                details={"projection": found[1]} if found else {},
                sure=0.8,
            )
            joined[table.path] = replace(table, decisions=(*table.decisions, decision))
    return [joined.get(leaf.path, leaf) for leaf in leaves if leaf.path not in gone], encodings


def _split_name(name: str) -> tuple[str, str]:
    """The name of a member up to its ending, and the ending, both in small letters."""
    folder, _, last = name.lower().replace("\\", "/").rpartition("/")
    stem, _, ending = last.removesuffix(".xml").rpartition(".") if last.endswith(".shp.xml") else last.rpartition(".")
    return f"{folder}/{stem}", "shp.xml" if last.endswith(".shp.xml") else ending


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_READ_BYTES)
