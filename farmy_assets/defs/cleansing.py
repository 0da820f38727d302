"""Cleansing: what the checks say of a batch's photographs, and the set that goes on."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import dagster as dg

from farmy_assets.cleansing.cleansed_set import conclude
from farmy_assets.cleansing.duplicates import find_duplicates, fingerprint_of
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.verdicts import Status
from farmy_assets.defs.catalog import catalog_entries
from farmy_assets.defs.failures import BRIEFLY, told_plainly
from farmy_assets.defs.metadata import Materialized, count_table, place, record_table, rows, sheet
from farmy_assets.defs.partitions import batches
from farmy_assets.defs.resources import LakeResource
from farmy_assets.lake import keys
from farmy_assets.lake.image_work import Promise
from farmy_assets.lake.lake import Lake

WORKERS = 2
SHOWN = 50
DEFAULTS = CleansingPolicy()


class CleansingConfig(dg.Config):
    """Thresholds that a person may want to change for one run; see the policy for the others."""

    min_short_side_px: int = DEFAULTS.min_short_side_px
    blurry_below_sharpness: float = DEFAULTS.blurry_below_sharpness
    near_duplicate_max_distance_bits: int = DEFAULTS.near_duplicate_max_distance_bits
    max_long_side_px: int = DEFAULTS.max_long_side_px

    def policy(self) -> CleansingPolicy:
        """The thresholds as the cleansing room knows them."""
        return CleansingPolicy(**self.model_dump())


@dg.asset(
    group_name="cleansing", kinds={"python", "parquet"}, partitions_def=batches, code_version="1",
    deps=[catalog_entries], retry_policy=BRIEFLY,
    check_specs=[
        dg.AssetCheckSpec(
            "every_image_has_one_verdict", asset="image_quality", blocking=True,
            description="One row for each image of the batch, and no other.",
        )
    ],
)  # fmt: skip
def image_quality(
    context: dg.AssetExecutionContext, config: CleansingConfig, lake: LakeResource
) -> Materialized:
    """What the checks measured on each photograph of a batch, and the verdict that follows.

    Rejected: cannot be decoded. Held: decodable, but flagged; waits for a person. Fit: goes on.
    """
    with told_plainly():
        opened = lake.open()
        batch = opened.batches.read(context.partition_key)
        promised = _promises(opened, batch.image_ids)
        verdicts = opened.image_work.check(promised, policy=config.policy(), workers=WORKERS)
        address = opened.quality.write(batch.batch_id, verdicts)
    statuses = Counter(verdict.status.value for verdict in verdicts)
    reasons = Counter(reason.value for verdict in verdicts for reason in verdict.reasons)
    unfit = [v for v in verdicts if v.status is not Status.FIT]
    columns = ("image_id", "status", "reasons", "sharpness", "brightness_p50")
    one_each = sorted(v.image_id for v in verdicts) == sorted(batch.image_ids)
    return dg.MaterializeResult(
        metadata={
            **rows(len(verdicts)),
            **sheet(opened.raw, [keys.raw_image(v.image_id) for v in unfit]),
            **place(address),
            "rule_version": config.policy().rule_version,
            **{f"{status.value}_images": statuses[status.value] for status in Status},
            "reasons": count_table(reasons, of="reason"),
            "not_fit": record_table([v.model_dump() for v in unfit[:SHOWN]], columns),
        },
        check_results=[
            dg.AssetCheckResult(passed=one_each, check_name="every_image_has_one_verdict")
        ],
    )


def _promises(lake: Lake, image_ids: Sequence[str]) -> dict[str, Promise]:
    entries = lake.catalog.entries(image_ids)
    known = {
        image_id: Promise(entry.metadata.sha256, entry.metadata.size_bytes)
        for image_id, entry in entries.items()
        if entry.metadata
    }
    return {image_id: known.get(image_id, Promise(None, 0)) for image_id in image_ids}


@dg.asset(
    group_name="cleansing", kinds={"s3"}, partitions_def=batches, code_version="1",
    deps=[image_quality], retry_policy=BRIEFLY,
    check_specs=[
        dg.AssetCheckSpec(
            "every_image_is_kept_or_excluded", asset="cleansed_set", blocking=True,
            description="Each image of the batch stands in the manifest exactly once.",
        )
    ],
)  # fmt: skip
def cleansed_set(
    context: dg.AssetExecutionContext, config: CleansingConfig, lake: LakeResource
) -> Materialized:
    """The photographs of a batch that are fit to annotate, as normalised copies.

    A copy is upright, sRGB, and holds no position and no serial number. Duplicates of anything
    that any batch kept are excluded. Every exclusion has its reason.
    """
    with told_plainly():
        opened, policy = lake.open(), config.policy()
        batch = opened.batches.read(context.partition_key)
        verdicts = opened.quality.read(batch.batch_id)
        fit = [verdict for verdict in verdicts if verdict.status is Status.FIT]
        fingerprints = [f for f in map(fingerprint_of, fit) if f]
        duplicates = opened.duplicates.claim(
            batch.batch_id, fingerprints, find=partial(find_duplicates, policy=policy)
        )
        promised = _promises(opened, [v.image_id for v in fit if v.image_id not in duplicates])
        kept, not_copied = opened.image_work.copy(promised, policy=policy, workers=WORKERS)
        result = conclude(
            batch_id=batch.batch_id, campaign=batch.campaign, policy=policy, qualities=verdicts,
            duplicates=duplicates, kept=kept, not_copied=not_copied,
        )  # fmt: skip
        unaccounted = result.unaccounted(batch.image_ids)
        if not unaccounted:
            opened.records.replace(keys.cleansed_set(batch.batch_id), result)
    shown = [item.model_dump(mode="json") for item in result.excluded[:SHOWN]]
    columns = ("image_id", "status", "reasons", "duplicate_of")
    return dg.MaterializeResult(
        metadata={
            **rows(len(result.kept)),
            **sheet(opened.cleansed, [keys.cleansed_image(image.image_id) for image in kept]),
            **place(f"s3://{opened.cleansed.name}/{keys.CLEANSED_IMAGES}"),
            "campaign": result.campaign,
            "excluded_images": len(result.excluded),
            "kept_share": len(result.kept) / len(batch.image_ids),
            "reasons": count_table(result.reasons(), of="reason"),
            "excluded": record_table(shown, columns),
        },
        check_results=[
            dg.AssetCheckResult(
                passed=not unaccounted, check_name="every_image_is_kept_or_excluded",
                metadata={"unaccounted": sorted(unaccounted)[:SHOWN]},
            )
        ],
    )  # fmt: skip
