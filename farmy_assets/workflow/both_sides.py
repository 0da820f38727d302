"""The images that S3 has beside those that the catalog has, and what differs.

A million images are compared in little memory: of each side only ids are held, as columns, and the
comparison is one statement of DuckDB. What lies in DynamoDB in no order needs no sorting that way.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import duckdb
import pyarrow as pa

from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.entry import EntryState
from farmy_assets.lake import keys
from farmy_assets.lake.batches import BatchRepository
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.objects import Bucket, in_threads

logger = logging.getLogger(__name__)

READ_TOGETHER = 10_000
SEGMENTS = 4  # of the catalog, read side by side
HEX = "0123456789abcdef"
LISTING = pa.schema([("image_id", pa.string())])
CORRECTED = pa.schema([("image_id", pa.string()), ("corrections", pa.int32())])
SEALED = pa.schema([("image_id", pa.string()), ("batch", pa.int32())])
NOTED = pa.schema(
    [
        ("image_id", pa.string()),
        ("present", pa.bool_()),
        ("described", pa.bool_()),
        ("noted_batch", pa.int32()),
        ("noted_corrections", pa.int32()),
    ]
)

# Every image on either side, and what is to be done about it. An image of a batch has its entry
# even when it was deleted since: nothing just vanishes.
COMPARISON = """
    SELECT
        CASE
            WHEN listed AND NOT coalesce(present, false) THEN 'restore'
            WHEN batch IS NOT NULL AND present IS NULL THEN 'restore'
            WHEN $all THEN 'rewrite'
            WHEN listed AND NOT described THEN 'describe'
            WHEN listed AND corrections > coalesce(noted_corrections, 0) THEN 'correct'
            WHEN present AND listed IS NULL THEN 'mark_deleted'
            WHEN batch IS DISTINCT FROM noted_batch AND batch IS NOT NULL THEN 'seal'
        END AS action,
        image_id,
        batch
    FROM noted
    FULL JOIN (SELECT image_id, true AS listed FROM listing) USING (image_id)
    LEFT JOIN corrected USING (image_id)
    FULL JOIN (SELECT image_id, min(batch) AS batch FROM sealed GROUP BY ALL) USING (image_id)
    WHERE action IS NOT NULL
    ORDER BY action, batch, image_id
"""


class BothSides(NamedTuple):
    """What is compared.

    Attributes:
        listing: The images in S3.
        corrections: How many corrections S3 has of each image that has some.
        sealed: The images of batches.
        noted: The entries of the catalog.
    """

    listing: pa.Table
    corrections: Mapping[str, int]
    sealed: pa.Table
    noted: pa.Table


class Difference(NamedTuple):
    """One image that differs; `batch` is the place of its batch among those that were read."""

    action: str
    image_id: str
    batch: int | None


def differences(sides: BothSides, *, rewrite_all: bool, at_once: int) -> Iterator[list[Difference]]:
    """What is to be done so that the catalog agrees with S3, in the order of the actions.

    Args:
        sides: What was read.
        rewrite_all: Whether entries that are right are written anew as well.
        at_once: How many differences are handed over at a time.
    """
    columns = {
        "image_id": list(sides.corrections),
        "corrections": list(sides.corrections.values()),
    }
    with duckdb.connect() as engine:
        engine.register("listing", sides.listing)
        engine.register("corrected", pa.table(columns, CORRECTED))
        engine.register("sealed", sides.sealed)
        engine.register("noted", sides.noted)
        engine.execute(COMPARISON, {"all": rewrite_all})
        while rows := engine.fetchmany(at_once):
            yield [Difference(*row) for row in rows]


def listed_images(raw: Bucket) -> tuple[pa.Table, list[str]]:
    """The ids of all images in S3, and of those that were written over.

    Several listings at a time, by the ids' first digit. An image that was taken out and came
    back has a deletion between its versions.
    """

    def part(digit: str) -> tuple[pa.Table, list[str]]:
        present: list[str | None] = []
        unexplained: Counter[str] = Counter()
        for version in raw.versions(f"{keys.RAW_IMAGES}{digit}"):
            if version.is_marker:
                unexplained[version.key] -= 1
            elif version.is_latest:
                present.append(keys.image_id_of_raw_key(version.key))
            else:
                unexplained[version.key] += 1
        over = [keys.image_id_of_raw_key(key) for key, count in unexplained.items() if count > 0]
        return pa.table({"image_id": present}, LISTING), sorted(filter(None, over))

    parts = in_threads(part, HEX)
    listing = pa.concat_tables([table for table, _ in parts]).drop_null()
    written_over = [image_id for _, over in parts for image_id in over]
    if written_over:
        logger.warning("%d images were written over, such as %s",
                       len(written_over), written_over[0])  # fmt: skip
    return listing, written_over


def sealed_images(repository: BatchRepository) -> tuple[pa.Table, list[str]]:
    """Each image that is in a batch of its own, with that batch's place in the list of ids."""

    def part(numbered: tuple[int, Batch]) -> tuple[pa.Table, str]:
        place, batch = numbered
        columns = {"image_id": batch.image_ids, "batch": [place] * len(batch.image_ids)}
        return pa.table(columns, SEALED), batch.batch_id

    batches = in_threads(repository.ours, repository.numbers())
    own = [batch for batch in batches if batch and not batch.is_inclusion]
    parts = in_threads(part, enumerate(own))
    tables = [SEALED.empty_table(), *(table for table, _ in parts)]
    return pa.concat_tables(tables), [batch_id for _, batch_id in parts]


def noted_images(catalog: CatalogTable, batch_ids: Sequence[str]) -> pa.Table:
    """What the catalog has noted of each image, several parts of it at a time."""
    places = {batch_id: place for place, batch_id in enumerate(batch_ids)}

    def part(segment: int) -> pa.Table:
        cards = catalog.index_cards(segment=segment, of=SEGMENTS)
        tables = [NOTED.empty_table()]
        while some := list(islice(cards, READ_TOGETHER)):
            columns = {
                "image_id": [card.image_id for card in some],
                "present": [card.state is EntryState.PRESENT for card in some],
                "described": [card.has_metadata for card in some],
                "noted_batch": [places.get(card.batch_id or "") for card in some],
                "noted_corrections": [card.corrections for card in some],
            }
            tables.append(pa.table(columns, NOTED))
        return pa.concat_tables(tables)

    return pa.concat_tables(in_threads(part, range(SEGMENTS)))
