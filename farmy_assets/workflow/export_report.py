"""The page about an export's conflicts: figures first, then the images, worst first."""

import base64
from collections.abc import Mapping, Sequence
from heapq import heappush, heappushpop
from typing import NamedTuple

from farmy_assets.annotation.campaign import PALETTE
from farmy_assets.execution.page_templates import page_template
from farmy_assets.workflow.export_agreement import ExportAgreement
from farmy_assets.workflow.export_comparison import ComparedImage

SHOWN = 100
"""How many images the page shows at most."""


class Outline(NamedTuple):
    """A region on the page; `points` has its corners as SVG writes them."""

    points: str
    colour: str
    title: str


class Card(NamedTuple):
    """One image of the page: its picture as a data address, or empty, and what is drawn over it."""

    name: str
    picture: str
    size_px: tuple[int, int] | None
    outlines: tuple[Outline, ...]
    sentences: tuple[str, ...]


class WorstImages:
    """Keeps the images with most conflicts, however many are added."""

    def __init__(self, most: int = SHOWN) -> None:
        """Keep at most so many."""
        self._most = most
        self._heap: list[tuple[int, int, ComparedImage]] = []
        self._added = 0

    def add(self, image: ComparedImage) -> None:
        """Add one; an image without conflicts is passed over."""
        if not image.conflicts:
            return
        self._added += 1
        entry = (len(image.conflicts), -self._added, image)
        if len(self._heap) < self._most:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def add_part(self, part: "WorstImages") -> None:
        """Add those that another one keeps, in the order in which they were added there."""
        for _, _, image in sorted(part._heap, key=lambda entry: -entry[1]):
            self.add(image)

    def sorted(self) -> list[ComparedImage]:
        """Those that are kept, worst first; of equal ones the one added first."""
        return [image for _, _, image in sorted(self._heap, key=lambda e: (-e[0], -e[1]))]


def conflict_page(
    title: str,
    agreement: ExportAgreement,
    worst: Sequence[ComparedImage],
    pictures: Mapping[str, bytes],
) -> bytes:
    """The page as HTML that needs nothing else.

    Args:
        title: What was compared.
        agreement: The figures.
        worst: The images to show.
        pictures: JPEGs by the images' addresses, of those that there are.
    """
    colours = {
        person: PALETTE[number % len(PALETTE)] for number, person in enumerate(agreement.people)
    }
    cards = [_card(image, colours, pictures.get(image.image)) for image in worst]
    page = page_template(__package__, "export_report.html.jinja").render(
        title=title, agreement=agreement, cards=cards, colours=colours
    )
    return page.encode("utf-8", "replace")


def _card(image: ComparedImage, colours: Mapping[str, str], picture: bytes | None) -> Card:
    encoded = base64.b64encode(picture).decode() if picture else ""
    return Card(
        name=f"task {image.task_id}: {image.image.rpartition('/')[2] or 'image'}",
        picture=f"data:image/jpeg;base64,{encoded}" if encoded else "",
        size_px=image.size_px,
        outlines=tuple(
            Outline(
                " ".join(f"{x:g},{y:g}" for x, y in drawn.region.outline_px),
                colours[person],
                f"{drawn.region.label} ({person})",
            )
            for person, answer in image.answers.items()
            for drawn in answer.regions
        ),
        sentences=tuple(f"{c.kind.replace('_', ' ')}: {c.sentence}" for c in image.conflicts),
    )
