"""The catalog: one DynamoDB item an image, an index that can always be rebuilt from S3.

Item: image_id (key), state, sequencer, metadata (JSON text), campaign, batch_id once sealed, and,
only while the image waits for a batch, waiting_shard and waiting_since. The index `waiting` holds
just the images that wait, so that looking for work does not grow with the work already done; its
partition key is spread over shards, because all new images would share one hot key.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from farmy_assets.catalog.batches import WaitingImage
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.lake.connection import error_code, translated
from farmy_assets.lake.objects import in_threads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WAITING_INDEX = "waiting"
SHARDS = 8
GET_LIMIT = 100
TRANSACTION_LIMIT = 100
LARGEST_SEQUENCER_FIRST = "attribute_not_exists(image_id) OR sequencer <= :sequencer"


def shard_of(image_id: str) -> str:
    """The shard of the waiting index in which an image stands."""
    return str(sha256(image_id.encode()).digest()[0] % SHARDS)


def _text(value: str) -> dict[str, str]:
    return {"S": value}


@dataclass(frozen=True)
class CatalogTable:
    """The catalog's items."""

    client: "DynamoDBClient"
    name: str

    def apply(self, entry: CatalogEntry, *, now: datetime) -> bool:
        """Store what an event said, unless a later event was stored before.

        The same event stored twice leaves the same item. An image that is in no batch yet starts
        to wait for one; an image that was sealed already keeps its batch. Returns False when the
        event was older than what is stored.
        """
        sealed = "attribute_exists(batch_id)"
        return self._update(entry, now=now, waits=True, condition=f"NOT {sealed}") or self._update(
            entry, now=now, waits=False, condition=sealed
        )

    def _update(self, entry: CatalogEntry, *, now: datetime, waits: bool, condition: str) -> bool:
        sets = ["#state = :state", "sequencer = :sequencer"]
        removes = []
        values = {":state": _text(entry.state), ":sequencer": _text(entry.sequencer)}
        if entry.metadata:
            sets += ["metadata = :metadata", "campaign = :campaign"]
            values[":metadata"] = _text(entry.metadata.model_dump_json())
            values[":campaign"] = _text(entry.metadata.campaign)
        if waits and entry.state is EntryState.PRESENT and entry.metadata:
            sets += ["waiting_shard = :shard", "waiting_since = if_not_exists(waiting_since, :now)"]
            values[":shard"] = _text(shard_of(entry.image_id))
            values[":now"] = _text(now.isoformat())
        else:
            removes = ["waiting_shard", "waiting_since"]
        update = "SET " + ", ".join(sets) + (f" REMOVE {', '.join(removes)}" if removes else "")
        with translated(f"cataloguing image {entry.image_id}"):
            try:
                self.client.update_item(
                    TableName=self.name,
                    Key={"image_id": _text(entry.image_id)},
                    UpdateExpression=update,
                    ConditionExpression=f"({LARGEST_SEQUENCER_FIRST}) AND {condition}",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues=values,
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def mark_sealed(self, image_ids: Iterable[str], batch_id: str) -> None:
        """Note the batch of these images; they no longer wait. Doing it again changes nothing."""

        def mark(some: Sequence[str]) -> None:
            updates = [{"Update": self._sealing(image_id, batch_id)} for image_id in some]
            with translated(f"marking images of batch {batch_id} as sealed"):
                try:
                    self.client.transact_write_items(TransactItems=updates)  # type: ignore[arg-type]
                except ClientError as error:
                    if error_code(error) != "TransactionCanceledException":
                        raise
                    # One that is being written to, or is gone, fails them all.
                    for image_id in some:
                        self.client.update_item(**self._sealing(image_id, batch_id))

        ids = list(dict.fromkeys(image_ids))
        in_threads(
            mark, [ids[i : i + TRANSACTION_LIMIT] for i in range(0, len(ids), TRANSACTION_LIMIT)]
        )

    def _sealing(self, image_id: str, batch_id: str) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "Key": {"image_id": _text(image_id)},
            "UpdateExpression": "SET batch_id = :batch REMOVE waiting_shard, waiting_since",
            "ConditionExpression": "attribute_exists(image_id)",
            "ExpressionAttributeValues": {":batch": _text(batch_id)},
        }

    def put_rebuilt(self, entry: CatalogEntry, *, now: datetime) -> None:
        """Store an entry that was rebuilt from S3, waiting or sealed as its batch says."""
        if self.apply(entry, now=now) and entry.batch_id:
            self.mark_sealed([entry.image_id], entry.batch_id)

    def waiting(self) -> list[WaitingImage]:
        """All images that are in no batch yet, from every shard of the index."""
        found = in_threads(lambda shard: list(self._waiting_in(str(shard))), range(SHARDS))
        return [image for part in found for image in part]

    def _waiting_in(self, shard: str) -> Iterator[WaitingImage]:
        with translated("looking for images without a batch"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.name,
                IndexName=WAITING_INDEX,
                KeyConditionExpression="waiting_shard = :shard",
                ExpressionAttributeValues={":shard": _text(shard)},
            )
            for page in pages:
                for item in page["Items"]:
                    yield WaitingImage(
                        image_id=item["image_id"]["S"],
                        campaign=item["campaign"]["S"],
                        arrived_at=datetime.fromisoformat(item["waiting_since"]["S"]),
                    )

    def entries(self, image_ids: Sequence[str]) -> dict[str, CatalogEntry]:
        """The entries of these images; an image without one is not in the answer."""
        chunks = [image_ids[i : i + GET_LIMIT] for i in range(0, len(image_ids), GET_LIMIT)]
        found = [entry for part in in_threads(self._chunk, chunks) for entry in part]
        return {entry.image_id: entry for entry in found}

    def _chunk(self, image_ids: Sequence[str]) -> list[CatalogEntry]:
        entries: list[CatalogEntry] = []
        asked: dict[str, Any] = {
            self.name: {"Keys": [{"image_id": _text(i)} for i in dict.fromkeys(image_ids)]}
        }
        with translated("reading catalog entries"):
            while asked:  # under load DynamoDB answers in part and hands the rest back
                answer = self.client.batch_get_item(RequestItems=asked)
                entries += [_entry(item) for item in answer["Responses"].get(self.name, [])]
                asked = dict(answer.get("UnprocessedKeys", {}))
        return entries

    def scan(self) -> Iterator[CatalogEntry]:
        """Every entry; for reconciling, not for looking something up."""
        with translated("reading the whole catalog"):
            for page in self.client.get_paginator("scan").paginate(TableName=self.name):
                yield from (_entry(item) for item in page["Items"])


def _entry(item: dict[str, Any]) -> CatalogEntry:
    metadata = item.get("metadata")
    return CatalogEntry(
        image_id=item["image_id"]["S"],
        state=EntryState(item["state"]["S"]),
        sequencer=item["sequencer"]["S"],
        metadata=ImageMetadata.model_validate_json(metadata["S"]) if metadata else None,
        batch_id=item["batch_id"]["S"] if "batch_id" in item else None,
    )
