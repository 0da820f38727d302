"""The base of everything we store as JSON: immutable, closed to unknown fields, written one way."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """An immutable value with a JSON form; two equal records have equal bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> bytes:
        """The record as UTF-8 JSON, fields in the order of their declaration."""
        return self.model_dump_json(indent=1).encode()


def is_missing(value: object) -> bool:
    """For fields that records had not before: one without a value has the bytes of an older one."""
    return value is None
