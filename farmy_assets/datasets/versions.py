"""A version of a data set: frozen, numbered, and named after its own content.

A version knows nothing of the time it was made. The same settled images give the same digest
whenever and in whatever order they are handed in, so two people can prove that they hold the same.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from farmy_assets.annotation.campaign import Splits
from farmy_assets.annotation.question_answers import Answers, is_empty
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import REGION_KINDS, STORED_AS, AnyRegion
from farmy_assets.annotation.regions.box import Box
from farmy_assets.catalog.metadata import CampaignName, ImageId, Sha256, ShortText, Source
from farmy_assets.catalog.records import Record
from farmy_assets.datasets.splits import SPLITS, Split, group_key, split_of

VersionId = Annotated[str, StringConstraints(pattern=r"^v\d{4,}-[0-9a-f]{8}$")]
SettledBy = Literal["single", "agreed", "adjudicated"]

NOT_CONTENT = frozenset({"number", "version_id", "created_from"})


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, because equal records must have equal bytes."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        msg = f"{moment.isoformat()} is no day of the calendar in UTC"
        raise ValueError(msg) from error


def _in_order(regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """The regions by class and place: in which order they were drawn is nothing to a data set."""
    return tuple(sorted(regions, key=lambda r: (r.label, r.bounds_px, r.place)))


def _sorted(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(ids))


AKind = TypeVar("AKind", bound=Region)

Pixels = Annotated[int, Field(gt=0)]
Regions = Annotated[tuple[AnyRegion, ...], AfterValidator(_in_order)]
VoteIds = Annotated[tuple[str, ...], AfterValidator(_sorted)]
UtcMoment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class DatasetClass(Record):
    """One class of a campaign: its id is stable over all versions, and ids may have gaps."""

    id: Annotated[int, Field(ge=0)]
    name: Annotated[str, StringConstraints(min_length=1)]


class LabelledImage(Record):
    """One settled image: its cleansed copy, its regions, and where both of them come from.

    `sha256`, `width_px` and `height_px` are those of the cleansed copy. Images of one `group`
    (one field, one cluster of near duplicates) are never parted by a split. No regions means that
    people looked and found nothing: a background image. `choices` are the answers about the image
    as a whole, by the name of the question; those about a region are its attributes.
    """

    image_id: ImageId
    sha256: Sha256
    width_px: Pixels
    height_px: Pixels
    regions: Regions = Field(validation_alias=STORED_AS)
    choices: Answers = Field(default=(), exclude_if=is_empty)
    settled_by: SettledBy
    vote_ids: VoteIds
    group: ShortText
    licence: ShortText | None = None
    source: Source | None = None
    crop: ShortText | None = None
    captured_at: UtcMoment | None = None

    @property
    def file_name(self) -> str:
        """The name of the picture in every export, without its folder."""
        return f"{self.image_id}.jpg"

    def of_kind(self, kind: type[AKind]) -> tuple[AKind, ...]:
        """Its regions of one kind."""
        return tuple(region for region in self.regions if isinstance(region, kind))


class ReleasedImage(LabelledImage):
    """A labelled image in its split."""

    split: Split


class DatasetVersion(Record):
    """All that a data set version consists of, save the pictures themselves: its manifest."""

    campaign: CampaignName
    campaign_version: Annotated[int, Field(ge=1)]
    number: Annotated[int, Field(ge=1)]
    version_id: VersionId
    created_from: Sha256
    classes: tuple[DatasetClass, ...]
    shares: Splits
    images: tuple[ReleasedImage, ...]

    @property
    def image_count(self) -> int:
        """How many images the version has, background images included."""
        return len(self.images)

    @property
    def region_count(self) -> int:
        """How many regions there are on all images."""
        return sum(len(image.regions) for image in self.images)

    @property
    def regions_by_class(self) -> dict[str, int]:
        """Regions of every class, in the order of class ids; a class without any counts zero."""
        count = Counter(region.label for image in self.images for region in image.regions)
        return {each.name: count[each.name] for each in self.classes}

    @property
    def regions_by_kind(self) -> dict[str, int]:
        """Regions of every kind that there is one of, in the order of the kinds' names."""
        count = Counter(region.kind for image in self.images for region in image.regions)
        return {kind: count[kind] for kind in REGION_KINDS if count[kind]}

    @property
    def images_by_split(self) -> dict[Split, int]:
        """Images in every split; an empty split counts zero."""
        count = Counter(image.split for image in self.images)
        return {split: count[split] for split in SPLITS}

    @property
    def held_out(self) -> tuple[ReleasedImage, ...]:
        """The images that are in the test split because no model may learn from them.

        Their groups' own place is in another split.
        """
        return tuple(i for i in self.images if i.split != split_of(i.group, self.shares))

    def images_in(self, split: Split) -> tuple[ReleasedImage, ...]:
        """The images of one split, by image id."""
        return tuple(image for image in self.images if image.split == split)


class VersionChanges(Record):
    """What is new in a version: image ids, sorted.

    `picture_changed`: the cleansed copy has other bytes. `moved`: the image is in another split,
    which only changed shares or a changed group can bring about. An image may be in several lists.
    """

    since: VersionId | None = None
    added: tuple[ImageId, ...] = ()
    removed: tuple[ImageId, ...] = ()
    relabelled: tuple[ImageId, ...] = ()
    picture_changed: tuple[ImageId, ...] = ()
    moved: tuple[ImageId, ...] = ()


def freeze(
    images: Iterable[LabelledImage],
    *,
    campaign: str,
    campaign_version: int,
    classes: Iterable[DatasetClass],
    shares: Splits,
    number: int,
    held_out: Collection[str] = (),
) -> DatasetVersion:
    """Make a version of settled images: give each its split, and the whole its name.

    Nothing is judged here; ask `release.problems_of` before anything is exported.

    Args:
        images: The settled images, in any order.
        campaign: The name of the campaign that they were labelled in.
        campaign_version: The version of the campaign file in force.
        classes: All classes of the campaign, in any order, with or without regions.
        shares: How large each split shall be in the long run.
        number: The version's place in the campaign's row of versions, from 1; not part of the
            content, so that the same content has the same digest under any number.
        held_out: Ids of images that no model may learn from; they are in the test split, with all
            images of their groups and all that show the same picture.

    Returns:
        The version, the same for the same content: images by image id, classes by class id.
    """
    found = list(images)
    held = {i for image in found if image.image_id in held_out for i in _kept_together(image)}
    draft = DatasetVersion(
        campaign=campaign,
        campaign_version=campaign_version,
        number=number,
        version_id=f"v{number:04d}-{'0' * 8}",
        created_from="0" * 64,
        classes=tuple(sorted(classes, key=lambda each: (each.id, each.name))),
        shares=shares,
        images=tuple(
            sorted(
                (
                    _released(i, shares, is_held_out=bool(held) and bool(held & _kept_together(i)))
                    for i in found
                ),
                key=lambda image: (image.image_id, image.to_json()),
            )
        ),
    )
    digest = content_digest(draft)
    return draft.model_copy(
        update={"version_id": f"v{number:04d}-{digest[:8]}", "created_from": digest}
    )


def content_digest(version: DatasetVersion) -> str:
    """SHA-256 (hexadecimal) of all that the version holds, save its number and its names.

    Regions stand under `boxes`, and a box has no kind: so the content has been written since the
    first versions, whose digests have to stay the same.
    """
    content = version.model_dump(mode="json", exclude=set(NOT_CONTENT))
    for image in content["images"]:
        image["boxes"] = regions = image.pop("regions")
        for region in regions:
            if region["kind"] == Box.kind:
                del region["kind"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def changes_between(old: DatasetVersion | None, new: DatasetVersion) -> VersionChanges:
    """What changed from one version to another; against None, every image is added."""
    before = {image.image_id: image for image in old.images} if old else {}
    after = {image.image_id: image for image in new.images}
    both = [(before[image_id], after[image_id]) for image_id in sorted(before.keys() & after)]
    return VersionChanges(
        since=old.version_id if old else None,
        added=tuple(sorted(after.keys() - before)),
        removed=tuple(sorted(before.keys() - after)),
        relabelled=tuple(
            a.image_id for b, a in both if (b.regions, b.choices) != (a.regions, a.choices)
        ),
        picture_changed=tuple(a.image_id for b, a in both if b.sha256 != a.sha256),
        moved=tuple(a.image_id for b, a in both if b.split != a.split),
    )


def _kept_together(image: LabelledImage) -> set[tuple[str, str]]:
    """What it may have in common with images that have to stand in the same split."""
    return {("group", group_key(image.group)), ("picture", image.sha256)}


def _released(image: LabelledImage, shares: Splits, *, is_held_out: bool) -> ReleasedImage:
    facts = {name: getattr(image, name) for name in LabelledImage.model_fields}
    split = "test" if is_held_out else split_of(image.group, shares)
    return ReleasedImage.model_validate({**facts, "split": split})
