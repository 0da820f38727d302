"""The catalog: one DynamoDB item an image, an index that can always be rebuilt from S3.

`catalog_items.py` has the form of an item. The index `waiting` holds just the images that wait, so
that looking for work does not grow with the work already done; its partition key is spread over
shards, because all new images would share one hot key.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from farmy_assets.catalog.batches import WaitingImage
from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.catalog.sequencers import is_comparable, is_later
from farmy_assets.errors import LakeError, LakeUnavailableError
from farmy_assets.lake.catalog_items import (
    CARD_FIELDS,
    METADATA,
    SHARDS,
    IndexCard,
    entry_of,
    metadata_values,
    text,
    updates_of,
)
from farmy_assets.lake.connection import error_code, translated
from farmy_assets.lake.objects import in_threads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)

WAITING_INDEX = "waiting"
GET_LIMIT = 100
TRANSACTION_LIMIT = 100


@dataclass(frozen=True)
class CatalogTable:
    """The catalog's items."""

    client: "DynamoDBClient"
    name: str

    def apply(self, entry: CatalogEntry, *, now: datetime) -> bool:
        """Store the state of an event, unless a later event was stored before.

        The same event stored twice leaves the same item. Metadata with fewer corrections than the
        stored ones are left out, since an event of the image says nothing of those. An image that
        is in no batch yet starts
        to wait for one; an image that was sealed already keeps its batch; an entry that names a
        batch never waits. Returns False when the event was older than what is stored.
        """
        with translated(f"cataloguing image {entry.image_id}"):
            if self._succeeds(updates_of(self.name, entry, now=now)):
                return True
            if not is_comparable(entry.sequencer):
                return False  # what was read to be written again has changed since
            # Not so, or not decidable by comparing texts: the item may hold the older form.
            while (stored := self._sequencer(entry.image_id)) is not None:
                if is_later(stored, entry.sequencer):
                    return False
                if self._succeeds(updates_of(self.name, entry, now=now, read=stored)):
                    return True
            return self._succeeds(updates_of(self.name, entry, now=now))

    def _succeeds(self, updates: Iterable[dict[str, Any]]) -> bool:
        """Whether the condition of one of these updates holds, which is then done."""
        for update in updates:
            try:
                self.client.update_item(**update)
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
            else:
                return True
        return False

    def _sequencer(self, image_id: str) -> str | None:
        answer = self.client.get_item(
            TableName=self.name, Key={"image_id": text(image_id)},
            ProjectionExpression="sequencer", ConsistentRead=True,
        )  # fmt: skip
        return answer["Item"]["sequencer"]["S"] if answer.get("Item") else None

    def apply_all(
        self, entries: Sequence[CatalogEntry], *, now: datetime
    ) -> list[bool | LakeError]:
        """Do as `apply` does with each entry, together where that is possible.

        Args:
            entries: At most one for each image.
            now: When an image starts to wait.

        Returns:
            For each entry what `apply` returns, or the error that it raises.
        """
        chunks = [
            entries[i : i + TRANSACTION_LIMIT] for i in range(0, len(entries), TRANSACTION_LIMIT)
        ]
        return [outcome for chunk in chunks for outcome in self._apply_chunk(chunk, now=now)]

    def _apply_chunk(
        self, entries: Sequence[CatalogEntry], *, now: datetime
    ) -> list[bool | LakeError]:
        def alone(entry: CatalogEntry) -> bool | LakeError:
            try:
                return self.apply(entry, now=now)
            except LakeError as error:
                return error

        if len(entries) == 1:
            return [alone(entries[0])]
        # Most are news of images that nobody has sealed yet, so all conditions hold at once.
        updates = [{"Update": next(updates_of(self.name, entry, now=now))} for entry in entries]
        try:
            with translated(f"cataloguing {len(entries)} images"):
                try:
                    self.client.transact_write_items(TransactItems=updates)  # type: ignore[arg-type]
                except ClientError as error:
                    if error_code(error) != "TransactionCanceledException":
                        raise
                else:
                    return [True] * len(entries)
        except LakeUnavailableError as error:
            return [error] * len(entries)
        except LakeError:
            logger.warning("%d images are catalogued one by one", len(entries), exc_info=True)
        return in_threads(alone, entries)

    def correct(self, entry: CatalogEntry) -> bool:
        """Store corrected metadata in an entry that is there; nothing else of it changes.

        Returns False when it has as many corrections already, or there is no such entry.
        """
        if entry.metadata is None:
            return False
        sets = [*METADATA, "corrections = :corrections"]
        number = {":corrections": {"N": str(entry.corrections)}}
        fewer = "attribute_not_exists(corrections) OR corrections < :corrections"
        with translated(f"correcting image {entry.image_id}"):
            try:
                self.client.update_item(
                    TableName=self.name,
                    Key={"image_id": text(entry.image_id)},
                    UpdateExpression=f"SET {', '.join(sets)}",
                    ConditionExpression=f"attribute_exists(image_id) AND ({fewer})",
                    ExpressionAttributeValues={**metadata_values(entry.metadata), **number},
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
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
            "Key": {"image_id": text(image_id)},
            "UpdateExpression": "SET batch_id = :batch REMOVE waiting_shard, waiting_since",
            "ConditionExpression": "attribute_exists(image_id)",
            "ExpressionAttributeValues": {":batch": text(batch_id)},
        }

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
                ExpressionAttributeValues={":shard": text(shard)},
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
            self.name: {"Keys": [{"image_id": text(i)} for i in dict.fromkeys(image_ids)]}
        }
        with translated("reading catalog entries"):
            while asked:  # under load DynamoDB answers in part and returns the rest as unprocessed
                answer = self.client.batch_get_item(RequestItems=asked)
                entries += [entry_of(item) for item in answer["Responses"].get(self.name, [])]
                asked = dict(answer.get("UnprocessedKeys", {}))
        return entries

    def scan(self) -> Iterator[CatalogEntry]:
        """Every entry, by a scan of the table; for reconciliation, not for lookups."""
        with translated("reading the whole catalog"):
            for page in self.client.get_paginator("scan").paginate(TableName=self.name):
                yield from (entry_of(item) for item in page["Items"])

    def index_cards(self, *, segment: int, of: int) -> Iterator[IndexCard]:
        """One of several parts of the catalog without metadata: a tenth of what `scan` reads."""
        with translated("reading the whole catalog"):
            pages = self.client.get_paginator("scan").paginate(
                TableName=self.name,
                Segment=segment,
                TotalSegments=of,
                ProjectionExpression=CARD_FIELDS,
                ExpressionAttributeNames={"#state": "state"},
            )
            for page in pages:
                yield from (IndexCard.of(item) for item in page["Items"])
