"""Tables at random, with their schemas: every type, option and rule, clean cells and nasty ones, every kind of damage.

`draw_table` gives one table for one random generator; the same seed gives the same table.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
MODES = ("equal", "subset", "superset", "partial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table not yet written: `rows` are ragged where they are, `tail` is text after the last row, as it is."""

    schema: dict[str, Any]
    labels: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    quote: str = '"'
    line_end: str = "\n"
    quote_all: bool = False
    final_end: bool = True
    bom: bool = False
    header_rows: tuple[int, ...] = (1,)
    above: list[str] = field(default_factory=list)
    tail: str = ""

    @property
    def cells(self) -> int:
        """How many cells the table has, the header's included."""
        return len(self.labels) + sum(map(len, self.rows))

    @property
    def dialect(self) -> dict[str, Any]:
        """The descriptor of how it is written."""
        return {"delimiter": self.delimiter, "quoteChar": self.quote, "headerRows": list(self.header_rows)}

    def render(self) -> str:
        """The text of the file."""
        head = [self.above] if self.above else []
        head += [self.labels] if self.header_rows else []
        text = self.line_end.join(self._write(record) for record in [*head, *self.rows])
        text += self.line_end if self.final_end else ""
        return ("\ufeff" if self.bom else "") + text + self.tail

    def _write(self, record: list[str]) -> str:
        if not record:
            return ""
        out = io.StringIO(newline="")
        quoting = csv.QUOTE_ALL if self.quote_all or record == [""] else csv.QUOTE_MINIMAL
        options: dict[str, Any] = {"delimiter": self.delimiter, "quotechar": self.quote, "quoting": quoting}
        csv.writer(out, lineterminator="\r\n", **options).writerow(record)  # it quotes cells with one of its ends
        return out.getvalue().removesuffix("\r\n")

    def show(self) -> str:
        """Schema, dialect and text for a message."""
        return "\n".join([json.dumps(self.schema, ensure_ascii=False), str(self.dialect), ascii(self.render())])


# ------------------------------------------------------------------------------------------------- fields and cells
# Of each type: ways to declare it with the texts that then are mostly right, its rules, and its nasty texts.

_INTEGERS = [*map(str, range(13)), "-1", "-7", "100", "2147483648"]
_NUMBERS = ["0", "1", "2.5", "-1.25", "3.0", "10", "0.1", "1e3", "-4", "7.50", ".5", "5."]
_WORDS = ["a", "b", "ab", "abc", "Abc", "x1", "水库", "long text", 'say "hi"', "z,z", "two\nlines", "b;c", "it's"]
_DATES = ["2020-01-31", "2019-12-01", "1999-06-15", "2024-02-29"]
_MOMENTS = ["2020-01-31T10:20:30", "1999-12-31T23:59:59", "2001-01-01T00:00:00", "2020-01-31 10:20:30"]
_ZONED = ["2020-01-31T10:20:30Z", "2020-01-31T11:20:30+01:00", "1999-12-31T23:59:59.5Z"]

# Not among them: `bareNumber` and `groupChar`, by which frictionless makes other numbers (see tests/conformance).
DECLARED: dict[str, list[tuple[dict[str, Any], list[str]]]] = {
    "string": [
        ({}, _WORDS),
        ({"format": "email"}, ["a@b.cn", "x.y@example.org"]),
        ({"format": "uri"}, ["http://a.cn/x?y=1#z", "urn:isbn:1", "mailto:a@b.cn", "http://a.cn/%20"]),
        ({"format": "uuid"}, ["123e4567-e89b-12d3-a456-426614174000"]),
        ({"format": "binary"}, ["YQ==", "YWJj"]),
        ({"categories": ["a", "b", "ab"]}, ["a", "b", "ab"]),
        ({"categories": [{"value": "a", "label": "A"}, {"value": "水库"}]}, ["a", "水库"]),
    ],
    "integer": [
        ({}, _INTEGERS),
        ({"categories": [0, 1, 2]}, ["0", "1", "2", "01"]),
        ({"categories": [{"value": 0, "label": "no"}, {"value": 1, "label": "yes"}]}, ["0", "1"]),
    ],
    "number": [
        ({}, _NUMBERS),
        ({"decimalChar": ","}, ["2,5", "7", "-0,25"]),
        ({"floatNumber": True}, _NUMBERS),
        ({"opendata": {"scale": 2}}, ["1", "2.5", "3.25", "-0.1"]),
    ],
    "boolean": [
        ({}, ["true", "false", "True", "0", "1", "FALSE"]),
        ({"trueValues": ["yes", "是"], "falseValues": ["no", "否"]}, ["yes", "no", "是", "否"]),
    ],
    "date": [
        ({}, _DATES),
        ({"format": "%d/%m/%Y"}, ["31/01/2020", "1/2/1999"]),
    ],
    "datetime": [
        ({"opendata": {"zone": "local"}}, _MOMENTS),
        ({"format": "%Y%m%d %H:%M"}, ["20200131 10:20", "19990101 00:00"]),
    ],
    "time": [({}, ["10:20:30", "00:00:00", "23:59:59.25"]), ({"format": "%H:%M"}, ["10:20", "00:00"])],
    "year": [({}, ["2020", "1999", "0001", "2024"])],
    "yearmonth": [({}, ["2020-01", "1999-12", "2024-06"])],
    "duration": [({}, ["P1D", "PT24H", "P1Y2M3DT4H5M6S", "PT30M", "P2W"])],
    "geopoint": [
        ({}, ["1,2", "-180,90", "1.5, 2.5"]),
        ({"format": "array"}, ["[1, 2]", "[-1.5, 2]"]),
        ({"format": "object"}, ['{"lon": 1, "lat": 2}']),
    ],
    "geojson": [({}, ['{"type": "Point", "coordinates": [1, 2]}'])],
    "object": [({}, ["{}", '{"a": 1}', '{"a": {"b": [1]}}'])],
    "array": [
        ({}, ["[]", "[1]", '["a", 2]']),
        ({"arrayItem": {"type": "integer", "constraints": {"minimum": 1}}}, ["[1]", "[1, 2]", "[]"]),
    ],
    "list": [
        ({}, ["a,b", "a", "a,,b"]),
        ({"itemType": "integer", "delimiter": ";"}, ["1;2", "3", " 1;2"]),
        ({"itemType": "date"}, ["2020-01-01", "2020-01-01,2021-01-01"]),
    ],
    "any": [({}, [*_WORDS, *_INTEGERS])],
}

RULES: dict[str, list[dict[str, Any]]] = {
    "string": [
        {"minLength": 2},
        {"maxLength": 3},
        {"pattern": "a|b"},
        {"pattern": "[a-z]+"},
        {"pattern": "[A-Za-z0-9]{2,3}"},
        {"pattern": "x?.*", "minLength": 1, "enum": ["a", "ab", "abc", ""]},
        {"enum": ["a", "b", "水库"]},
    ],
    "integer": [{"minimum": 0}, {"maximum": 10, "minimum": "2"}, {"enum": [1, 2, "3"]}, {"exclusiveMinimum": 1}],
    "number": [{"minimum": 0}, {"maximum": 2.5}, {"exclusiveMaximum": 3, "minimum": "-1"}, {"enum": [1, 2.5, "0.10"]}],
    "boolean": [{"enum": [True]}],
    "date": [{"minimum": "2000-01-01"}, {"exclusiveMaximum": "2020-01-31"}, {"enum": ["2020-01-31", "1999-06-15"]}],
    "datetime": [{"minimum": "2000-01-01T00:00:00"}, {"exclusiveMaximum": "2020-01-31T10:20:30"}],
    "time": [{"minimum": "01:00:00"}, {"enum": ["10:20:30"]}],
    "year": [{"minimum": "2000"}, {"maximum": 2020}],
    "yearmonth": [{"minimum": "2000-01"}, {"enum": ["2020-01"]}],
    "duration": [{"enum": ["P1D"]}],
    "geopoint": [],
    "geojson": [],
    "object": [{"minLength": 1}, {"jsonSchema": {"required": ["a"]}}],
    "array": [{"maxLength": 1}, {"jsonSchema": {"items": {"type": "integer"}}}, {"minLength": 1}],
    "list": [{"minLength": 2}, {"maxLength": 1}],
    "any": [{"enum": ["a", "b", "1"]}],
}

_BLANKS = ["", " ", "  ", "\u3000", "\t", "\xa0"]

NASTY: dict[str, list[str]] = {
    "string": [
        *["ax", "xb", "ab\n", "a\n", "a\r\nb", "a@b", "a@localhost", "x:", "http://a b", "http://例.cn", "http://a/|"],
        *["123E4567E89B12D3A456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", "!!!!", "a b c d", "YQ="],
        *["ÀÉ", "e\u0301", "\U0001f600", "\x0b", "\u2028", "\x85", "\x1a", '"', '""', "'", "\\", "N\\A", "=1+1"],
        *["\ufeff", "http://a.cn/%2", "http://a.cn/%zz", "a" * 300, "ab ", " ab"],
    ],
    "integer": [
        *[" 1", "1 ", "\u30001", "\xa05", "\t5", "5\n", "１２", "٣", "५", "1_0", "1__0", "_1", "1_", "+5", "-0", "007"],
        *["1.0", "1e3", "1,000", "0x10", "²", "\u22125", "--1", "- 1", "½", "1 0", "12.5%", "1L", "+", "-", "++1"],
        *["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1" * 40],
        *["0" * 30 + "7", "1" * 5000, "-999", "-0999", "true"],
    ],
    "number": [
        *[
            " 1.5",
            "1.5 ",
            "\u30001",
            "１．５",
            "１5",
            "٣.5",
            "1_0.5",
            "1__0",
            "_1",
            "1_",
            "1._5",
            "+.5",
            "-.5",
            ".",
            "-",
        ],
        *["nan", "NaN", "NAN", "-nan", "nan123", "INF", "inf", "-INF", "-inf", "+inf", "Infinity", "-infinity", "+INF"],
        *["1e400", "-1e400", "1e-400", "1e999999999999999999", "1e1000000000000000000", "1E5", "1e", "e5", "1e+5"],
        *["1,5", "1,000", "1.000,5", "1,0,0", ",1", "1,", "0x10", "12.345", "1.005", "0.1234567890123456789"],
        *["1" * 40, "-0", "-0.0", "+0", "--1", "1.2.3", "€.5", "$", "12 %", "-999", "-0999", "-9.99e2", "-999.0"],
    ],
    "boolean": [" true", "true ", "tRUE", "yes", "t", "01", "１", "True\n"],
    "date": [
        *[
            "2024-1-5",
            "2024-01-5",
            "２０２４-01-05",
            "2020-02-30",
            "2020-13-01",
            "0000-01-01",
            "10000-01-01",
            " 2020-01-01",
        ],
        *["2020-01-01 ", "2020-01-01T00:00:00", "20200101", "2020/01/01", "31/1/2020", "2020-01-01\n", "٢٠٢٠-01-01"],
        *["0001-01-01", "9999-12-31", "2020年1月5日", "43227", "-2020-01-01"],
    ],
    "datetime": [
        *["2020-01-31T10:20", "2020-01-31", "2020-01-31x10:20:30", "2020-01-31T10:20:30.5", "2020-01-31T10:20:30,25"],
        *[
            "2020-01-31T10:20:60",
            "2020-01-31T24:00:00",
            "2020-01-31T24:00:01",
            "2020-02-30T10:20:30",
            "2020-W01-1T00:00:00",
        ],
        *["2020-01-31T10:20:30.", "2020-01-31T10:20:30.1234567", " 2020-01-31T10:20:30", "２020-01-31T10:20:30"],
        *[
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59",
            "2020-1-31T10:20:30",
            "20200131T102030",
            "2020-01-31T10:20:30 ",
        ],
    ],
    "time": [
        "24:00:00",
        "24:00:01",
        "10:20",
        "10:20:60",
        "10:20:30.5",
        "1:20:30",
        "10:20:30Z",
        "102030",
        " 10:20:30",
        "25:00:00",
    ],
    "year": [" 200", "+001", "1_00", "２０２０", "200", "20200", "-001", "0000", "9999", "20 0", "year"],
    "yearmonth": [
        *["2020-1", "20-1", "99999-1", " 2020 - 01 ", "2020-13", "2020-00", "-2020-01", "２０２０-01", "2020-001"],
        *["2020/01", "202001", "+2020-01", "2020-+1", "2_020-01", "2020-01-01", "2020-01\n"],
    ],
    "duration": [
        *["PT", "P", "P1DT", "P1YT", "p1d", "-P1D", "+P1D", "-PT", "P1.5D", "P1,5D", "P0001-01-01T00:00:00", "P1Y1W"],
        *["P1D ", " P1D", "1D", "P1S", "PT1D", "P-1D", "P1H", "PT0S"],
    ],
    "geopoint": [
        "1",
        "1,2,3",
        "181,0",
        "0,91",
        "nan,1",
        "1;2",
        " 1 , 2 ",
        '["1", "2"]',
        "[true, 1]",
        '{"lon": 1}',
        "[1]",
    ],
    "geojson": ["{}", '{"type": "X"}', "[1]", "x"],
    "object": [
        "[]",
        "1",
        "null",
        '{"a": NaN}',
        ' {"a": 1} ',
        '{"a": 1, "a": 2}',
        "{a: 1}",
        '{"b": 1}',
        "{",
        '{"a": "\\ud800"}',
    ],
    "array": ["{}", "1", "null", " [1] ", "[1,]", '["x"]', "[0]", '[1, "x"]', "[NaN]", "[null]", '[""]', "[1, 0]", "["],
    "list": ["", ",", "1;x", "1;", "2020-1-1", "1,2,3", "２;3", " a"],
    "any": ["\x0b", " ", "ÀÉ"],
}

_NASTY_FLOATS = ["x", "1,5", "1.5 ", "１", "nan", "INF", "-inf", "+inf", "--1", "-0"]
"""Under `floatNumber`, an option of frictionless alone, ours reads decimals and not what Python takes for a float."""

_LEXICAL = frozenset(["format", "categories", "decimalChar"])
"""Options under which the rules above would not be written so."""

NULLS = [
    None,
    None,
    None,
    None,
    ["NA"],
    ["", "-"],
    ["", "NA", "-999"],
    [],
    [{"value": "", "label": "none"}, {"value": "."}],
]


def draw_field(random: Random, name: str) -> tuple[dict[str, Any], list[str], list[str]]:
    """A field, texts that are mostly right for it, and nasty ones."""
    kind = random.choice(
        ["string"] * 5 + ["integer"] * 5 + ["number"] * 5 + ["date"] * 3 + ["datetime", "boolean"] * 2 + list(DECLARED)
    )
    options, good = random.choice(DECLARED[kind])
    if random.random() < 0.4:
        options, good = DECLARED[kind][0]
    found: dict[str, Any] = {"name": name, "type": kind, **options}
    rules: dict[str, Any] = {}
    lexical = options.keys() & _LEXICAL
    if RULES[kind] and random.random() < 0.4 and not lexical:
        rules |= random.choice(RULES[kind])
    if random.random() < 0.25:
        rules["required"] = True
    if random.random() < 0.12 and kind not in ("array", "object", "geojson", "list"):
        rules["unique"] = True
    if rules:
        found["constraints"] = rules
    if rules.get("required") and random.random() < 0.2:
        found["opendata"] = {**found.get("opendata", {}), "trim": False}
    if random.random() < 0.08:
        found["missingValues"] = random.choice([["", "-"], ["NA"], []])
    if kind == "datetime" and "format" not in options and "constraints" not in found and random.random() < 0.5:
        found["opendata"] = {**found["opendata"], "zone": "UTC"}
        return found, _ZONED, ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", *NASTY["datetime"]]
    return found, good, _NASTY_FLOATS if "floatNumber" in options else NASTY[kind]


def draw_catalogue(kind: str) -> Iterator[Table]:
    """All ways to declare a type and all its rules, each over its right texts and then every nasty one there is."""
    nasty = [text for other in NASTY.values() for text in other]
    for options, good in DECLARED[kind]:
        cells = [*good, *(nasty if "floatNumber" not in options else _NASTY_FLOATS)]
        plain = options.keys() & _LEXICAL
        for rules in [{}, {"required": True}, *(RULES[kind] if not plain else [])]:
            fields = [{"name": "a", "type": kind, **options, "constraints": rules}, {"name": "n", "type": "integer"}]
            rows = [[text, str(number)] for number, text in enumerate(cells)]
            yield Table(schema={"$schema": PROFILE, "fields": fields}, labels=["a", "n"], rows=rows)


def draw_single_cells(kind: str) -> Iterator[Table]:
    """The same, but each of these cells alone among right ones."""
    for table in draw_catalogue(kind):
        clean = table.rows[:3]
        for row in table.rows:
            yield replace(table, rows=[*clean, row])


def draw_side_by_side(kind: str) -> Iterator[Table]:
    """All ways to declare a type, with no rules; of its nasty cells each has a column of its own below right ones."""
    for options, good in DECLARED[kind]:
        clean = [text for text in good if text not in NASTY[kind]][:3]
        nasty = NASTY[kind] if "floatNumber" not in options else _NASTY_FLOATS
        columns = [[*clean, text] for text in nasty]
        labels = [f"a{place}" for place in range(len(columns))]
        fields = [{"name": label, "type": kind, **options} for label in labels]
        rows = [[*row, str(number)] for number, row in enumerate(map(list, zip(*columns, strict=True)))]
        fields.append({"name": "n", "type": "integer"})
        yield Table(schema={"$schema": PROFILE, "fields": fields}, labels=[*labels, "n"], rows=rows)


def draw_table(random: Random, *, most_rows: int = 12, most_fields: int = 7) -> Table:
    """One table. Most are clean in most columns and wrong in some cells; some are damaged in header or shape."""
    names = random.sample(["a", "b", "c", "name", "码", "x y", "Id", "n1"], random.randint(1, most_fields))
    drawn = [draw_field(random, name) for name in names]
    fields = [item for item, _, _ in drawn]
    schema: dict[str, Any] = {"$schema": PROFILE, "fields": fields, **_draw_keys(random, fields)}
    nulls = random.choice(NULLS)
    if nulls is not None:
        schema["missingValues"] = nulls
    if random.random() < 0.2:
        schema["fieldsMatch"] = random.choice(MODES)
    texts = [_draw_mood(random, good, nasty) for _, good, nasty in drawn]
    labels, order = _draw_header(random, names, by_name="fieldsMatch" in schema)
    count = random.randint(0, most_rows)
    rows = [[texts[place](n) if place is not None else random.choice(_WORDS) for place in order] for n in range(count)]
    if random.random() < 0.15:
        rows = _damage_shape(random, rows)
    return _draw_writing(random, Table(schema=schema, labels=labels, rows=rows))


def _draw_keys(random: Random, fields: list[dict[str, Any]]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    names = [item["name"] for item in fields if item["type"] not in ("array", "object", "geojson", "list")]
    if names and random.random() < 0.3:
        keys["primaryKey"] = random.sample(names, random.randint(1, min(2, len(names))))
    if names and random.random() < 0.2:
        keys["uniqueKeys"] = [
            random.sample(names, random.randint(1, min(2, len(names)))) for _ in range(random.choice([1, 1, 2]))
        ]
    return keys


def _draw_mood(random: Random, good: list[str], nasty: list[str]) -> Any:
    """The texts of one column: how much is wrong in it, and how many different ones it has."""
    wrong = random.choice([0.0, 0.0, 0.02, 0.1, 0.5])
    missing = random.choice([0.0, 0.0, 0.1, 0.3])
    few = random.sample(good, min(len(good), random.randint(1, 6)))
    spread = random.random() < 0.3

    def draw(row: int) -> str:
        if random.random() < wrong:
            strays = nasty if nasty is _NASTY_FLOATS else random.choice(list(NASTY.values()))
            return random.choice(random.choice([nasty, nasty, _BLANKS, strays]))
        if random.random() < missing:
            return random.choice(["", "", "", "NA", "-", "-999", "."])
        if spread and good is _INTEGERS:
            return str(row)
        return random.choice(good if spread else few)

    return draw


def _draw_header(random: Random, names: list[str], by_name: bool) -> tuple[list[str], list[int | None]]:
    """The labels, and which field's texts stand under each (None: any words)."""
    places: list[int | None] = list(range(len(names)))
    labels = list(names)
    if by_name and random.random() < 0.5:
        random.shuffle(places)
        labels = [names[place] for place in places if place is not None]
    if random.random() < 0.8:
        return labels, places
    at = random.randrange(len(labels))
    match random.choice(["swap", "missing", "extra", "again", "blank", "case", "padded", "extra again", "none"]):
        case "swap":
            random.shuffle(labels)
        case "missing":
            del labels[at], places[at]
        case "extra":
            labels.insert(at, "more") if random.random() < 0.5 else labels.append("more")
            places.insert(labels.index("more"), None)
        case "again":
            labels[at] = random.choice(labels)
        case "blank":
            labels[at] = random.choice(["", " "])
        case "case":
            labels[at] = labels[at].swapcase()
        case "padded":
            labels[at] = f" {labels[at]} "
        case "extra again":
            labels += [random.choice(labels), ""][: random.randint(1, 2)]
            places += [None] * (len(labels) - len(places))
        case "none":
            labels = [f"other{n}" for n in range(len(labels))]
    return labels, places


def _damage_shape(random: Random, rows: list[list[str]]) -> list[list[str]]:
    damaged = []
    for row in rows:
        match random.choice(["", "", "", "", "short", "long", "blank", "commas", "empty", "spaces", "blank and long"]):
            case "short":
                row = row[: random.randint(0, len(row))]
            case "long":
                row = row + random.choices(["", "x", "1"], k=random.randint(1, 3))
            case "blank":
                damaged.append([])
            case "commas":
                row = [""] * len(row)
            case "empty":
                row = []
            case "spaces":
                row = ["  "]
            case "blank and long":
                row = [""] * len(row) + ["x"]
        damaged.append(row)
    return damaged + [[] for _ in range(random.choice([0, 0, 0, 1, 2]))]


def _draw_writing(random: Random, table: Table) -> Table:
    chance = random.random
    found = replace(
        table,
        delimiter=random.choice([",", ",", ",", ",", ";", "\t", "|"]),
        quote="'" if chance() < 0.05 else '"',
        line_end=random.choice(["\n", "\n", "\n", "\r\n", "\r\n", "\r"]),
        quote_all=chance() < 0.15,
        final_end=chance() < 0.85,
        bom=chance() < 0.1,
    )
    if chance() < 0.06:
        found = replace(found, header_rows=())
    elif chance() < 0.06:
        found = replace(found, header_rows=(2,), above=["a title", ""][: random.randint(1, 2)])
    if chance() < 0.04:
        damage = [
            f"{found.quote}open",
            f"1{found.delimiter}{found.quote}open\n2,3\n",
            "a\0b",
            f"{found.quote}a{found.quote}b",
        ]
        found = replace(found, tail=random.choice(damage))
    return found


def draw_long_table(random: Random, rows: int, length: int) -> Table:
    """Many rows, mostly clean, with a text of about so many characters in each, so that blocks are crossed."""
    fields: list[dict[str, Any]] = [
        {"name": "id", "type": "integer", "constraints": {"unique": random.random() < 0.3}},
        {"name": "text", "type": "string", "constraints": {"required": True}},
        {"name": "value", "type": "number", "constraints": {"minimum": 0}},
        {"name": "day", "type": "date"},
        {"name": "kind", "type": "string", "constraints": {"pattern": "a|b"}},
    ]
    schema = {"$schema": PROFILE, "fields": fields, "primaryKey": ["id"], "uniqueKeys": [["text", "day"]]}
    lines = []
    for number in range(rows):
        text = random.choice(["plain ", 'with "quotes" ', "two\nlines ", "水库，"]) * random.randint(
            1, max(1, length // 6)
        )
        text = text if number > 100 else "short"  # where frictionless guesses at the dialect, slowly
        row = [str(number), text, f"{number / 4}", f"2020-{number % 12 + 1:02}-{number % 28 + 1:02}", "ab"[number % 2]]
        if random.random() < 0.02:
            row[random.randrange(5)] = random.choice(["", " ", "１", "x", "2020-1-1", "nan", "-1", "7"])
        elif random.random() < 0.005:
            row = random.choice([row[:3], [*row, "x"], [], [""] * 5])
        lines.append(row)
    return _draw_writing(random, Table(schema=schema, labels=[item["name"] for item in fields], rows=lines))
