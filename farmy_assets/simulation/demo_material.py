"""What the demo works on: drawn photographs with planted defects, or a person's own folder."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from farmy_assets.annotation.campaign import Campaign, LabelClass
from farmy_assets.annotation.regions.box import Box
from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.metadata import MAX_SIZE_BYTES, Source, image_id_for
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.sources.folder import files_in
from farmy_assets.simulation.collection import MIN_COUNT, OnProgress, make_collection
from farmy_assets.simulation.demo_people import ADJUDICATOR, ANNOTATORS
from farmy_assets.simulation.truth import TruthItem, read_truth

DRAWN_CAMPAIGN = "demo"
LONGEST_NAME = 24  # of a campaign
VEGETATION = "vegetation"
PHOTOGRAPHS, TRUTH = "photographs", "truth.json"
DRAWN_BY = "demo-0001"
MOST_PHOTOGRAPHS = 5_000  # seeds of two collections of one platform must not meet


@dataclass(frozen=True)
class Material:
    """The photographs of one demo, and the campaign that they go into."""

    folder: Path
    campaign: Campaign
    origin: DeliveryMetadata
    is_drawn: bool


@dataclass(frozen=True)
class PlantedFile:
    """What is true of one image of the lake, and of which other image it is a copy."""

    item: TruthItem
    original_id: str | None


def check_order(*, count: int, seed: int) -> None:
    """Refuse at once what cannot be drawn.

    Raises:
        InvalidInputError: Too few for one of each defect, or too many.
    """
    if not MIN_COUNT <= count < MOST_PHOTOGRAPHS:
        limits = f"{MIN_COUNT} to {MOST_PHOTOGRAPHS - 1}"
        msg = f"--count {count} is not possible; give a number from {limits}"
        raise InvalidInputError(msg)
    if not 0 <= seed < MOST_PHOTOGRAPHS:
        msg = f"--seed {seed} is not possible; give a number from 0 to {MOST_PHOTOGRAPHS - 1}"
        raise InvalidInputError(msg)


def draw(home: Path, *, count: int, seed: int, on_progress: OnProgress) -> Material:
    """Drawn photographs; those of an earlier demo with the same seed and count are taken again.

    Args:
        home: The demo's own folder.
        count: How many files.
        seed: The same seed and count give the same files.
        on_progress: Told after each file.

    Raises:
        InvalidInputError: Too few for one of each defect, or too many.
    """
    check_order(count=count, seed=seed)
    place = home / f"seed-{seed}-count-{count}"
    if not (place / TRUTH).is_file():  # written last
        make_collection(
            place / PHOTOGRAPHS,
            count=count,
            # Collections of another size show other fields, or they would be copies of each other.
            seed=seed * MOST_PHOTOGRAPHS + count,
            truth_path=place / TRUTH,
            on_progress=on_progress,
        )
    return Material(
        folder=place / PHOTOGRAPHS,
        campaign=_campaign(DRAWN_CAMPAIGN, "seedlings", ("crop", "weed")),
        origin=_drawn_origin(),
        is_drawn=True,
    )


def own(folder: Path) -> Material:
    """A person's own photographs, in a campaign named after the folder.

    Raises:
        InvalidInputError: There is no such folder, or no file in it.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        msg = f"{folder} is not a folder; give one with photographs in it: --images DIR"
        raise InvalidInputError(msg)
    if next(files_in(folder), None) is None:
        msg = f"{folder} holds no file; give a folder with photographs in it: --images DIR"
        raise InvalidInputError(msg)
    name = campaign_name(folder.name)
    return Material(
        folder=folder,
        campaign=_campaign(name, "own photographs", (VEGETATION,)),
        origin=DeliveryMetadata(source=Source.BULK, campaign=name),
        is_drawn=False,
    )


def campaign_name(folder_name: str) -> str:
    """The campaign of a folder of that name: `demo-` and what of the name a campaign may hold."""
    slug = re.sub(r"[^a-z0-9]+", "-", folder_name.lower()).strip("-") or PHOTOGRAPHS
    return f"{DRAWN_CAMPAIGN}-{slug}"[:LONGEST_NAME].rstrip("-")


def images_of(folder: Path, origin: DeliveryMetadata) -> dict[str, str]:
    """Image id to file name of all files that can enter the lake, as ingestion will name them."""
    found = {}
    for name, path in files_in(folder):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_SIZE_BYTES:
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[image_id_for(digest, origin.source, origin.campaign, name)] = name
    return found


def planted_files(home: Path) -> dict[str, PlantedFile]:
    """The truth about every image of every collection that was ever drawn for this platform."""
    return dict(pair for place in sorted(home.glob("seed-*")) for pair in _planted_in(place))


def _planted_in(place: Path) -> Iterator[tuple[str, PlantedFile]]:
    if not (place / TRUTH).is_file():
        return
    truth = {item.file_name: item for item in read_truth(place / TRUTH).items}
    ids = {name: i for i, name in images_of(place / PHOTOGRAPHS, _drawn_origin()).items()}
    for name, item in truth.items():
        if name in ids:
            original = ids.get(item.duplicate_of) if item.duplicate_of else None
            yield ids[name], PlantedFile(item, original)


@dataclass(frozen=True)
class Sight:
    """What there is to be seen on a normalised copy.

    Attributes:
        planted: Image id to truth, where the truth is known.
        look: Image id, width and height to what a stand-in for the truth finds on the copy.
    """

    planted: Mapping[str, PlantedFile]
    look: Callable[[str], tuple[Box, ...]]

    def boxes(self, image_id: str, *, width_px: int, height_px: int) -> tuple[Box, ...]:
        """The true boxes, in pixels of a copy of this size, which may be smaller than the file."""
        known = self.planted.get(image_id)
        if known is None:
            return self.look(image_id)
        x = width_px / (known.item.width_px or width_px)
        y = height_px / (known.item.height_px or height_px)
        return tuple(
            Box(
                label=box.label,
                x_min=box.x_min * x,
                y_min=box.y_min * y,
                x_max=min(box.x_max * x, width_px),
                y_max=min(box.y_max * y, height_px),
            )
            for box in known.item.boxes
        )


def _drawn_origin() -> DeliveryMetadata:
    return DeliveryMetadata(
        source=Source.MOBILE,
        campaign=DRAWN_CAMPAIGN,
        crop="seedlings",
        licence="CC0-1.0",
        contributor=DRAWN_BY,
    )


def _campaign(name: str, crop: str, classes: tuple[str, ...]) -> Campaign:
    return Campaign(
        name=name,
        crop=crop,
        classes=tuple(LabelClass(id=n, name=label) for n, label in enumerate(classes, start=1)),
        instructions="Draw a tight box around every plant. Leave nothing out, add nothing.",
        annotators=ANNOTATORS,
        adjudicator=ADJUDICATOR,
    )
