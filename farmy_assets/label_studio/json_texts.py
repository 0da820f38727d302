"""The values of a large JSON file, one after the other, each as its own text.

Finding where a value ends takes a tenth of what working with it does; so one process can read a
file for several others. The file is a list, one value, or several values with white space between
them (JSON Lines).
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from farmy_assets.errors import InvalidInputError

_PORTION_BYTES = 1 << 20
_NEAR_THE_END = 64  # characters: a number or word that was cut there may go on
_SPACE = re.compile(r"[ \t\n\r]*")


def json_texts(stream: BinaryIO) -> Iterator[str]:
    """The text of each value of a list, or of each value; holds few of them at a time.

    Args:
        stream: The file, UTF-8 with or without a byte order mark.

    Raises:
        InvalidInputError: It is no JSON.
    """
    reader = _Reader(stream)
    try:
        yield from reader.values()
    except (ValueError, RecursionError) as error:
        # What is no UTF-8, what is no JSON, what is nested too deeply, and numbers of 4,300 digits.
        msg = f"cannot be read as JSON after {reader.count} tasks: {str(error)[:100]}"
        raise InvalidInputError(msg) from error


class _Reader:
    """A window of the file, moved over it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._stream, self._decode = stream, codecs.getincrementaldecoder("utf-8-sig")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text, self._at, self._has_more = "", 0, True

    def values(self) -> Iterator[str]:
        is_list = self._next() == "["
        if is_list:
            self._at += 1
        elif not self._next():
            msg = "it is empty"
            raise ValueError(msg)
        while (mark := self._next()) and not (is_list and mark == "]"):
            if is_list and self.count:
                self._expect(mark, ",")
                self._next()
            yield self._value()
            self.count += 1
        if is_list:
            self._expect(mark, "]")
            self._expect(self._next(), "")

    def _next(self) -> str:
        """The next character that is no white space, where the window then begins; or empty."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._read_on():
                return self._text[self._at : self._at + 1]

    def _expect(self, found: str, wanted: str) -> None:
        if found != wanted:
            msg = f"{wanted or 'the end'!r} should stand where {found or 'the end'!r} is"
            raise ValueError(msg)
        self._at += len(wanted)

    def _value(self) -> str:
        while True:
            try:
                _, end = self._scan(self._text, self._at)
            except json.JSONDecodeError as error:
                is_cut = error.pos > len(self._text) - _NEAR_THE_END
                if not (is_cut or error.msg.startswith("Unterminated")) or not self._read_on():
                    raise
                continue
            is_open = self._text[end - 1].isdigit() and end > len(self._text) - _NEAR_THE_END
            if is_open and self._read_on():
                continue  # a number may go on: 1 in what is 1.5 or 1e9
            text = self._text[self._at : end]
            self._at = end
            return text

    def _read_on(self) -> bool:
        """Read more behind the window, as much as it holds already; False at the end."""
        if not self._has_more:
            return False
        self._text = self._text[self._at :]
        self._at = 0
        read = self._stream.read(max(_PORTION_BYTES, len(self._text)))
        self._has_more = bool(read)
        self._text += self._decode(read, final=not read)
        return True


def value_of(text: str) -> object:
    """What a text says, with null in place of NaN, and of escapes that are no characters a "?"."""
    found = json.loads(text, parse_constant=lambda _: None)
    return _writable(found) if "\\ud" in text or "\\uD" in text else found


def _writable(value: object) -> object:
    """A value with texts that UTF-8 can write: half of a surrogate pair is no character."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_writable(each) for each in value]
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    return value
