"""The pages of an evaluation, written by one pass: what arrived is put into them and judged.

Each page is written over the version that was read only, and the records that a later one takes
the place of are looked at once more after the pages were read. So nobody writes older content over
newer. Few pages are in memory at a time.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import (
    EvaluatedImage,
    PageCounts,
    counts_of,
    depth_for,
    page_of,
    total,
)
from farmy_assets.annotation.handing_over import is_open, is_to_hand_over
from farmy_assets.lake.evaluations import EvaluationInputs, EvaluationPage
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads
from farmy_assets.workflow.evaluation_arrivals import Arrivals, is_current

_PAGES_AT_ONCE = 32
_FORMER_PAGES_AT_ONCE = 16
_LAYOUT_DIGITS = 12


class OvertakenError(Exception):
    """Another run has changed what this one is about to write."""


class DamagedError(Exception):
    """A page is missing that should be there."""


@dataclass
class PageWriter:
    """Writes the pages of one campaign, as far as something is new in them.

    Attributes:
        lake: Where the pages are.
        campaign: Its present rules.
        stored: The inputs as they were read; None when there are no pages yet.
        etag: Their ETag.
        is_anew: Whether all pages are made from what arrived alone.
        arrivals: What arrived; with `is_anew`, everything.
        to_hand_over: Images in conflict that the adjudicator may not have; kept up to date.
        counts: What is counted in each page; kept up to date.
        skills: What is known of the annotators, where the campaign weighs their votes.
        skills_version: The version of that; empty where it does not matter.
        has_new_layout: Whether pages were written to a layout of their own.
        new_layout: Its name.
    """

    lake: Lake
    campaign: Campaign
    stored: EvaluationInputs | None
    etag: str | None
    is_anew: bool
    arrivals: Arrivals
    to_hand_over: set[str]
    counts: dict[str, PageCounts]
    skills: AnnotatorSkills | None = None
    skills_version: str = ""
    has_new_layout: bool = False
    new_layout: str = field(default_factory=lambda: uuid4().hex[:_LAYOUT_DIGITS])

    def write(self, again: frozenset[str]) -> tuple[str, int]:
        """Put what arrived into its pages; returns their layout, and how many digits name one.

        Args:
            again: Images that, if they are in conflict, are to be handed over again.

        Raises:
            OvertakenError: Another pass was quicker.
            DamagedError: A page is missing.
        """
        if self.is_anew:
            depth = depth_for(len(self.arrivals.by_image))
            self._write_anew(depth)
            return self.new_layout, depth
        layout, depth = self.arrivals.inputs.layout, self.arrivals.inputs.depth
        by_page = self._by_page(depth, again)
        judged_by = self.arrivals.inputs.campaign_version, self.arrivals.inputs.skills
        is_of_other_rules = judged_by != (self.campaign.version, self.skills_version)
        names = sorted({*self.counts, *by_page} if is_of_other_rules else by_page)
        for some in in_chunks(names, _PAGES_AT_ONCE):
            pages = self._read_pages(layout, some)
            new = {}
            for page_name, page in pages.items():
                touched = page.images.keys() if is_of_other_rules else set()
                touched = touched | by_page.get(page_name, set())
                new[page_name] = self._evaluated(page, touched, again)
            self._put(layout, new)
        wanted = depth_for(self.counted().images)
        if wanted == depth:
            return layout, depth
        self._lay_out_anew(layout, wanted)
        return self.new_layout, wanted

    def counted(self) -> PageCounts:
        """What is counted over all pages; that of before, where no page changed."""
        if self.stored and self.counts == self.stored.pages:
            return self.stored.counts
        return total(self.counts.values())

    def _by_page(self, depth: int, again: frozenset[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for image_id in (*self.arrivals.by_image, *again):
            found[page_of(image_id, depth)].add(image_id)
        return found

    def _read_pages(self, layout: str, names: Sequence[str]) -> dict[str, EvaluationPage]:
        """These pages, which are given nothing older than what they hold."""
        name = self.campaign.name
        read = in_threads(lambda n: self.lake.evaluations.page(name, layout, n), names)
        pages = dict(zip(names, read, strict=True))
        self._check()
        if any(page.etag is None and n in self.counts for n, page in pages.items()):
            raise DamagedError
        return pages

    def _check(self) -> None:
        """Make sure that what pages are about to be given is not older than what they hold.

        Called between reading pages and writing them. While the inputs are those that this pass
        began with, no other pass has come to its end, and none has deleted pages.
        """
        name = self.campaign.name
        if (
            self.lake.campaigns.named(name).version != self.campaign.version
            or self.lake.evaluations.inputs_etag(name) != self.etag
            or not is_current(self.lake, self.arrivals.inputs)
        ):
            raise OvertakenError

    def _evaluated(
        self, page: EvaluationPage, touched: Iterable[str], again: frozenset[str] = frozenset()
    ) -> EvaluationPage:
        images = dict(page.images)
        for image_id in touched:
            before = images.get(image_id)
            if before is None and image_id not in self.arrivals.by_image:
                continue
            arrived = self.arrivals.applied_to(before or EvaluatedImage(image_id=image_id))
            images[image_id] = self._judged(arrived, is_asked_again=image_id in again)
        return EvaluationPage(images, page.etag)

    def _judged(self, arrived: EvaluatedImage, *, is_asked_again: bool) -> EvaluatedImage:
        image = arrived.judged(self.campaign, self.skills)
        again = is_asked_again or self.is_asked_by_others
        if is_to_hand_over(image, self.campaign, again=again):
            self.to_hand_over.add(image.image_id)
        elif not is_open(image):
            self.to_hand_over.discard(image.image_id)
        return image

    @property
    def is_asked_by_others(self) -> bool:
        """Whether nobody knows what the present adjudicator's inbox holds.

        There are no pages yet, or other rules: whoever was adjudicator before may be it again, and
        had to give back what was open.
        """
        return self.stored is None or self.stored.campaign_version != self.campaign.version

    def _put(self, layout: str, pages: Mapping[str, EvaluationPage]) -> None:
        """Write pages over the versions that were read, as far as they differ from them."""

        def put(item: tuple[str, EvaluationPage]) -> bool:
            page_name, page = item
            content = page.to_lines()
            if page.etag is not None and page.etag.strip('"') == _md5(content):
                return True
            return self.lake.evaluations.put_page(
                self.campaign.name, layout, page_name, content, etag=page.etag
            )

        if not all(in_threads(put, pages.items())):
            raise OvertakenError
        for page_name, page in pages.items():
            self.counts[page_name] = counts_of(page.images.values(), self.campaign)

    def _write_anew(self, depth: int) -> None:
        """Make every page from what arrived alone, in a layout of its own."""
        self.has_new_layout = True
        by_page = self._by_page(depth, frozenset())
        empty = EvaluationPage({}, None)
        for some in in_chunks(sorted(by_page), _PAGES_AT_ONCE):
            self._put(self.new_layout, {n: self._evaluated(empty, by_page[n]) for n in some})

    def _lay_out_anew(self, layout: str, wanted: int) -> None:
        """Spread the images over pages that are named by another number of digits."""
        self.has_new_layout = True
        former = sorted(self.counts)
        spread: dict[str, PageCounts] = {}
        for some in in_chunks(former, _FORMER_PAGES_AT_ONCE):
            parts: dict[str, dict[str, EvaluatedImage]] = defaultdict(dict)
            for page in self._read_pages(layout, some).values():
                for image_id, image in page.images.items():
                    parts[page_of(image_id, wanted)][image_id] = image
            new = {part: EvaluationPage(images, None) for part, images in parts.items()}
            self._put(self.new_layout, new)
            spread |= {part: self.counts[part] for part in new}
        self.counts = spread


def _md5(content: bytes) -> str:
    """The ETag of an object that S3 encrypts by its own keys; where it is another, it differs."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
