"""Data sets: a settled campaign, frozen as a version and written in the formats people load."""

from collections import Counter
from typing import Any

import dagster as dg

from farmy_assets.catalog.wording import counted
from farmy_assets.datasets import formats
from farmy_assets.datasets.formats import FORMATS, ExportFormat
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.defs.claims import Events, concluded
from farmy_assets.defs.consensus import consensus
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import (
    Materialized,
    count_table,
    in_class_colours,
    marked_sheet,
    place,
    record_table,
    rows,
)
from farmy_assets.defs.partitions import campaigns
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.releases import release

SHOWN = 20


@dg.asset(
    group_name="datasets", kinds={"json"}, partitions_def=campaigns, code_version="1",
    deps=[consensus], retry_policy=RETRY_ONCE,
    check_specs=[
        dg.AssetCheckSpec(
            "every_released_image_is_sound", asset="dataset_version", blocking=True,
            description="Regions lie inside their images, classes are known, splits share nothing.",
        )
    ],
)  # fmt: skip
def dataset_version(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Events:
    """A frozen version of a campaign's data set: images, regions, splits and votes behind them.

    Refused while an image of the campaign has an open conflict or an unanswered task. Without
    anything new, running it again finds the version that is there. A version counts once its
    number is taken: that is the last that is written, after the checks and after its files.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        version, changes, problems, address = release(lake, campaign)
    result = Materialized(
        data_version=dg.DataVersion(version.version_id),
        metadata={
            **rows(version.image_count),
            **_sheet(lake, version),
            **place(address),
            "version": version.version_id,
            "regions": version.region_count,
            "regions_by_class": count_table(
                version.regions_by_class, of="class", counted="regions"
            ),
            "images_by_split": count_table(
                {str(split): n for split, n in version.images_by_split.items()}, of="split"
            ),
            "settled_by": count_table(Counter(i.settled_by for i in version.images), of="settled"),
            "added_images": len(changes.added),
            "removed_images": len(changes.removed),
            "relabelled_images": len(changes.relabelled),
        },
    )
    shown = [{"kind": p.kind.value, "what": p.sentence} for p in problems]
    yield from concluded(
        result,
        "every_released_image_is_sound",
        broken=[problem.sentence for problem in problems],
        what=f"{campaign.name} is not released, with {counted(len(problems), 'problem')}",
        metadata={"problems": record_table(shown[:SHOWN], ("kind", "what"))},
    )


def export_asset(name: str, form: ExportFormat) -> dg.AssetsDefinition:
    """The asset of one format; `name` is the format's."""

    @dg.asset(
        name=f"{name}_dataset", group_name="datasets", kinds={form.KIND}, code_version="1",
        partitions_def=campaigns, deps=[dataset_version], retry_policy=RETRY_ONCE,
        description=f"The newest version in {form.TITLE}'s format: {form.CONTENTS}.\n\n"
        "The same version always gives the same bytes. The pictures are kept once for all formats.",
    )  # fmt: skip
    def exported(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
        with as_dagster_failure():
            version = lake.datasets.newest(context.partition_key)
            if version is None:
                msg = f"{context.partition_key} has no version: materialize dataset_version first"
                raise InvalidInputError(msg)
            files = form.files_of(version)
            left_out = Counter(formats.left_out(version, form))
            answers = formats.answers_left_out(version, form)
            address = lake.datasets.export(version, name, form, files)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.version_id),
            metadata={
                **rows(version.image_count),
                **_sheet(lake, version),
                **place(address),
                "version": version.version_id,
                "regions": version.region_count - left_out.total(),
                "regions_left_out": count_table(left_out, of="kind", counted="regions"),
                "answers_left_out": count_table(answers, of="question", counted="answers"),
                "label_bytes": sum(len(content) for content in files.values()),
            },
        )

    return exported


exports = [export_asset(name, form) for name, form in FORMATS.items()]


def _sheet(lake: Lake, version: DatasetVersion) -> dict[str, Any]:
    classes = [item.name for item in version.classes]
    return marked_sheet(
        lake,
        [
            (i.image_id, i.width_px, i.height_px, in_class_colours(i.regions, classes))
            for i in version.images[:SHOWN]
        ],
    )
