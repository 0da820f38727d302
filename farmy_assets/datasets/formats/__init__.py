"""The formats that a data set version is written in: one module of this folder each.

What depends on the list is made from it: the assets `<name>_dataset`, the release job, what a
campaign file may ask for, `farmy dataset pull --format`, and the card of a version.
"""

import pkgutil
from collections import Counter
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Protocol, cast

from farmy_assets.datasets.versions import DatasetVersion, ReleasedImage
from farmy_assets.errors import InvalidInputError


class ExportFormat(Protocol):
    """What a module of this folder provides; its name in the list is the module's own.

    Attributes:
        TITLE: The format's usual name.
        KIND: What its label files are, as Dagster's kinds name it: `json`, `yaml`.
        CONTENTS: Which files there are, as the end of a sentence: "one JSON file a split".
        REGIONS: The kinds of regions that the format can hold; `files_of` leaves out the others.
        ANSWERS: Where it has what was answered about regions and images, as a sentence for the
            version's card; empty when it has no form for answers.
        LOADING: How a person loads it: Markdown for the version's card. Paths are relative to
            the folder that `farmy dataset pull` wrote, `{name}`.
    """

    TITLE: str
    KIND: str
    CONTENTS: str
    REGIONS: Collection[str]
    ANSWERS: str
    LOADING: str

    def files_of(self, version: DatasetVersion) -> dict[str, bytes]:
        """The label files by path; the same bytes for the same version."""

    def picture_path(self, image: ReleasedImage) -> str:
        """Where a picture belongs, seen from the folder of the label files."""


def _found() -> dict[str, ExportFormat]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast("ExportFormat", import_module(f"{__name__}.{name}")) for name in names}


FORMATS: Mapping[str, ExportFormat] = _found()
"""By name, in the order of the names."""


def format_named(name: str) -> ExportFormat:
    """The format of this name.

    Raises:
        InvalidInputError: There is none; the text lists those that there are.
    """
    if name not in FORMATS:
        msg = f"there is no export format {name!r}; there are: {', '.join(FORMATS)}"
        raise InvalidInputError(msg)
    return FORMATS[name]


def left_out(version: DatasetVersion, form: ExportFormat) -> dict[str, int]:
    """How many regions of which kinds a format cannot hold; empty when it holds all of them."""
    return {k: n for k, n in version.regions_by_kind.items() if k not in form.REGIONS}


def answers_left_out(version: DatasetVersion, form: ExportFormat) -> dict[str, int]:
    """How many answers to which questions a format does not hold; empty when it holds all of them.

    A format that holds answers leaves out those about the regions that it cannot hold.
    """
    held = form.REGIONS if form.ANSWERS else ()
    count = Counter(
        name
        for image in version.images
        for region in image.regions
        if region.kind not in held
        for name, _ in region.attributes
    )
    if not form.ANSWERS:
        count.update(name for image in version.images for name, _ in image.choices)
    return {name: count[name] for name in sorted(count)}
