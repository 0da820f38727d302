"""A JSON file is cut into its values, wherever the portions that are read end."""

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import json_texts
from farmy_assets.label_studio.json_texts import value_of

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def read(content: bytes, portion: int) -> list[object]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_texts, "_PORTION_BYTES", portion)
        return [value_of(text) for text in json_texts.json_texts(BytesIO(content))]


@given(st.lists(values, min_size=1, max_size=4), st.integers(1, 9), st.booleans(), st.booleans())
def test_every_value_of_a_list_and_of_lines_is_found(
    found: list[object], portion: int, is_ascii: bool, is_list: bool
) -> None:
    if is_list:
        text = json.dumps(found, ensure_ascii=is_ascii, indent=1)
    else:
        text = " \n".join(json.dumps(value, ensure_ascii=is_ascii) for value in [{}, *found])
    writable = text.encode("utf-8", "replace")
    wanted = json.loads(writable) if is_list else [{}, *map(json.loads, _lines(writable))]
    assert read(writable, portion) == [_readable(value) for value in wanted]


def _lines(content: bytes) -> list[bytes]:
    return content.split(b" \n")[1:]


def _readable(value: object) -> object:
    return value_of(json.dumps(value))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"   ", b"[1, 2", b"[1 2]", b"[1,]", b"[1] 2", b'["open', b"{]", b"nul", b"[1, \xff]",
        b"[" * 100_000, b"[1" + b"0" * 5000 + b"]",
    ],
    ids=[
        "nothing", "spaces", "a cut list", "no comma", "a comma too many", "more than a list",
        "a cut text", "brackets", "a cut word", "no UTF-8", "deep", "a long number",
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot be read as JSON after \d+ tasks"):
        read(content, 4)


def test_what_is_no_number_and_no_character_is_replaced() -> None:
    assert read(b'[{"x": NaN, "y": "\\ud800 \\ud83c\\udf31"}]', 5) == [{"x": None, "y": "? 🌱"}]
