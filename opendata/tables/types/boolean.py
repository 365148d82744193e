"""True and false.

Valid: `true`, `True`, `TRUE`, `1` and their opposites, or the field's own words. Wrong: `yes`.
Source: Table Schema v2, `boolean`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import make_text
from opendata.tables.arrow.masks import only
from opendata.tables.types.field_type import Cast, FieldType, Mend, Reads

if TYPE_CHECKING:
    import pyarrow as pa

_TRUE, _FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
_TRUE_WORDS = frozenset(["true", "yes", "y", "是"])
_FALSE_WORDS = frozenset(["false", "no", "n", "否"])


class _Boolean(FieldType):
    is_native = is_rewritten = has_typed_keys = is_castable = True
    arrow = "bool"
    proposed = "^(true|false|True|False|TRUE|FALSE)$"

    def parse(self, text: str, field: Field) -> Any:
        if text in field.descriptor.get("falseValues", _FALSE):
            return False
        return True if text in field.descriptor.get("trueValues", _TRUE) else None

    def read_bound(self, bound: Any, field: Field) -> Any:
        return bound if isinstance(bound, bool) else super().read_bound(bound, field)

    def write_key(self, value: Any, source: str | None) -> str | None:
        return None

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        import pyarrow as pa
        import pyarrow.compute as pc

        true, false = pc.equal(text, make_text("true")), pc.equal(text, make_text("false"))
        known = pc.or_(true, false)
        if pc.all(known, min_count=0).as_py():
            return Cast(true, text)
        return Cast(pc.if_else(known, true, pa.nulls(1, pa.bool_())[0]), text, only(pc.invert(known)))

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        true = next(iter(field.descriptor.get("trueValues") or ["true"]))
        false = next(iter(field.descriptor.get("falseValues") or ["false"]))

        def mend(text: str) -> str | None:
            word = text.casefold()
            return true if word in _TRUE_WORDS else false if word in _FALSE_WORDS else None

        return {**super().list_mends(field, reads), "boolean-word": mend}


BOOLEAN = _Boolean("boolean")
