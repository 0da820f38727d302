"""The card of a version: what a person should know before a model learns from it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.catalog.wording import counted
from farmy_assets.datasets.formats import FORMATS, ExportFormat, left_out
from farmy_assets.datasets.splits import SPLITS
from farmy_assets.datasets.versions import DatasetVersion, SettledBy, VersionChanges

IDS_SHOWN = 10

SETTLED: dict[SettledBy, str] = {
    "single": "one person labelled the image",
    "agreed": "several people labelled it apart from each other and agreed",
    "adjudicated": "they disagreed, and an adjudicator decided",
}


def dataset_card(
    version: DatasetVersion, changes: VersionChanges, *, formats: Iterable[str]
) -> bytes:
    """The README.md of a version, as UTF-8 Markdown.

    Args:
        version: The version to describe.
        changes: What changed since the version before it, from `versions.changes_between`.
        formats: Names of the formats that its campaign asks for.

    Returns:
        The same bytes for the same version, changes and formats.
    """
    wanted = frozenset(formats)
    parts = (
        f"# {version.campaign} {version.version_id}\n",
        _what(version),
        "## How much\n",
        _counts(version),
        "## How the labels were settled\n",
        _settled(version),
        "## Licences\n",
        _licences(version),
        "## Changes\n",
        _changes(changes),
        "## How to load it\n",
        _loading(version, [name for name in FORMATS if name in wanted]),
    )
    return "\n".join(parts).encode()


def _what(version: DatasetVersion) -> str:
    shares = ", ".join(f"{split} {getattr(version.shares, split):.1%}" for split in SPLITS)
    return (
        f"Version {version.number} of the data set of campaign `{version.campaign}` "
        f"(campaign file version {version.campaign_version}): "
        f"{counted(version.image_count, 'image')}, {_regions(version.regions_by_kind)}, "
        f"{counted(len(version.classes), 'class', 'classes')}.\n\n"
        f"- Crops: {_tally(image.crop for image in version.images)}\n"
        f"- Sources: {_tally(image.source for image in version.images)}\n"
        f"- Photographed: {_period(version)}\n"
        f"- Splits: {shares} of the groups (fields, clusters of near duplicates); no group is in "
        f"two splits, and the images' own shares may differ\n"
        f"{_held_out(version)}"
        f"- Content digest: `{version.created_from}`\n"
    )


def _held_out(version: DatasetVersion) -> str:
    """That images are kept from training; nothing where the shares alone decide."""
    count = len(version.held_out)
    if not count:
        return ""
    return (
        f"- Kept from training: {counted(count, 'image')} whose answers the annotators are tested "
        "with (gold), in test whatever the shares\n"
    )


def _loading(version: DatasetVersion, formats: Sequence[str]) -> str:
    pulled = "\n".join(
        f"farmy dataset pull {version.campaign} {name} --format {name} "
        f"--version {version.version_id}"
        for name in formats
    )
    return "\n".join(
        (
            "The version is there in the formats that its campaign asks for, all with the same "
            "regions. Its pictures are\nkept once, in `images/`; this lays them out as a format "
            "wants them, in a folder of the format's name:\n",
            f"```sh\n{pulled}\n```\n",
            *(FORMATS[name].LOADING + _not_held(version, FORMATS[name]) for name in formats),
        )
    )


def _not_held(version: DatasetVersion, form: ExportFormat) -> str:
    """What a format cannot hold, as a sentence; nothing when it holds everything."""
    counts = left_out(version, form)
    return (
        f"\nNot in it, because {form.TITLE} has no form for it: {_regions(counts)}.\n"
        if counts
        else ""
    )


def _regions(by_kind: Mapping[str, int]) -> str:
    """A count of each kind, in words."""
    kinds = [counted(n, kind, REGION_KINDS[kind].plural) for kind, n in by_kind.items()]
    return ", ".join(kinds) or "nothing drawn"


def _counts(version: DatasetVersion) -> str:
    regions = Counter((r.label, image.split) for image in version.images for r in image.regions)
    images = version.images_by_split
    background = Counter(image.split for image in version.images if not image.regions)
    rows = [
        ("all images", *(images[split] for split in SPLITS), version.image_count),
        ("images with nothing drawn", *(background[split] for split in SPLITS), background.total()),
    ]
    by_class = [
        (_plain(name), *(regions[name, split] for split in SPLITS), total)
        for name, total in version.regions_by_class.items()
    ]
    return "\n".join(
        (
            _table(("images", *SPLITS, "all"), rows),
            _table(("regions by class", *SPLITS, "all"), by_class),
        )
    )


def _settled(version: DatasetVersion) -> str:
    count = Counter(image.settled_by for image in version.images)
    rows = [(way, meaning, count[way]) for way, meaning in SETTLED.items()]
    return _table(("settled", "meaning", "images"), rows)


def _licences(version: DatasetVersion) -> str:
    count = Counter(image.licence for image in version.images)
    without = count[None]
    if not version.images:
        return "The version has no images.\n"
    parts = []
    rows = sorted((_plain(name), total) for name, total in count.items() if name is not None)
    if rows:
        parts.append(_table(("licence", "images"), rows))
    if without:
        parts.append(
            f"{counted(without, 'image')} of {version.image_count} came without a licence: "
            "nothing is known of who may use them, or for what.\n"
        )
    else:
        parts.append("Every image carries a licence.\n")
    return "\n".join(parts)


def _changes(changes: VersionChanges) -> str:
    if changes.since is None:
        return "This is the first version.\n"
    lines = [
        f"- {name}: {len(ids)}{_examples(ids)}"
        for name, ids in (
            ("added", changes.added),
            ("removed", changes.removed),
            ("with other regions", changes.relabelled),
            ("with another picture", changes.picture_changed),
            ("in another split", changes.moved),
        )
    ]
    return "\n".join((f"Images, against {changes.since}:\n", *lines, ""))


def _examples(ids: Sequence[str]) -> str:
    if not ids:
        return ""
    shown = ", ".join(f"`{image_id}`" for image_id in ids[:IDS_SHOWN])
    rest = len(ids) - IDS_SHOWN
    return f" ({shown}{f' and {rest} more' if rest > 0 else ''})"


def _period(version: DatasetVersion) -> str:
    days = sorted(image.captured_at.date() for image in version.images if image.captured_at)
    if not days:
        return "not known"
    unknown = version.image_count - len(days)
    rest = f"; of {counted(unknown, 'image')} the day is not known" if unknown else ""
    return f"{days[0].isoformat()} to {days[-1].isoformat()} (UTC){rest}"


def _tally(values: Iterable[str | None]) -> str:
    count = Counter("not known" if value is None else str(value) for value in values)
    return ", ".join(f"{_plain(name)} ({total})" for name, total in sorted(count.items())) or "none"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def _plain(text: str) -> str:
    """Text from people in one line, with the signs disarmed that Markdown would act on."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))
