"""Python values as Arrow arrays, without pandas.

`pyarrow.array` loads pandas, to see whether it was given one of its objects: a third of a second,
after all work is done. Only what reports need: text, numbers, flags, lists and structures.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

_NUMBERS: Mapping[pa.DataType, type[np.generic]] = {
    pa.float64(): np.float64,
    pa.int64(): np.int64,
}


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """One row for each mapping; a field that it does not have is null, others are left out.

    Args:
        rows: Values that fit the fields' types.
        schema: The columns: text, floats, integers, flags, lists and structures of these.
    """
    arrays = [array_of([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An array of a type; None is null.

    Args:
        values: Values that fit the type.
        kind: One of the types named above.

    Raises:
        TypeError: It is none of them.
    """
    count, known = len(values), [value is not None for value in values]
    valid = None if all(known) else _bits(known)
    if pa.types.is_struct(kind):
        children = [
            array_of([None if v is None else v.get(field.name) for v in values], field.type)
            for field in kind
        ]
        return pa.Array.from_buffers(kind, count, [valid], children=children)
    if pa.types.is_list(kind):
        parts = [value or () for value in values]
        items = array_of([item for part in parts for item in part], kind.value_type)
        return pa.Array.from_buffers(
            kind, count, [valid, _offsets(map(len, parts))], children=[items]
        )
    if pa.types.is_string(kind):
        texts = [(value or "").encode() for value in values]
        content = pa.py_buffer(b"".join(texts))
        return pa.Array.from_buffers(kind, count, [valid, _offsets(map(len, texts)), content])
    if pa.types.is_boolean(kind):
        return pa.Array.from_buffers(kind, count, [valid, _bits([bool(v) for v in values])])
    if kind in _NUMBERS:
        plain = np.array([value or 0 for value in values], _NUMBERS[kind])
        return pa.Array.from_buffers(kind, count, [valid, pa.py_buffer(plain)])
    msg = f"no column of a report is of type {kind}"
    raise TypeError(msg)


def _bits(flags: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(flags, np.bool_), bitorder="little"))


def _offsets(lengths: Iterable[int]) -> pa.Buffer:
    return pa.py_buffer(np.array(list(accumulate(lengths, initial=0)), np.int32))
