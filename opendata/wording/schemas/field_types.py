"""The types of fields in the reader's words, and how their values are written."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

TYPES: Mapping[str, str] = {
    "any": N_("Any value"),
    "array": N_("JSON list"),
    "boolean": N_("Yes or no"),
    "date": N_("Date"),
    "datetime": N_("Date and time"),
    "duration": N_("Duration"),
    "geojson": N_("GeoJSON"),
    "geopoint": N_("Point on the map"),
    "integer": N_("Whole number"),
    "list": N_("List"),
    "number": N_("Number"),
    "object": N_("JSON object"),
    "string": N_("Text"),
    "time": N_("Time of day"),
    "year": N_("Year"),
    "yearmonth": N_("Year and month"),
}
"""Type → its name."""

TYPE_EXAMPLES: Mapping[str, str] = {
    "string": "A001",
    "integer": "1200",
    "number": "12.5",
    "date": "2025-03-07",
    "datetime": "2025-03-07T09:30:00",
    "boolean": "true",
    "year": "2025",
    "yearmonth": "2025-03",
    "time": "09:30:00",
    "duration": "P1D",
    "geopoint": "120.15, 30.28",
    "list": "a,b",
    "array": "[1, 2]",
    "object": '{"a": 1}',
    "geojson": '{"type": "Point", …}',
    "any": "",
}
"""Type → how one value of it looks, those that clerks need most first."""

TYPE_ADVICE: Mapping[str, str] = {
    "integer": N_(
        "Write a whole number in digits only, such as 1200: no spaces, thousands separators or units. In Excel, choose"
        " “Format Cells”, “Number”, without decimals or separator"
    ),
    "number": N_(
        "Write a number such as 12.5: no spaces, thousands separators or units. In Excel, choose “Format Cells”,"
        " “Number”, without the separator"
    ),
    "date": N_(
        "Write the date as year-month-day, such as 2025-03-07, here with “Correct the wrong cells one by one” or in"
        " your file. In Excel, “Format Cells” doesn't change a date kept as text: select the column, choose “Data”,"
        " “Text to Columns”, “Finish”, then the format yyyy-mm-dd"
    ),
    "datetime": N_("Write date and time as 2025-03-07T09:30:00"),
    "time": N_("Write the time as 09:30:00"),
    "year": N_("Write the year in four digits, such as 2025"),
    "yearmonth": N_("Write year and month as 2025-03. In Excel, choose “Format Cells”, “Custom”, and type yyyy-mm"),
    "boolean": N_("Write true or false"),
    "geopoint": N_("Write longitude and latitude as 120.15, 30.28"),
    "duration": N_("Write the duration as P1D for a day or PT30M for 30 minutes"),
    "object": N_('Write a JSON object, such as {"a": 1}, with straight quotation marks'),
    "array": N_("Write a JSON list, such as [1, 2], with straight quotation marks"),
    "list": N_("Write the items one after the other, with the separator that the schema requires"),
    "geojson": N_("Write a GeoJSON object. Map software can export it"),
    "email": N_("Write an e-mail address such as name@example.org, without spaces"),
    "uri": N_("Write the whole web address, with https:// and without spaces"),
    "uuid": N_("Write the identifier like 123e4567-e89b-12d3-a456-426614174000"),
    "binary": N_("Write the bytes in Base64, without spaces"),
}
"""Type, or format of a text → how to write it."""
