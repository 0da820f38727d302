"""Likely label errors of a released version: found by a model's predictions, ranked, and shown.

Reads the version, and the model's predictions part by part; of the pictures only those that the
page shows.
"""

import base64
import csv
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.resources import files
from io import StringIO
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.predictions.predicted import PredictedRegion
from farmy_assets.annotation.predictions.suspects import Suspect, suspects_of
from farmy_assets.annotation.region import Region
from farmy_assets.catalog.spreadsheets import without_formula
from farmy_assets.catalog.wording import counted
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.thumbnails import thumbnails
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads

COLUMNS = (
    "rank", "image_id", "kind", "suspicion", "drawn_class", "predicted_class", "score", "likeness",
    "x_min", "y_min", "x_max", "y_max", "sentence",
)  # fmt: skip
_DRAWN, _PREDICTED = "#1f77b4", "#ff7f0e"


class SuspectImage(NamedTuple):
    """An image with its likely errors, the likeliest first, and all that is drawn over it."""

    image_id: str
    size_px: tuple[int, int]
    suspects: Sequence[Suspect]
    drawn: Sequence[Region]
    predicted: Sequence[PredictedRegion]


class Suspects(NamedTuple):
    """The likely errors of a version.

    Attributes:
        images: Images with one, the likeliest error first.
        compared: How many of the version's images the model had an answer for.
    """

    version: DatasetVersion
    model: str
    images: Sequence[SuspectImage]
    compared: int

    @property
    def ranked(self) -> list[Suspect]:
        """Every likely error, the likeliest first."""
        found = [suspect for image in self.images for suspect in image.suspects]
        return sorted(found, key=lambda each: (-each.suspicion, each.image_id, each.kind.value))

    @property
    def kinds(self) -> dict[str, int]:
        """How many there are of each kind."""
        return dict(sorted(Counter(each.kind.value for each in self.ranked).items()))


class _Outline(NamedTuple):
    points: str
    colour: str
    title: str
    is_suspect: bool


class _Card(NamedTuple):
    name: str
    picture: str
    size_px: tuple[int, int]
    outlines: list[_Outline]
    sentences: list[str]


def find_suspects(
    lake: Lake,
    campaign: Campaign,
    version: DatasetVersion,
    model: str,
    *,
    least: float,
    on_compared: Callable[[int], object],
) -> Suspects:
    """Compare a version's labels with what a model saw in its images.

    Args:
        lake: Where the predictions are.
        campaign: Its thresholds of likeness count.
        version: The released version.
        model: The model's name.
        least: Errors under this suspicion are left out, from 0 to 1.
        on_compared: Called with the number of images compared since the last call.

    Raises:
        InvalidInputError: The model has no predictions of the version's images.
    """
    released = {image.image_id: image for image in version.images}
    found, seen = list[SuspectImage](), set[str]()
    for each in lake.predictions.of_model(campaign.name, model):
        image = released.get(each.image_id)
        if image is None or each.problem or each.image_id in seen:
            continue
        seen.add(each.image_id)
        suspects = suspects_of(
            image.image_id, image.regions, each.regions, policy=campaign.agreement
        )
        likely = [suspect for suspect in suspects if suspect.suspicion >= least]
        if likely:
            size = image.width_px, image.height_px
            found.append(SuspectImage(image.image_id, size, likely, image.regions, each.regions))
        on_compared(1)
    if not seen:
        there = ", ".join(lake.predictions.models(campaign.name)) or "none yet"
        msg = (
            f"{model} has no predictions of the images of {version.version_id}; models of "
            f"{campaign.name}: {there}. Make them: farmy predict {campaign.name} --model FILE.onnx "
            f"--model-version {model}"
        )
        raise InvalidInputError(msg)
    found.sort(key=lambda image: (-image.suspects[0].suspicion, image.image_id))
    return Suspects(version, model, found, len(seen))


def as_csv(found: Suspects) -> str:
    """Every likely error as a row, the likeliest first; texts that no spreadsheet runs."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for rank, each in enumerate(found.ranked, start=1):
        region = each.drawn or each.predicted
        bounds = [round(value, 2) for value in region.bounds_px] if region else [""] * 4
        classes = [without_formula(r.label) if r else "" for r in (each.drawn, each.predicted)]
        table.writerow(
            [
                rank, each.image_id, each.kind.value, each.suspicion, *classes,
                *("" if value is None else value for value in (each.score, each.likeness)),
                *bounds, without_formula(each.sentence),
            ]
        )  # fmt: skip
    return text.getvalue()


def page(lake: Lake, found: Suspects, *, most: int) -> bytes:
    """The first images with their regions drawn, as HTML that needs nothing else.

    Args:
        lake: Where the copies are.
        found: What is shown.
        most: How many images.
    """
    shown = found.images[:most]
    ids = [image.image_id for image in shown]
    copies = in_threads(lambda i: lake.cleansed.find(keys.cleansed_image(i)), ids)
    there = [(image_id, copy) for image_id, copy in zip(ids, copies, strict=True) if copy]
    pictures = thumbnails(there, policy=CleansingPolicy())
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = files(__package__).joinpath("suspects.html.jinja").read_text()
    rendered = environment.from_string(text).render(
        version=found.version,
        model=found.model,
        compared=found.compared,
        images=len(found.images),
        errors=counted(len(found.ranked), "likely error"),
        kinds=found.kinds,
        cards=[_card(image, pictures.get(image.image_id)) for image in shown],
        colours={"in the data set": _DRAWN, "by the model": _PREDICTED},
    )
    return rendered.encode("utf-8", "replace")


def _card(image: SuspectImage, picture: bytes | None) -> _Card:
    encoded = base64.b64encode(picture).decode() if picture else ""
    suspected = [r for each in image.suspects for r in (each.drawn, each.predicted) if r]
    outlines = [_outline(r, _DRAWN, r.label, suspected) for r in image.drawn]
    outlines += [
        _outline(each.region, _PREDICTED, f"{each.region.label} {each.score:.2f}", suspected)
        for each in image.predicted
        if each.region in suspected
    ]
    return _Card(
        name=image.image_id,
        picture=f"data:image/jpeg;base64,{encoded}" if encoded else "",
        size_px=image.size_px,
        outlines=outlines,
        sentences=[f"{each.suspicion:.2f} {each.sentence}" for each in image.suspects],
    )


def _outline(region: Region, colour: str, title: str, suspected: Sequence[Region]) -> _Outline:
    points = " ".join(f"{x:g},{y:g}" for x, y in region.outline_px)
    return _Outline(points, colour, title, region in suspected)
