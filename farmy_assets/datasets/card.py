"""The card of a version: what a person should know before a model learns from it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.catalog.wording import counted
from farmy_assets.datasets.answer_counts import attributes_by_value, choices_by_value
from farmy_assets.datasets.formats import FORMATS, ExportFormat, answers_left_out, left_out
from farmy_assets.datasets.splits import SPLITS
from farmy_assets.datasets.versions import DatasetVersion, SettledBy, VersionChanges

IDS_SHOWN = 10
VALUES_SHOWN = 20
LONGEST_VALUE = 60

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
        *_answers(version),
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
            *(_held(version, FORMATS[name]) for name in formats),
        )
    )


def _held(version: DatasetVersion, form: ExportFormat) -> str:
    """How a format is loaded, where it has the answers, and what it does not hold."""
    is_answered = attributes_by_value(version) or choices_by_value(version)
    answers = f"\n{form.ANSWERS}\n" if form.ANSWERS and is_answered else ""
    return form.LOADING + answers + _not_held(version, form)


def _not_held(version: DatasetVersion, form: ExportFormat) -> str:
    """What a format cannot hold, as a sentence; nothing when it holds everything."""
    counts, answers = left_out(version, form), answers_left_out(version, form)
    parts = [_regions(counts)] if counts else []
    parts += [f"{counted(n, 'answer')} to `{name}`" for name, n in answers.items()]
    told = ", ".join(parts)
    return f"\nNot in it, because {form.TITLE} has no form for it: {told}.\n" if parts else ""


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


def _answers(version: DatasetVersion) -> list[str]:
    """What was answered about images and regions; nothing where nothing was asked."""
    parts = []
    for what, given in (
        ("images", choices_by_value(version)),
        ("regions", attributes_by_value(version)),
    ):
        rows = [
            (name, _plain(value), count)
            for name, values in given.items()
            for value, count in _most_given(values)
        ]
        parts += [_table(("question", "answer", what), rows)] if rows else []
    return ["## What was answered\n", *parts] if parts else []


def _most_given(values: Mapping[str, int]) -> list[tuple[str, int]]:
    """The values given most often; of numbers and texts there can be very many."""
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    shown = [(_shortened(value), count) for value, count in ordered[:VALUES_SHOWN]]
    rest = ordered[VALUES_SHOWN:]
    more = [(f"{len(rest)} other answers", sum(count for _, count in rest))] if rest else []
    return shown + more


def _shortened(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 3]}..."


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
