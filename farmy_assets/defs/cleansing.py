"""Cleansing: what the checks say of a batch's photographs, and the set that goes on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import dagster as dg

from farmy_assets.catalog.described_batch import DescribedImage
from farmy_assets.catalog.wording import counted
from farmy_assets.cleansing.checks import names
from farmy_assets.cleansing.cleansed_set import Examined, conclude, goes_on
from farmy_assets.cleansing.compared_images import Fingerprint, fingerprint_of
from farmy_assets.cleansing.duplicates import DuplicateOf, find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicies, CleansingPolicy, parse_policy
from farmy_assets.cleansing.rulings import CurrentDecisions
from farmy_assets.cleansing.verdicts import Status
from farmy_assets.defs.catalog import catalog_entries
from farmy_assets.defs.claims import Events, concluded
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import (
    Materialized,
    count_table,
    drawn_sheet,
    link,
    place,
    record_table,
    rows,
)
from farmy_assets.defs.partitions import batches
from farmy_assets.defs.resources import CleansingSettings
from farmy_assets.execution.cores import AllCores
from farmy_assets.execution.report import CleansingReport
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.described_batches import described
from farmy_assets.workflow.examination import examine_batch

SHOWN = 50


class CleansingConfig(dg.Config):
    """For one run: thresholds in place of the platform's, as the text of a policy file."""

    policy: str = ""

    def policies(self, cleansing: CleansingSettings) -> CleansingPolicies:
        """The thresholds of this run.

        Raises:
            InvalidInputError: The text, or the platform's own file, is no policy.
        """
        return parse_policy(self.policy) if self.policy else cleansing.policies()


@dg.asset(
    group_name="cleansing", kinds={"python", "parquet"}, partitions_def=batches, code_version="2",
    deps=[catalog_entries], retry_policy=RETRY_ONCE,
    check_specs=[
        dg.AssetCheckSpec(
            "every_image_has_one_verdict", asset="image_quality", blocking=True,
            description="One row for each image of the batch, and no other.",
        )
    ],
)  # fmt: skip
def image_quality(
    context: dg.AssetExecutionContext,
    config: CleansingConfig,
    lake: dg.ResourceParam[Lake],
    cleansing: dg.ResourceParam[CleansingSettings],
) -> Events:
    """What the checks measured on each photograph of a batch, and the verdict that follows.

    Rejected: cannot be decoded. Held: decodable, but a check failed; waits for a person. Fit: goes
    on. Of everything that can be decoded a normalised copy is made: upright, sRGB, without
    position and serial numbers. Of photographs that the campaign includes, what the batches of
    their own found under the same rules is taken over, and their copies stay.
    """
    with as_dagster_failure():
        batch = lake.batches.read(context.partition_key)
        done = examine_batch(
            lake, batch, policies=config.policies(cleansing), ray_address=cleansing.ray_address
        )
        examined = done.examined
        address = lake.quality.write(batch.batch_id, examined)
    verdicts = [image.quality for image in examined]
    unfit = [v for v in verdicts if v.status is not Status.FIT]
    unfit_rows = [{**v.model_dump(), "reasons": _comma_separated(v.reasons)} for v in unfit[:SHOWN]]
    materialized = Materialized(
        metadata={
            **rows(len(verdicts)),
            **drawn_sheet([i.thumbnail for i in examined if i.quality.status is Status.HELD]),
            **place(address),
            "rule_versions": _comma_separated(sorted({v.rule_version for v in verdicts})),
            **done.speed(),
            **({"taken_over_images": done.taken_over} if batch.is_inclusion else {}),
            **_counts(examined),
            "reasons": count_table(Counter(r for v in verdicts for r in v.reasons), of="reason"),
            "warnings": count_table(Counter(w for v in verdicts for w in v.warnings), of="check"),
            "not_fit": record_table(unfit_rows, ("image_id", "status", "reasons", "detail")),
        }
    )
    broken = _not_once(Counter(v.image_id for v in verdicts), batch.image_ids)
    yield from concluded(
        materialized, "every_image_has_one_verdict", broken=broken,
        what=f"{counted(len(broken), 'image')} without just one verdict",
    )  # fmt: skip


def _not_once(found: Counter[str], wanted: Sequence[str]) -> list[str]:
    """The images that are not there just once, and those that should not be there at all."""
    expected = set(wanted)
    return sorted(i for i in expected | found.keys() if found[i] != 1 or i not in expected)


def _counts(examined: Sequence[Examined]) -> dict[str, int]:
    """Numbers under fixed names, so that Dagster plots them over the batches."""
    statuses = Counter(image.quality.status for image in examined)
    failed = Counter(reason for image in examined for reason in image.quality.reasons)
    return {
        **{f"{status.value}_images": statuses[status] for status in Status},
        **{f"fail_{check}": failed[check] for check in names() if failed[check]},
    }


def _comma_separated(words: Sequence[str]) -> str:
    return ", ".join(words)


def _own_policies(
    images: Mapping[str, DescribedImage], policies: CleansingPolicies
) -> dict[str, CleansingPolicy]:
    """The policy of each image whose source has one of its own, by image id."""
    found = {image_id: policies.for_source(image.source) for image_id, image in images.items()}
    return {image_id: policy for image_id, policy in found.items() if policy != policies.default}


def _policy_of_all(
    image_ids: Sequence[str], policy: CleansingPolicy, policies: Mapping[str, CleansingPolicy]
) -> CleansingPolicy:
    """The one policy of all these images; the general one where they have several."""
    found = {own.rule_version: own for i in image_ids for own in [policies.get(i, policy)]}
    return next(iter(found.values())) if len(found) == 1 else policy


def _fingerprints(
    images: Mapping[str, DescribedImage], examined: Sequence[Examined], rulings: CurrentDecisions
) -> list[Fingerprint]:
    """Of the images that go on, with the time at which they were taken, or else came to us."""
    fit = [quality for quality, _, _ in examined if goes_on(quality, rulings)]
    found = []
    for quality in fit:
        image = images.get(quality.image_id)
        found.append(fingerprint_of(quality, taken_at=image.taken_at if image else None))
    return [fingerprint for fingerprint in found if fingerprint]


def _report(
    images: Mapping[str, DescribedImage],
    batch_id: str,
    policy: CleansingPolicy,
    examined: Sequence[Examined],
    duplicates: Mapping[str, DuplicateOf],
) -> bytes:
    """The page about a batch; pictures of other batches' images are not on it."""
    report = CleansingReport(
        title=batch_id,
        policy=policy,
        qualities=[image.quality for image in examined],
        duplicates=duplicates,
        names={image_id: image.original_name for image_id, image in images.items()},
    )
    shown = set(report.shown_images())
    return report.page(
        {
            image.quality.image_id: image.thumbnail
            for image in examined
            if image.thumbnail and image.quality.image_id in shown
        }
    )


@dg.asset(
    group_name="cleansing", kinds={"s3"}, partitions_def=batches, code_version="2",
    deps=[image_quality], retry_policy=RETRY_ONCE,
    check_specs=[
        dg.AssetCheckSpec(
            "every_image_is_kept_or_excluded", asset="cleansed_set", blocking=True,
            description="Each image of the batch stands in the manifest exactly once.",
        )
    ],
)  # fmt: skip
def cleansed_set(
    context: dg.AssetExecutionContext,
    config: CleansingConfig,
    lake: dg.ResourceParam[Lake],
    cleansing: dg.ResourceParam[CleansingSettings],
) -> Events:
    """The photographs of a batch that are fit to annotate.

    Duplicates of anything that the campaign's batches kept are excluded; other campaigns may keep
    the same photographs. Every exclusion has its reason. What people said in triage counts more
    than the checks; under the same rules, what was kept before stays kept.
    """
    with as_dagster_failure():
        configured = config.policies(cleansing)
        policy = configured.default
        batch = lake.batches.read(context.partition_key)
        images = described(lake, batch)
        policies = _own_policies(images, configured)
        examined = lake.quality.read(batch.batch_id)
        rulings = lake.triage.current_decisions(batch.campaign)
        before = lake.cleansed_sets.of(batch.campaign, batch.batch_id)
        stayed = before.kept_under(policy, policies) if before else frozenset()
        stays = stayed - rulings.copies_after_all
        duplicates = lake.duplicates.claim(
            batch.batch_id,
            _fingerprints(images, examined, rulings),
            campaign=batch.campaign,
            find=partial(
                find_duplicates,
                policy=policy,
                policies=policies,
                distinct=rulings.no_duplicates | stays,
                cores=AllCores(),
            ),
        )
        result = conclude(
            batch_id=batch.batch_id, campaign=batch.campaign, policy=policy,
            policies=policies, examined=examined, duplicates=duplicates, rulings=rulings,
        )  # fmt: skip
        unaccounted = sorted(result.unaccounted(batch.image_ids))
        report_key = keys.cleansing_report(batch.batch_id)
        shown_policy = _policy_of_all(batch.image_ids, policy, policies)
        page = _report(images, batch.batch_id, shown_policy, examined, duplicates)
        lake.records.bucket.put(report_key, page, media_type="text/html; charset=utf-8")
        if not unaccounted:
            lake.cleansed_sets.write(result)
    shown = [
        {**item.model_dump(mode="json"), "reasons": _comma_separated(item.reasons)}
        for item in result.excluded[:SHOWN]
    ]
    kept = {image.image_id for image in result.kept}
    statuses = Counter(item.status.value for item in result.excluded)
    columns = ("image_id", "status", "reasons", "duplicate_of")
    materialized = Materialized(
        metadata={
            **rows(len(result.kept)),
            **drawn_sheet([i.thumbnail for i in examined if i.quality.image_id in kept]),
            "report": link(lake.web_address(lake.records.bucket, report_key)),
            **place(f"s3://{lake.cleansed.name}/{keys.CLEANSED_IMAGES}"),
            "campaign": result.campaign,
            "rule_versions": _comma_separated(
                sorted({result.rule_version, *result.other_rule_versions.values()})
            ),
            "excluded_images": len(result.excluded),
            **{f"{status}_images": count for status, count in sorted(statuses.items())},
            "images_with_a_ruling": len(result.ruling_ids),
            "kept_share": len(result.kept) / len(batch.image_ids),
            "reasons": count_table(result.reasons(), of="reason"),
            "excluded": record_table(shown, columns),
        }
    )
    yield from concluded(
        materialized, "every_image_is_kept_or_excluded", broken=unaccounted,
        what=f"{counted(len(unaccounted), 'image')} not in the manifest just once",
        metadata={"unaccounted": unaccounted[:SHOWN]},
    )  # fmt: skip
