"""Arrow arrays made without pandas are those that pyarrow itself would make."""

import subprocess
import sys

import pyarrow as pa
import pytest

from farmy_assets.cleansing.arrow_arrays import array_of, table_of

CHECK = pa.struct([("check", pa.string()), ("value", pa.float64())])
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("number", pa.float64()),
        ("count", pa.int64()),
        ("flag", pa.bool_()),
        ("texts", pa.list_(pa.string())),
        ("checks", pa.list_(CHECK)),
    ]
)
ROWS = [
    {"text": "ä\U0001f33e", "number": 0.1, "count": 2**62, "flag": True, "texts": ["a", "", "b"]},
    {"text": "", "number": -0.0, "count": 0, "flag": False, "texts": [], "checks": []},
    {},
    {"texts": [None, "x"], "checks": [{"check": "a", "value": 1}, None, {"check": None}]},
    {"number": 3, "checks": [{"value": float("inf")}], "unknown": 1},
    *({"text": str(number), "flag": number % 3 == 0} for number in range(20)),
]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []], ids=["many", "one", "none"])
def test_a_table_is_what_pyarrow_makes_of_the_rows(rows: list[dict[str, object]]) -> None:
    made = table_of(rows, SCHEMA)

    made.validate(full=True)
    assert made.equals(pa.Table.from_pylist(rows, schema=SCHEMA))


def test_a_type_that_no_report_has_is_refused() -> None:
    with pytest.raises(TypeError, match="timestamp"):
        array_of([None], pa.timestamp("us"))


def test_pandas_is_not_loaded() -> None:
    script = (
        "import sys\n"
        "from farmy_assets_tests.cleansing.test_arrow_arrays import ROWS, SCHEMA, table_of\n"
        "table_of(ROWS, SCHEMA)\n"
        "print('pandas' in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["False"]
