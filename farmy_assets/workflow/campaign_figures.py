"""The figures of a campaign, brought up to date: what changed is counted, the rest is kept.

What it reads, with 100,000 images: the summary of the evaluation; a listing of its pages (a request
for 1,000 of them, about 4,000 pages) and of the cleansed sets; what was counted before (some
megabytes); then the pages, cleansed sets and version manifests that are new or have changed since.
"""

from collections import Counter
from functools import partial

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_figures import BatchFigures, CampaignFigures, VersionFigures
from farmy_assets.annotation.counted_figures import figures_of
from farmy_assets.annotation.evaluation import PageCounts
from farmy_assets.annotation.figures_tally import total
from farmy_assets.annotation.summed_figures import campaign_figures
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.campaign_pages import CountedBatch, CountedPage, CountedParts
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads

_AT_ONCE = 16


def refresh_figures(lake: Lake, campaign: Campaign, *, anew: bool = False) -> CampaignFigures:
    """Count what is new in a campaign, and keep its figures.

    Args:
        lake: Where its evaluation, batches and versions are.
        campaign: The campaign at its present version.
        anew: Whether everything is counted again.

    Raises:
        LakeUnavailableError: The evaluation was laid out anew meanwhile; try again.
    """
    name = campaign.name
    before = CountedParts(campaign=name) if anew else lake.campaign_pages.counted(name)
    summary = lake.evaluations.summary(name)
    layout = summary.layout if summary else ""
    parts = CountedParts(
        campaign=name,
        layout=layout,
        pages=_pages(lake, before, layout) if summary else {},
        batches=_batches(lake, before),
        versions=_versions(lake, before),
    )
    figures = campaign_figures(
        name, campaign.version,
        counts=summary.counts if summary else PageCounts(),
        pages=total(page.figures for page in parts.pages.values()),
        batches=(batch.figures for batch in parts.batches.values()),
        versions=parts.versions.values(),
    )  # fmt: skip
    if parts != before:
        lake.campaign_pages.write_counted(parts)
    lake.campaign_pages.write_figures(figures)
    return figures


def _pages(lake: Lake, before: CountedParts, layout: str) -> dict[str, CountedPage]:
    name = before.campaign
    known = before.pages if before.layout == layout else {}
    prefix = keys.evaluation_pages(name, layout)
    listed = {
        item.key.removeprefix(prefix).removesuffix(".jsonl"): item.etag.strip('"')
        for item in lake.evaluations.listed_pages(name)
        if item.key.startswith(prefix)
    }
    found = {page: known[page] for page in listed if _is_same(known.get(page), listed[page])}
    for some in in_chunks(sorted(listed.keys() - found.keys()), _AT_ONCE):
        read = in_threads(partial(lake.evaluations.page, name, layout), some)
        for page, content in zip(some, read, strict=True):
            if content.etag is None:
                msg = f"the evaluation of {name} was just laid out anew; try again"
                raise LakeUnavailableError(msg)
            figures = figures_of(content.images.values())
            found[page] = CountedPage(etag=content.etag.strip('"'), figures=figures)
    return {page: found[page] for page in sorted(found)}


def _batches(lake: Lake, before: CountedParts) -> dict[str, CountedBatch]:
    listed = lake.cleansed_sets.etags(before.campaign)
    found = {
        batch_id: before.batches[batch_id]
        for batch_id, etag in listed.items()
        if _is_same(before.batches.get(batch_id), etag)
    }
    for some in in_chunks(sorted(listed.keys() - found.keys()), _AT_ONCE):
        read = in_threads(partial(lake.cleansed_sets.of, before.campaign), some)
        for batch_id, images in zip(some, read, strict=True):
            figures = _batch(images) if images else BatchFigures()  # an unfiled one of another's
            found[batch_id] = CountedBatch(etag=listed[batch_id], figures=figures)
    return {batch_id: found[batch_id] for batch_id in sorted(found)}


def _batch(images: CleansedSet) -> BatchFigures:
    excluded = Counter(item.status.value for item in images.excluded)
    return BatchFigures(kept=len(images.kept), excluded=dict(sorted(excluded.items())))


def _is_same(known: CountedPage | CountedBatch | None, etag: str) -> bool:
    return known is not None and known.etag == etag


def _versions(lake: Lake, before: CountedParts) -> dict[int, VersionFigures]:
    key_of = partial(keys.dataset_version, before.campaign)
    prefix = keys.dataset_versions(before.campaign)
    listed = {item.key: item.modified_on for item in lake.records.bucket.listing(prefix)}
    found = {}
    for number in keys.numbers(listed, key_of):
        if number in before.versions:
            found[number] = before.versions[number]
        elif version := lake.records.ours(key_of(number), DatasetVersion):
            found[number] = VersionFigures(
                version_id=version.version_id, day=listed[key_of(number)],
                images=version.image_count, regions=version.region_count,
            )  # fmt: skip
    return found
