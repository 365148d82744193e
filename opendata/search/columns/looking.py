"""Whether a column really has a value, and in how many rows: read from its Parquet file, column and batch alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from opendata.search.columns.asking import Wanted
from opendata.search.columns.entries import FoundColumn
from opendata.search.columns.texts import fold_texts, write_keys

_BATCH = 65_536


def count_value(path: Path, column: FoundColumn, wanted: Wanted) -> Mapping[str, int]:
    """How a column of a Parquet file spells a value, and how many rows have each spelling, the most frequent first."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from opendata.tables.types.canonical import write_published_column

    key = (wanted.number if column.is_number else wanted.text) or ""
    found: Counter[str] = Counter()
    with pq.ParquetFile(path, read_dictionary=[column.name]) as file:
        for batch in file.iter_batches(_BATCH, columns=[column.name], use_threads=False):
            values = batch.column(batch.schema.get_field_index(column.name)).drop_null()
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            if pa.types.is_string(values.type) and not column.has_variants:
                found[key] += pc.sum(pc.equal(values, key)).as_py() or 0
                continue
            counted = pc.value_counts(values)
            texts = write_keys(counted.field(0))
            mask = pc.equal(fold_texts(texts) if column.has_variants else texts, key)
            spelled = write_published_column(counted.field(0).filter(mask)).to_pylist()
            for text, count in zip(spelled, counted.field(1).filter(mask).to_pylist(), strict=True):
                found[text] += count
    return {text: count for text, count in found.most_common() if count}
