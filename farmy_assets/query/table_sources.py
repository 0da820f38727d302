"""Where each table's rows come from: records of the lake, read again only when they change.

Batches and data set versions never change. What is rewritten (pages of evaluations, assignments)
has another ETag afterwards, and its rows are made anew.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign_figures import CampaignFigures
from farmy_assets.annotation.figure_rows import ROWS
from farmy_assets.annotation.predictions.use import RegionUse
from farmy_assets.annotation.question_answers import in_json_text
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import AdjudicationAssignments, BatchAssignments
from farmy_assets.lake.gold import PersonsAnswers
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.object_facts import ListedObject
from farmy_assets.query.agreement_rows import agreement_classes, agreement_pairs
from farmy_assets.query.conflict_rows import ConflictRows, judgements, utc
from farmy_assets.query.default_crops import campaign_crops, crop_in, with_crops
from farmy_assets.query.tables import TABLES, Table

Row = dict[str, Any]
WAITING = "waiting"
NO_DAY = "1970-01-01"  # of what has a day of its own in every row
_log = logging.getLogger(__name__)
_PLACE_DECIMALS = 2  # about a kilometre: a field is not to be found by it


@dataclass(frozen=True)
class TableSource:
    """A table, the records that it is made of at present, and how one of them is read."""

    table: Table
    sources: Callable[[], Iterable[ListedObject]]
    read: Callable[[ListedObject], Iterable[Row]]

    def rows(self, source: ListedObject) -> Iterator[Row]:
        """The rows of one record; without a day of their own they have the record's."""
        day = source.modified_on
        for row in self.read(source):
            yield {"dt": day, **row, "source": source.key}


def table_sources(lake: Lake, *, crops: Mapping[str, str] | None = None) -> dict[str, TableSource]:
    """The source of each table by its name, of all tables that are made from the lake alone.

    Args:
        lake: Where the records are.
        crops: Campaign to crop, in place of what the campaigns say now.
    """
    reads: Mapping[str, tuple[Sequence[str], Callable[[bytes, str], Iterable[Row]]]] = {
        "memberships": ([keys.BATCHES], _memberships),
        "image_checks": (["quality/"], _checks),
        "assignments": (["assignments/", "adjudication/"], _assignments),
        "votes": (["votes/"], _votes),
        "regions": (["votes/"], _regions),
        "conflicts": ([keys.FORMER_EVALUATIONS], ConflictRows(lake)),
        "agreement_pairs": ([keys.agreement_figures()], agreement_pairs),
        "agreement_classes": ([keys.agreement_figures()], agreement_classes),
        "consensus": ([keys.FORMER_EVALUATIONS], _consensus),
        "gold_answers": ([keys.GOLD_ANSWERS], _gold_answers),
        "dataset_versions": (["dataset-versions/"], _versions),
        "prediction_use": ([keys.PREDICTION_USE], _prediction_use),
    }
    bucket = lake.records.bucket

    def more(prefix: str) -> Iterator[ListedObject]:
        """The pages of evaluations, beside what older versions kept of them."""
        if prefix == keys.FORMER_EVALUATIONS:
            for name in lake.campaigns.names():
                yield from lake.evaluations.listed_pages(name)

    def of_records(name: str) -> TableSource:
        prefixes, read = reads[name]
        return TableSource(
            TABLES[name],
            lambda: (
                item for prefix in prefixes for item in (*bucket.listing(prefix), *more(prefix))
            ),
            lambda source: _ours(read, bucket.get(source.key), source.key),
        )

    of_duplicates = TableSource(
        TABLES["duplicates"],
        lake.cleansed_sets.listing,
        lambda source: _ours(_duplicates, bucket.get(source.key), source.key),
    )
    of_records_alone = {name: of_records(name) for name in reads}
    of_figures = {name: _figure_feed(lake, name) for name in ROWS}
    own = {"images": _image_feed(lake, crops), "duplicates": of_duplicates}
    return own | of_records_alone | of_figures


def _figure_feed(lake: Lake, name: str) -> TableSource:
    """A table of campaigns' figures: one source a campaign, as its page was last made."""
    bucket = lake.records.bucket

    def read(content: bytes, _key: str) -> Iterator[Row]:
        for row in ROWS[name](CampaignFigures.model_validate_json(content)):
            yield row | ({"dt": row["day"]} if "day" in row else {})

    return TableSource(
        TABLES[name],
        lambda: (
            item
            for item in bucket.listing(keys.CAMPAIGN_FIGURES)
            if item.key == keys.campaign_figures(item.key.split("/")[1])
        ),
        lambda source: _ours(read, bucket.get(source.key), source.key),
    )


def _ours(read: Callable[[bytes, str], Iterable[Row]], content: bytes, key: str) -> list[Row]:
    """The rows of one object; none, and a warning, when it is not of our making."""
    try:
        return list(read(content, key))
    except (ValueError, KeyError, pa.ArrowException):
        _log.warning("%s is not of ours and is in no table; look who wrote it", key)
        return []


def _image_feed(lake: Lake, crops: Mapping[str, str] | None) -> TableSource:
    """Images by the batch of their own; those that wait for one are a source read each time.

    A batch is read again when corrections of its images have reached the catalog. Batches by which
    a campaign includes images have no rows here.
    """

    @cache
    def defaults() -> Mapping[str, str]:
        return campaign_crops(lake) if crops is None else crops

    def sources() -> Iterator[ListedObject]:
        corrected = lake.catalog.entries(list(lake.corrections.counts()))
        yield from with_crops(lake, _corrected(lake, corrected), defaults())
        waiting = sorted((i.image_id, i.campaign) for i in lake.catalog.waiting())
        if waiting:
            described = [
                (i, defaults().get(name), corrected[i].corrections if i in corrected else 0)
                for i, name in waiting
            ]
            digest = hashlib.sha256(repr(described).encode()).hexdigest()
            yield ListedObject(WAITING, digest, NO_DAY)

    def read(source: ListedObject) -> Iterator[Row]:
        if source.key == WAITING:
            crop_of = {i.image_id: defaults().get(i.campaign) for i in lake.catalog.waiting()}
        else:
            batch = lake.records.ours(source.key, Batch)
            own = batch.image_ids if batch and not batch.is_inclusion else ()
            crop_of = dict.fromkeys(own, crop_in(source))
        entries = lake.catalog.entries(list(crop_of))
        return (_image(entries[i], crop_of[i]) for i in crop_of if i in entries)

    return TableSource(TABLES["images"], sources, read)


def _corrected(lake: Lake, corrected: Mapping[str, CatalogEntry]) -> Iterator[ListedObject]:
    """The batches, each under an ETag that changes with the corrections of its images."""
    of_batch: dict[str, list[str]] = defaultdict(list)
    for image_id, entry in sorted(corrected.items()):
        if entry.batch_id and entry.corrections:
            of_batch[keys.batch_of_id(entry.batch_id)] += [image_id, str(entry.corrections)]
    for batch in lake.records.bucket.listing(keys.BATCHES):
        changes = "".join(of_batch.get(batch.key, ()))
        more = hashlib.sha256(changes.encode()).hexdigest()[:16] if changes else ""
        yield batch._replace(etag=batch.etag + more)


def _image(entry: CatalogEntry, default_crop: str | None) -> Row:
    row: Row = {
        "image_id": entry.image_id, "batch_id": entry.batch_id, "state": entry.state.value,
        "corrections": entry.corrections,
    }  # fmt: skip
    if (metadata := entry.metadata) is None:
        return row
    place = metadata.position
    return row | {
        "campaign": metadata.campaign,
        "original_name": metadata.original_name,
        "origin": metadata.source.value,
        "crop": metadata.crop or default_crop,
        "field": metadata.field,
        "device": metadata.device,
        "licence": metadata.licence,
        "media_type": metadata.media_type,
        "sha256": metadata.sha256,
        "size_bytes": metadata.size_bytes,
        "latitude_deg": round(place.latitude_deg, _PLACE_DECIMALS) if place else None,
        "longitude_deg": round(place.longitude_deg, _PLACE_DECIMALS) if place else None,
        "captured_at": utc(metadata.captured_at) if metadata.captured_at else None,
        "arrived_at": utc(metadata.arrived_at),
        "dt": metadata.arrived_at.astimezone(UTC).date().isoformat(),
    }


def _memberships(content: bytes, key: str) -> Iterator[Row]:
    del key
    batch = Batch.model_validate_json(content)
    moment = utc(batch.sealed_at)
    for image_id in batch.image_ids:
        yield {
            "image_id": image_id,
            "campaign": batch.campaign,
            "batch_id": batch.batch_id,
            "kind": "included" if batch.is_inclusion else "own",
            "joined_at": moment,
            "dt": moment.date().isoformat(),
        }


def _checks(content: bytes, key: str) -> Iterator[Row]:
    batch_id = key.rpartition("/")[2].removesuffix(".parquet")
    wanted = {c.name for c in TABLES["image_checks"].own_columns}
    file = pq.ParquetFile(BytesIO(content))
    there = [name for name in file.schema_arrow.names if name in wanted]
    for row in file.read(columns=there).to_pylist():
        yield {**row, "batch_id": batch_id}


def _duplicates(content: bytes, key: str) -> Iterator[Row]:
    del key
    cleansed = CleansedSet.model_validate_json(content)
    for item in cleansed.excluded:
        if item.duplicate_of:
            yield {
                "image_id": item.image_id,
                "campaign": cleansed.campaign,
                "batch_id": cleansed.batch_id,
                "duplicate_of": item.duplicate_of,
                "kind": item.reasons[0],
                "how": item.detail,
            }


def _assignments(content: bytes, key: str) -> list[Row]:
    given: tuple[Assignment, ...]
    if key.startswith("adjudication/"):
        given = AdjudicationAssignments.model_validate_json(content).assignments
    else:
        given = BatchAssignments.model_validate_json(content).assignments
    absent = {"from_day": None, "replaces": None}
    return [absent | assignment.model_dump(mode="json") for assignment in given]


def _read_votes(content: bytes) -> list[Vote]:
    return [Vote.model_validate_json(line) for line in content.splitlines()]


def _votes(content: bytes, key: str) -> Iterator[Row]:
    del key
    for vote in _read_votes(content):
        row = vote.model_dump(include={c.name for c in TABLES["votes"].own_columns} - {"choices"})
        moment = utc(vote.submitted_at)
        yield row | {
            "phase": vote.phase.value,
            "outcome": vote.outcome.value,
            "skip_reason": vote.skip_reason,
            "submitted_at": moment,
            **_counts(vote.regions),
            "choices": in_json_text(vote.choices),
            "dt": moment.date().isoformat(),
        }


def _regions(content: bytes, key: str) -> Iterator[Row]:
    del key
    for vote in _read_votes(content):
        row = vote.model_dump(include={"vote_id", "image_id", "campaign", "person"})
        ids = vote.region_ids or (None,) * len(vote.regions)
        for region, region_id in zip(vote.regions, ids, strict=False):
            x_min, y_min, x_max, y_max = region.bounds_px
            yield row | {
                "label": region.label,
                "kind": region.kind,
                "x_min": x_min,
                "y_min": y_min,
                "x_max": x_max,
                "y_max": y_max,
                "shape": region.model_dump_json(exclude={"label", "attributes"}),
                "region_id": region_id or None,
                "attributes": in_json_text(region.attributes),
                "dt": utc(vote.submitted_at).date().isoformat(),
            }


def _counts(regions: Sequence[Region]) -> Row:
    """How many regions there are, and how many of them are boxes."""
    return {"regions": len(regions), "boxes": sum(isinstance(r, Box) for r in regions)}


def _consensus(content: bytes, key: str) -> Iterator[Row]:
    for judgement in judgements(content, key):
        yield {
            "image_id": judgement.image_id,
            "campaign": judgement.campaign,
            "status": judgement.status.value,
            "people": judgement.people,
            "waiting_for": judgement.waiting_for,
            "labels": [region.label for region in judgement.regions],
            **_counts(judgement.regions),
            "conflicts": len(judgement.conflicts),
            "decided_by": judgement.decided_by,
            "choices": in_json_text(judgement.choices),
            "attributes": [in_json_text(region.attributes) for region in judgement.regions],
        }


def _gold_answers(content: bytes, key: str) -> Iterator[Row]:
    del key
    found = PersonsAnswers.model_validate_json(content)
    for answer in found.answers:
        moment = utc(answer.submitted_at)
        for score in answer.classes:
            yield score.counts.model_dump(exclude={"answers"}) | {
                "image_id": answer.image_id,
                "campaign": found.campaign,
                "person": answer.person,
                "vote_id": answer.vote_id,
                "campaign_version": answer.campaign_version,
                "outcome": answer.outcome.value,
                "submitted_at": moment,
                "class_id": score.class_id,
                "label": score.label,
                "dt": moment.date().isoformat(),
            }


def _prediction_use(content: bytes, key: str) -> Iterator[Row]:
    del key
    for line in content.splitlines():
        use = RegionUse.model_validate_json(line)
        moment = utc(use.submitted_at)
        yield use.model_dump() | {
            "use": use.use.value,
            "submitted_at": moment,
            "dt": moment.date().isoformat(),
        }


def _versions(content: bytes, key: str) -> Iterator[Row]:
    del key
    version = DatasetVersion.model_validate_json(content)
    for image in version.images:
        yield {
            "version_id": version.version_id,
            "number": version.number,
            "image_id": image.image_id,
            "campaign": version.campaign,
            "split": image.split,
            "settled_by": image.settled_by,
            **_counts(image.regions),
            "labels": [region.label for region in image.regions],
            "choices": in_json_text(image.choices),
            "attributes": [in_json_text(region.attributes) for region in image.regions],
        }
