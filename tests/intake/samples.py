"""One well-formed file of each form, and the parts of a workbook, as bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Mapping


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook_parts(sheet: str | bytes, strings: str | None = None) -> dict[str, str | bytes]:
    def relations(*targets: tuple[str, str]) -> str:
        items = "".join(
            f'<Relationship Id="r{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(targets)
        )
        return f'<Relationships xmlns="{PACKAGE}">{items}</Relationships>'

    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "strings.xml")
        ),
        "xl/worksheets/sheet1.xml": sheet,
    }
    return {**parts, "xl/strings.xml": strings} if strings is not None else parts


def sheet_of(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


ROWS = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>{n}</v></c></row>' for n in range(1, 200))


def ods_of(tables: str, styles: str = "") -> bytes:
    """An OpenDocument spreadsheet of tables, with automatic styles."""
    names = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "style", "table", "text")}
    names["number"] = "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
    declared = " ".join(f'xmlns:{name}="{address}"' for name, address in names.items())
    content = (
        f"<office:document-content {declared}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": mimetype, "content.xml": content, "META-INF/manifest.xml": manifest})


def samples() -> dict[str, bytes]:
    """One well-formed file of each form that can be built here."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = [{"name": f"n{number}", "value": number} for number in range(500)]
    text = "name,value\n" + "".join(f"n{number},{number}\n" for number in range(500))
    table = pa.table({"name": [row["name"] for row in records], "value": [row["value"] for row in records]})
    parquet, arrow = pa.BufferOutputStream(), pa.BufferOutputStream()
    pq.write_table(table, parquet)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo("a.csv")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text.encode()))
    features = [{"type": "Feature", "geometry": None, "properties": row} for row in records]
    body = "".join(f"<r><name>{row['name']}</name><value>{row['value']}</value></r>" for row in records)
    cells = "".join(f"<tr><td>{row['name']}</td><td>{row['value']}</td></tr>" for row in records)
    row = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>'
        "</table:table-row>"
    )
    return {
        "csv": text.encode(),
        "json": json.dumps(records).encode(),
        "jsonl": "\n".join(map(json.dumps, records)).encode(),
        "geojson": json.dumps({"type": "FeatureCollection", "features": features}).encode(),
        "xml": f"<?xml version='1.0'?><rs>{body}</rs>".encode(),
        "html": f"<html><table>{cells}</table></html>".encode(),
        "xlsx": zipped(workbook_parts(sheet_of(ROWS))),
        "ods": ods_of(f'<table:table table:name="S">{row * 50}</table:table>'),
        "parquet": parquet.getvalue().to_pybytes(),
        "arrow": arrow.getvalue().to_pybytes(),
        "zip": zipped({"a.csv": text}),
        "tar": tar.getvalue(),
        "gz": gzip.compress(text.encode()),
        "bz2": bz2.compress(text.encode()),
        "xz": lzma.compress(text.encode()),
        "zst": pa.compress(text.encode(), codec="zstd", asbytes=True),
    }
