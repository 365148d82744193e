"""What is usually sent to each reader: files of every form, documents of JSON, cells, formats, headers, a form."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.damages import LARGEST, make_tar
from tests.intake.attachment_samples import make_docx, make_pdf
from tests.intake.samples import MAIN, ods_of, samples, sheet_of, workbook_parts, zipped
from tests.intake.xlsb_samples import write_xlsb
from tests.reported.dbf_samples import SHP, WKT, dbf
from tests.servers import CHECKOUT

Seeds = Mapping[str, bytes]
"""What is usually sent, by name; the ending of a file's name counts."""


NO_TABLE = frozenset([".md", ".yaml", ".yml", ""])


@cache
def list_files() -> Seeds:
    """A file of every form that is read: those that can be built here, and the real ones beside the checkout."""
    found = {f"sample.{suffix}": content for suffix, content in samples().items()}
    rows = [[name.encode("gbk"), b"1.50", b"20260131", b"T"] for name in ("东湖", "西湖", "*D")]
    table = dbf([("NAME", "C", 10), ("LEVEL", "N", 8), ("DAY", "D", 8), ("OPEN", "L", 1)], rows, language=0x4D)
    whole = dbf([("A", "I", 4), ("B", "B", 8), ("C", "Y", 8), ("D", "T", 8), ("E", "M", 10)], [[b"\1\2\3\4"] * 5] * 3)
    shapes = {"a/roads.shp": SHP, "a/roads.dbf": table, "a/roads.cpg": b"GBK", "a/roads.prj": WKT}
    found |= {"table.dbf": table, "fox.dbf": whole, "shapes.zip": zipped(shapes), "shapes.tar": make_tar(shapes)}
    found["nested.zip"] = zipped(
        {"in/inner.zip": zipped({"表.csv": "编码,名称\nA1,东湖\n"}), "b.xlsx": found["sample.xlsx"]}
    )
    texts = f'<sst xmlns="{MAIN}"><si><t>名称</t></si><si><r><t>东</t></r><rPh><t>x</t></rPh></si></sst>'
    cells = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>日期</t></is></c></row>'
    cells += '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="1"><v>45000.5</v></c><c t="b"><v>1</v></c></row>'
    cells += '<row r="3"><c r="A3" t="str"><f>1+1</f><v>a</v></c><c r="B3" t="e"><v>#N/A</v></c></row>'
    found["texts.xlsx"] = zipped(workbook_parts(sheet_of(cells), texts))
    styles = '<number:number-style style:name="N1"><number:number number:min-integer-digits="6"/></number:number-style>'
    styles += '<style:style style:family="table-cell" style:name="c1" style:data-style-name="N1"/>'
    row = '<table:table-row><table:table-cell table:style-name="c1" office:value-type="float" office:value="12"/>'
    row += (
        '<table:table-cell office:value-type="date" office:date-value="2026-01-31" table:number-columns-repeated="2"/>'
    )
    row += "<table:covered-table-cell/></table:table-row>"
    found["styles.ods"] = ods_of(f'<table:table table:name="S"><table:table-column/>{row * 4}</table:table>', styles)
    with tempfile.TemporaryDirectory() as folder:
        book = write_xlsb(
            Path(folder) / "a.xlsb", {"S": [["a", "b"], ["x", 1.5], ["y", 2.0]]}, formats=["000000", '0"元"']
        )
        found["sample.xlsb"] = book.read_bytes()
    real = Path(os.environ.get("OPENDATA_REALDATA") or CHECKOUT.parent / "shared" / "realdata")
    for path in sorted(real.rglob("*")):
        if path.is_file() and path.suffix not in NO_TABLE and 0 < path.stat().st_size < LARGEST:
            found[f"{path.parent.name}-{path.name}"] = path.read_bytes()
    return found


def list_attachments() -> Seeds:
    page = "<html><head><meta charset=gbk></head><body><p>电话 <b>138</b>00138000</p><a href='x'>y</a></body></html>"
    picture = "<svg xmlns='http://www.w3.org/2000/svg'><text>东湖</text><image href='data:,x'/></svg>"
    return {
        "a.pdf": make_pdf("Telephone 13800138000", "second page", picture=(4, 4), link="http://example.org"),
        "a.docx": make_docx("东湖水库", "second paragraph"),
        "a.html": page.encode("gbk"),
        "a.svg": picture.encode(),
        "a.txt": "东湖 13800138000\n".encode("gb18030") * 20,
        "a.odt": ods_of('<table:table table:name="S"/>'),
    }


SCHEMA = {
    "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
    "fieldsMatch": "subset",
    "fields": [
        {
            "name": "code",
            "type": "string",
            "categories": [{"value": "A001", "label": "x"}, {"value": "A002"}],
            "categoriesOrdered": True,
            "constraints": {"required": True, "pattern": "[A-Z][0-9]{3}", "unique": True},
        },
        {"name": "level", "type": "number", "decimalChar": ",", "groupChar": ".", "constraints": {"minimum": "0"}},
        {"name": "count", "type": "integer", "bareNumber": False, "constraints": {"enum": [1, 2, 3]}},
        {"name": "day", "type": "date", "format": "%d.%m.%Y", "constraints": {"maximum": "31.12.2026"}},
        {"name": "moment", "type": "datetime", "example": "2026-01-01T00:00:00Z", "opendata": {"zone": "UTC"}},
        {"name": "yes", "type": "boolean", "trueValues": ["是"], "falseValues": ["否"]},
        {"name": "place", "type": "geopoint", "format": "array"},
        {"name": "words", "type": "list", "delimiter": ";", "itemType": "integer"},
        {"name": "shape", "type": "object", "constraints": {"jsonSchema": {"type": "object", "required": ["a"]}}},
        {
            "name": "year",
            "type": "year",
            "opendata": {"unit": "年", "aliases": ["年份"], "strength": {"type": "warning"}},
        },
        {"name": "until", "type": "date"},
        {"name": "span", "type": "duration"},
    ],
    "primaryKey": ["code"],
    "uniqueKeys": [["level", "count"]],
    "foreignKeys": [{"fields": "code", "reference": {"resource": "", "fields": "code"}}],
    "missingValues": [{"value": "-", "label": "none"}, {"value": "", "label": "x"}],
    "opendata": {
        "checks": [
            {"name": "total", "type": "sum", "field": "level", "fields": ["count"], "tolerance": 0.01, "nulls": "zero"},
            {
                "name": "closed",
                "type": "condition",
                "if": {"field": "code", "in": ["A001"]},
                "then": {
                    "all": [{"field": "level", "is": "given"}, {"not": {"field": "count", ">=": {"field": "level"}}}]
                },
            },
            {"name": "order", "type": "date-order", "fields": ["day", "until"], "strict": True, "strength": "warning"},
            {"name": "card", "type": "luhn", "field": "code", "strength": "note"},
            {
                "name": "area",
                "type": "code-list",
                "field": "code",
                "codes": [{"value": "A001", "to": None}],
                "on": "day",
            },
        ]
    },
}

ROWS = "code,level,count,day,moment,yes,place,words,shape,year,until,span\n" + (
    'A001,"2,005",2,31.01.2026,2026-01-01T00:00:00Z,是,"[1,2]",1;2,"{""a"":1}",2026,2026-02-01,P1D\n'
    "A002,x,,01.02.2026,2026-01-01 00:00:00,否,-,a,{},99999,x,1 day\n,,,,,,,,,,,\n"
)

DECISIONS = {
    "columns": [
        {"field": "code", "treatment": "mask", "kind": "mobile-number", "within": True},
        {
            "field": "day",
            "treatment": "generalise",
            "kind": "birth-date",
            "to": "age-band",
            "width": 10,
            "on": "2026-01-01",
        },
        {"field": "level", "treatment": "generalise", "to": "range", "width": 5},
        {
            "field": "yes",
            "treatment": "publish",
            "kind": "personal-name",
            "ground": "mandatory-disclosure",
            "article": "三",
        },
        {"field": "year", "treatment": "not-personal", "reason": "other", "note": "x"},
        {"field": "span", "treatment": "drop"},
    ],
    "aggregate": {"by": ["yes", "year"], "sum": ["count"], "threshold": 5},
    "quasi": ["yes"],
}

PACKAGE = {
    "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
    "name": "reservoirs",
    "id": "x",
    "title": {"zh": "水库", "en": "Reservoirs"},
    "description": "x",
    "version": "1.0.0",
    "licenses": [{"name": "CC-BY-4.0", "path": "https://example.org", "title": "x"}],
    "sources": [{"title": "x", "path": "http://example.org"}],
    "contributors": [{"title": "x", "roles": ["author"]}],
    "keywords": ["a"],
    "created": "2026-01-01T00:00:00Z",
    "resources": [
        {"name": "a", "path": "a.csv", "schema": SCHEMA, "dialect": {"delimiter": ";"}, "encoding": "gbk", "bytes": 3},
        {"name": "b", "path": ["b.csv"], "hash": "sha256:" + "0" * 64, "mediatype": "text/csv", "format": "csv"},
        {"name": "c", "data": [{"a": 1}], "type": "table", "profile": "tabular-data-resource", "opendata": {"rows": 3}},
    ],
    "opendata": {"i18n": {"en": {"title": "x"}}, "publisher": "water", "disclosure": {"attribute": "open"}},
}

METADATA = {
    "id": "reservoirs",
    "title": "水库",
    "description": "x",
    "i18n": {"en": {"title": "Reservoirs", "keywords": ["a"]}},
    "disclosure": {"attribute": "conditional", "scope": "group", "audience": "y", "reason": "r", "legalBasis": "l"},
    "licenses": [{"name": "CC-BY-4.0", "path": "https://example.org"}],
    "keywords": ["a", "b"],
    "sources": [{"title": "s", "path": "https://example.org"}],
    "contributors": [{"title": "c", "email": "a@example.org", "role": "author"}],
    "homepage": "https://example.org/",
    "updateCycle": "monthly",
    "sourceVersion": "1",
}

CHOICES: Sequence[Mapping[str, Any]] = (
    {
        "encoding": "gb18030",
        "dialect": {"delimiter": ";", "quoteChar": "'", "headerRows": [1, 2]},
        "columns": {"a": "b"},
    },
    {"header_rows": [1, 2], "first_row": 3, "last_row": 9, "first_column": 1, "last_column": 4, "fill_merged": True},
    {"exact": True, "dialect": {"header": False, "csv": {"delimiter": "\t", "doubleQuote": False, "escapeChar": "\\"}}},
    {
        "kept": {
            "header": [["a", "b"]],
            "offsets": [0],
            "skipped": [["x"]],
            "below": [["y"]],
            "outside": ["z"],
            "first_column": "a",
            "last_column": "b",
            "encoding": "utf-8",
            "positions": {"first_row": 2},
        }
    },
)

RECIPE = {"repairs": [{"fieldName": "code", "kind": "trim-blanks"}, {"fieldName": "level", "kind": "number-text"}]}

CELLS = (
    *(
        "12",
        "-1.50",
        "1,234.5",
        "1.234,5",
        "¥1,200.00",
        "(5)",
        "12.5%",
        "1e5",
        "１２",
        "约3万元",
        "3 km",
        "2:1",
        "√",
        "－",
    ),
    *(
        "2026-01-31",
        "2026/1/31",
        "31.01.2026",
        "2026年1月31日",
        "20260131",
        "1/2/2026",
        "45000.5",
        "二〇二六年",
        "115年1月1日",
    ),
    *(
        "2026-01-31T08:00:00Z",
        "2026-01-31 08:00:00+08:00",
        "2026-01-31T08:00:00.1234567",
        "8:30",
        "8时30分",
        "24:00:00",
    ),
    *("是", "true", "Y", "1;2;3", '["a"]', '{"a": 1}', "30.5, 114.3", "P1Y2M3DT4H5M6S", "2026-01", "2026", '="001"'),
    *(
        "13800138000",
        "110101199003077758",
        "027-87654321",
        "湖北省武汉市东湖路1号",
        "张三",
        "a@example.org",
        "共12条",
        "合计",
    ),
    '{"type": "Point", "coordinates": [1, 2]}',
)

TYPED: Sequence[Mapping[str, Any]] = (
    *({"type": kind} for kind in ("integer", "number", "date", "datetime", "time", "boolean", "year", "yearmonth")),
    *({"type": kind} for kind in ("duration", "geopoint", "list", "array", "object", "geojson", "any", "string")),
    {"type": "number", "decimalChar": ",", "groupChar": ".", "bareNumber": False},
    {"type": "integer", "groupChar": ",", "bareNumber": False},
    {"type": "date", "format": "%d.%m.%Y"},
    {"type": "date", "format": "any"},
    {"type": "datetime", "format": "%Y/%m/%d %H:%M"},
    {"type": "datetime", "format": "any"},
    {"type": "time", "format": "%H.%M"},
    {"type": "string", "format": "email"},
    {"type": "string", "format": "uri"},
    {"type": "string", "format": "binary"},
    {"type": "string", "format": "uuid"},
    {"type": "geopoint", "format": "object"},
    {"type": "geojson", "format": "topojson"},
    {"type": "list", "itemType": "date"},
)

SMALL = (
    *("bytes=0-99,200-,-5", "bytes=5-1", "10.0.0.1, [::1]:80, ::ffff:127.0.0.1", "2026-01-31", "2026-01-31T08:00:00Z"),
    *("cp936", "ISO8859-1", "65001", "reservoirs", "files/a.csv", "1.2.3", "1.0.0-beta", "cmVzZXJ2b2lycw", "17"),
    "# 标题\n\n* a [b](http://example.org) `c`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<b>x</b> ![i](data:,x)",
)

HEADERS = (
    *(
        "Range: bytes=0-3,5-",
        'If-None-Match: W/"1", "2"',
        'If-Match: "3"',
        'If-Range: "x"',
        "Accept-Encoding: gzip;q=0",
    ),
    *(
        "Upload-Metadata: filename d29ybGQ=,is_x",
        "Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "Upload-Length: 5",
    ),
    *(
        "Idempotency-Key: abc",
        "Want-Repr-Digest: sha-256=1, sha-512=3",
        "Want-Content-Digest: sha-512=9",
        "Cookie: a=b",
    ),
    *("Accept: text/html;q=0.9, */*;q=0.1", "Accept-Language: zh-CN,en;q=0.5", "If-Modified-Since: Mon, 1 Jan 2026"),
    *("Authorization: Basic YTpi", "Authorization: Bearer x", "Content-Type: multipart/form-data; boundary=x"),
    *(
        "Range: bytes=-0",
        "Content-Length: 5",
        "Host: a",
        "Date: x",
        "Content-Type: application/x; a*0=\"b\"; c*=utf-8''d",
    ),
)

BODY = (
    b'multipart/form-data; boundary=xyz\n\n--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
    b"Content-Type: text/csv; charset=gbk\r\n\r\na,b\r\n1,2\r\n"
    b"--xyz\r\nContent-Disposition: form-data; name=schema\r\n\r\n"
    b"{}\r\n--xyz\r\nContent-Disposition: form-data; name=\"notes\"; filename*=utf-8''%e4%b8%9c\r\n\r\nx\r\n--xyz--\r\n"
)

FORMATS = (
    *(
        '#,##0.00"万元"',
        '0.0,"千元"',
        "000-0000",
        "0.00%",
        '[>=10000]0.0,"k";[<0]-0;0',
        'yyyy"年"m"月"d"日"',
        "[$¥-804]0",
        "@",
    ),
    *(
        "General",
        '"是";"是";"否"',
        "0!/0",
        "# ?/?",
        "0.00E+00",
        "[h]:mm:ss",
        "_(* #,##0_)",
        "e年m月",
        '0"-"00',
        "G/通用格式",
    ),
)
