"""The form of the catalog's items, and of the updates that write them.

Item: image_id (key), state, sequencer (as `catalog/sequencers.py` writes it, or in the older form
until the next event of its image), metadata (JSON text), campaign, corrections (their number) once
there are some, batch_id once sealed, and, only while the image waits for a batch, waiting_shard and
waiting_since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Self

from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.catalog.sequencers import is_comparable

SHARDS = 8
"""Of the waiting index: all new images would share one hot key."""

METADATA = ("metadata = :metadata", "campaign = :campaign")
CARD_FIELDS = "image_id, #state, campaign, batch_id, corrections"
_NEW, _NOT_LATER = "attribute_not_exists(image_id)", "sequencer <= :sequencer"
_AS_READ = "sequencer = :read"
_NO_FEWER_CORRECTIONS = "(attribute_not_exists(corrections) OR corrections <= :corrections)"


def shard_of(image_id: str) -> str:
    """The shard of the waiting index that an image belongs to."""
    return str(sha256(image_id.encode()).digest()[0] % SHARDS)


def text(value: str) -> dict[str, str]:
    """A text as DynamoDB's own form has it."""
    return {"S": value}


def updates_of(
    table: str, entry: CatalogEntry, *, now: datetime, read: str | None = None
) -> Iterator[dict[str, Any]]:
    """The updates to try, one after the other, until the condition of one holds.

    Args:
        table: The table's name.
        entry: The state after an event.
        now: When the image starts to wait.
        read: The sequencer that was read and found to be no later one; it must still be there.
    """
    if read is None and is_comparable(entry.sequencer):
        in_order = f"({_NEW} OR {_NOT_LATER})"
    else:
        # An entry in the older form is one that was read before, to be written again.
        in_order, read = f"({_NEW} OR {_AS_READ})", read or entry.sequencer
    for tells, corrections in ((True, f" AND {_NO_FEWER_CORRECTIONS}"), (False, "")):
        update = partial(_update, table, entry, now=now, tells=tells, read=read)
        if entry.batch_id:
            yield update(waits=False, condition=in_order + corrections)
            continue
        for waits, sealed in ((True, "attribute_not_exists"), (False, "attribute_exists")):
            yield update(waits=waits, condition=f"{in_order}{corrections} AND {sealed}(batch_id)")


def _update(
    table: str, entry: CatalogEntry, *, now: datetime, waits: bool, tells: bool, condition: str,
    read: str | None,
) -> dict[str, Any]:  # fmt: skip
    sets = ["#state = :state", "sequencer = :sequencer"]
    values: dict[str, Any] = {
        ":state": text(entry.state), ":sequencer": text(entry.sequencer)
    }  # fmt: skip
    if read is not None:
        values[":read"] = text(read)
    if tells:
        values[":corrections"] = {"N": str(entry.corrections)}
    if entry.metadata and tells:
        sets += METADATA
        values |= metadata_values(entry.metadata)
        if entry.corrections:
            sets.append("corrections = :corrections")
    if entry.batch_id:
        sets.append("batch_id = :batch")
        values[":batch"] = text(entry.batch_id)
    if waits and entry.state is EntryState.PRESENT and entry.metadata:
        sets += ["waiting_shard = :shard", "waiting_since = if_not_exists(waiting_since, :now)"]
        values[":shard"] = text(shard_of(entry.image_id))
        values[":now"] = text(now.isoformat())
        no_longer = ""
    else:
        no_longer = " REMOVE waiting_shard, waiting_since"
    return {
        "TableName": table,
        "Key": {"image_id": text(entry.image_id)},
        "UpdateExpression": f"SET {', '.join(sets)}{no_longer}",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values,
    }


@dataclass(frozen=True, slots=True)
class IndexCard:
    """The little of an entry that is compared with S3."""

    image_id: str
    state: EntryState
    has_metadata: bool
    batch_id: str | None
    corrections: int = 0

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """What an item tells of it, as far as `CARD_FIELDS` were asked for.

        An entry has a campaign if and only if it has metadata, and the campaign is shorter.
        """
        return cls(
            image_id=item["image_id"]["S"],
            state=EntryState(item["state"]["S"]),
            has_metadata="campaign" in item,
            batch_id=item["batch_id"]["S"] if "batch_id" in item else None,
            corrections=number_in(item, "corrections"),
        )


def metadata_values(metadata: ImageMetadata) -> dict[str, Any]:
    """The values that `METADATA` sets."""
    return {
        ":metadata": text(metadata.model_dump_json()),
        ":campaign": text(metadata.campaign),
    }


def entry_of(item: dict[str, Any]) -> CatalogEntry:
    """The entry that an item holds."""
    metadata = item.get("metadata")
    return CatalogEntry(
        image_id=item["image_id"]["S"],
        state=EntryState(item["state"]["S"]),
        sequencer=item["sequencer"]["S"],
        metadata=ImageMetadata.model_validate_json(metadata["S"]) if metadata else None,
        batch_id=item["batch_id"]["S"] if "batch_id" in item else None,
        corrections=number_in(item, "corrections"),
    )


def number_in(item: Mapping[str, Any], name: str) -> int:
    """A number of an item; 0 where there is none."""
    return int(item[name]["N"]) if name in item else 0
