"""Checks that warn: what looks unusual beside earlier runs. None of them stops anything.

They compare the metadata of earlier materializations, the newest few of which are read from
Dagster's own records; nothing of the lake is read. Without a history they pass.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from farmy_assets.defs.trends import (
    Answered,
    classes_vanished,
    conflict_rate_rose,
    kept_share_fell,
)

EARLIER_RUNS = 30
EARLIER_BATCHES = 10
PARTITION = "dagster/partition"

Metadata = Mapping[str, dg.MetadataValue]  # of one materialization


def _history(
    context: dg.AssetCheckExecutionContext, asset: str, partition: str | None = None
) -> Iterator[tuple[str, Metadata]]:
    """Partition and metadata of the newest materializations, the newest first."""
    wanted = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey(asset), asset_partitions=[partition] if partition else None
    )
    found = context.instance.fetch_materializations(wanted, limit=EARLIER_RUNS)
    for record in found.records:
        if event := record.asset_materialization:
            yield event.partition or "", event.metadata


def _result(sentence: str, compared_with: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "as usual",
        metadata={"compared_with": compared_with},
    )


def _value(metadata: Metadata, name: str) -> object:
    found = metadata.get(name)
    return found.value if found else None


@dg.asset_check(
    asset="cleansed_set", description="Cleansing keeps about as much as of earlier batches."
)
def kept_share_is_as_usual(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Warns when a batch keeps far less than earlier batches of its campaign did."""
    own = context.run.tags.get(PARTITION, "")
    newest: dict[str, Metadata] = {}
    for partition, metadata in _history(context, "cleansed_set"):
        newest.setdefault(partition, metadata)
    mine = newest.pop(own, {})
    campaign, now = _value(mine, "campaign"), _value(mine, "kept_share")
    shares = [
        share
        for metadata in newest.values()
        if _value(metadata, "campaign") == campaign
        and isinstance(share := _value(metadata, "kept_share"), float)
    ][:EARLIER_BATCHES]
    sentence = kept_share_fell(now, shares) if isinstance(now, float) else ""
    return _result(sentence, len(shares))


@dg.asset_check(
    asset="annotation_conflicts",
    description="New answers of a campaign are in conflict about as often as earlier ones.",
)
def conflict_rate_is_as_usual(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Warns when the images judged lately are in conflict far more often than those before."""
    own = context.run.tags.get(PARTITION)
    counts = [
        Answered(images, in_conflict)
        for _, metadata in _history(context, "annotation_conflicts", own)
        if isinstance(images := _value(metadata, "dagster/partition_row_count"), int)
        and isinstance(in_conflict := _value(metadata, "images_ever_in_conflict"), int)
    ]
    sentences = (conflict_rate_rose(counts[0], before) for before in counts[1:])
    return _result(next(filter(None, sentences), ""), len(counts[1:]))


@dg.asset_check(
    asset="gold_scores", description="Nobody is paused for being too often wrong on gold."
)
def nobody_is_paused(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Warns as long as a person is paused, or would be if that left somebody; says who and why."""
    own = context.run.tags.get(PARTITION)
    history = list(_history(context, "gold_scores", own))
    found = [
        f"{record.data['person']}: {record.data['reason']}"
        for name in ("paused", "not_paused_as_nobody_else_is_left")
        if history and isinstance(table := history[0][1].get(name), dg.TableMetadataValue)
        for record in table.records
    ]
    return _result("; ".join(found), len(history))


@dg.asset_check(
    asset="dataset_version", description="A class of the version before is in this one as well."
)
def no_class_vanished(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Warns when a version has nothing of a class that the version before had."""
    own = context.run.tags.get(PARTITION)
    versions: dict[object, set[str]] = {}
    for _, metadata in _history(context, "dataset_version", own):
        table = _value(metadata, "regions_by_class")
        records = table.records if isinstance(table, dg.TableMetadataValue) else []
        classes = {str(r.data["class"]) for r in records if r.data["regions"]}
        versions.setdefault(_value(metadata, "version"), classes)
    now, *before = versions.values() if versions else [set()]
    return _result(classes_vanished(now, before[0]) if before else "", len(before))
