"""The evaluation of a campaign, brought up to date: what changed is read, judged and written.

Pages come first, then the inputs that they take into account, then the summary. A run that was
killed anywhere is made up for by the next one: inputs that were not written are read again, and
putting the same into a page twice changes nothing.

Two runs at once: each page is written over the version that was read only, and the records that a
later one takes the place of are looked at once more after the pages were read. So nobody writes
older content over newer; who was overtaken begins again. Pages that are laid out or made anew lie
in a folder of their own, which counts once the inputs name it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import (
    EvaluatedImage,
    PageCounts,
    counts_of,
    depth_for,
    page_of,
    total,
)
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.evaluations import (
    EvaluationInputs,
    EvaluationPage,
    EvaluationSummary,
)
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads
from farmy_assets.lake.votes import InboxState
from farmy_assets.workflow.evaluation_arrivals import Arrivals, is_current, read_arrivals

_TRIES = 4
_PAGES_AT_ONCE = 32
_FORMER_PAGES_AT_ONCE = 16
_LAYOUT_DIGITS = 12


class _OvertakenError(Exception):
    """Another run has changed what this one is about to write."""


class _DamagedError(Exception):
    """A page is missing that should be there."""


@dataclass(frozen=True)
class Conclusion:
    """What a run knows of a campaign besides its images, for the summary.

    Attributes:
        inboxes: The state of the inboxes that all votes were copied from.
        rulings: The triage decisions that every cleansed set follows; empty when some do not.
    """

    inboxes: Mapping[str, InboxState]
    rulings: str


def bring_up_to_date(
    lake: Lake,
    campaign: Campaign,
    *,
    anew: bool = False,
    conclusion: Conclusion | None = None,
    handed_over: Iterable[str] = (),
    to_hand_over: Iterable[str] = (),
) -> EvaluationInputs:
    """Evaluate what is new in a campaign; returns what the pages take into account.

    Args:
        lake: Where records and pages are.
        campaign: Its present rules; images judged by other rules are judged again.
        anew: Whether all pages are made from the records alone, with the same bytes.
        conclusion: What is new for the summary; without it, what the summary says of it stays.
        handed_over: Images whose conflicts the adjudicator has by now.
        to_hand_over: Images that, if they are in conflict, are to be handed over again.

    Raises:
        LakeUnavailableError: Other runs were quicker each time.
    """
    done, again = frozenset(handed_over), frozenset(to_hand_over)
    for _ in range(_TRIES):
        attempt = _Pass.begun(lake, campaign, anew=anew)
        try:
            return attempt.run(conclusion, done, again)
        except _OvertakenError:
            campaign = lake.campaigns.named(campaign.name)
        except _DamagedError:
            anew = True
        finally:
            attempt.close()
    msg = f"other runs evaluate {campaign.name} at the same time; run again later"
    raise LakeUnavailableError(msg)


def evaluated(lake: Lake, campaign: Campaign) -> EvaluationInputs:
    """What the pages take into account as of the last run; evaluates when there was none."""
    inputs, _ = lake.evaluations.inputs(campaign.name)
    return inputs or bring_up_to_date(lake, campaign)


@dataclass
class _Pass:
    """One attempt, from the inputs as they were read to the inputs as they are written."""

    lake: Lake
    campaign: Campaign
    stored: EvaluationInputs | None
    etag: str | None
    is_anew: bool
    arrivals: Arrivals
    to_hand_over: set[str]
    counts: dict[str, PageCounts] = field(default_factory=dict)
    are_inputs_written: bool = False
    has_new_layout: bool = False
    new_layout: str = field(default_factory=lambda: uuid4().hex[:_LAYOUT_DIGITS])

    @classmethod
    def begun(cls, lake: Lake, campaign: Campaign, *, anew: bool) -> "_Pass":
        stored, etag = lake.evaluations.inputs(campaign.name)
        empty = EvaluationInputs(campaign=campaign.name, campaign_version=campaign.version)
        is_anew = anew or stored is None
        before = empty if is_anew or stored is None else stored
        return cls(
            lake, campaign, stored, etag, is_anew,
            arrivals=read_arrivals(lake, campaign.name, before),
            to_hand_over=set(stored.to_hand_over) if stored else set(),
            counts=dict(before.pages),
        )  # fmt: skip

    def close(self) -> None:
        """Give back what was kept, and delete a new layout that came to nothing."""
        self.arrivals.close()
        if self.has_new_layout and not self.are_inputs_written:
            self.lake.evaluations.remove_pages(self.campaign.name, of=self.new_layout)

    def run(
        self, conclusion: Conclusion | None, handed_over: frozenset[str], again: frozenset[str]
    ) -> EvaluationInputs:
        name, evaluations = self.campaign.name, self.lake.evaluations
        summary = self.lake.records.find_with_etag(keys.evaluation_summary(name), EvaluationSummary)
        layout, depth = self._write_pages(again)
        inputs = self.arrivals.inputs.model_copy(
            update={
                "campaign_version": self.campaign.version,
                "layout": layout,
                "depth": depth,
                "counts": self._counted(),
                "pages": {page: self.counts[page] for page in sorted(self.counts)},
                "to_hand_over": tuple(sorted(self.to_hand_over - handed_over)),
            }
        )
        if inputs != self.stored and not evaluations.put_inputs(inputs, etag=self.etag):
            raise _OvertakenError
        self.are_inputs_written = True
        self._write_summary(inputs, conclusion, *summary)
        if layout == self.new_layout:
            before = self.stored.layout if self.stored else layout
            if before != layout:
                yesterday = datetime.now(UTC).date() - timedelta(days=1)
                evaluations.remove_pages(name, of=before, or_before=yesterday.isoformat())
        if self.stored is None:
            evaluations.remove_former(name)
        return inputs

    def _write_pages(self, again: frozenset[str]) -> tuple[str, int]:
        """Put what arrived into its pages; returns their layout, and how many digits name one."""
        if self.is_anew:
            depth = depth_for(len(self.arrivals.by_image))
            self._write_anew(depth)
            return self.new_layout, depth
        layout, depth = self.arrivals.inputs.layout, self.arrivals.inputs.depth
        by_page = self._by_page(depth, again)
        is_of_other_rules = self.arrivals.inputs.campaign_version != self.campaign.version
        names = sorted({*self.counts, *by_page} if is_of_other_rules else by_page)
        for some in in_chunks(names, _PAGES_AT_ONCE):
            pages = self._read_pages(layout, some)
            new = {}
            for page_name, page in pages.items():
                touched = page.images.keys() if is_of_other_rules else set()
                touched = touched | by_page.get(page_name, set())
                new[page_name] = self._evaluated(page, touched, again)
            self._put(layout, new)
        wanted = depth_for(self._counted().images)
        if wanted == depth:
            return layout, depth
        self._lay_out_anew(layout, wanted)
        return self.new_layout, wanted

    def _counted(self) -> PageCounts:
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
            raise _DamagedError
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
            raise _OvertakenError

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
        image = arrived.judged(self.campaign)
        judgement = image.consensus
        if judgement is None or judgement.status is not ConsensusStatus.IN_CONFLICT:
            self.to_hand_over.discard(image.image_id)
        elif is_asked_again or self.is_asked_by_others or image.lacks_adjudication(self.campaign):
            self.to_hand_over.add(image.image_id)
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
            raise _OvertakenError
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

    def _write_summary(
        self,
        inputs: EvaluationInputs,
        conclusion: Conclusion | None,
        before: EvaluationSummary | None,
        etag: str | None,
    ) -> None:
        """Write the summary, unless it says all that already.

        Without a conclusion it keeps the inboxes of before, so that a run that gets no further
        than this is asked for again.
        """
        base = before or self._without_summary()
        known = {"inboxes": dict(conclusion.inboxes), "rulings": conclusion.rulings} if (
            conclusion
        ) else {}  # fmt: skip
        summary = base.model_copy(
            update={
                **known,
                "campaign_version": inputs.campaign_version,
                "layout": inputs.layout,
                "depth": inputs.depth,
                "conflicts_handed_over": not inputs.to_hand_over,
                "counts": inputs.counts,
            }
        )
        key = keys.evaluation_summary(inputs.campaign)
        if summary != before and not self.lake.records.bucket.put_if(
            key, summary.to_json(), etag=etag
        ):
            raise _OvertakenError

    def _without_summary(self) -> EvaluationSummary:
        """What the first summary begins with: what an older version noted, if there was one."""
        name = self.campaign.name
        former = self.lake.evaluations.former(name)
        inboxes, rulings = (former.inboxes, former.rulings) if former else ({}, "")
        return EvaluationSummary(
            campaign=name, campaign_version=0, inboxes=inboxes, rulings=rulings
        )


def _md5(content: bytes) -> str:
    """The ETag of an object that S3 encrypts by its own keys; where it is another, it differs."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def image_ids_in_conflict(lake: Lake, campaign: str) -> Sequence[str]:
    """All images of a campaign that wait for the adjudicator."""
    return [j.image_id for j in lake.evaluations.with_status(campaign, ConsensusStatus.IN_CONFLICT)]
