"""The evaluation of a campaign, brought up to date: what changed is read, judged and written.

Pages come first, then the inputs that they take into account, then the summary. A run that was
killed anywhere is made up for by the next one: inputs that were not written are read again, and
putting the same into a page twice changes nothing.

Two runs at once: pages and inputs are written over what was read only; who was overtaken begins
again. Pages that are laid out or made anew lie in a folder of their own, which counts once the
inputs name it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import PageCounts
from farmy_assets.annotation.handing_over import is_open
from farmy_assets.annotation.judging_rules import needs_skills
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.evaluations import EvaluationInputs, EvaluationSummary
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.votes import InboxState
from farmy_assets.workflow.evaluation_arrivals import read_arrivals
from farmy_assets.workflow.evaluation_pages import DamagedError, OvertakenError, PageWriter

_TRIES = 4


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
        except OvertakenError:
            campaign = lake.campaigns.named(campaign.name)
        except DamagedError:
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
    pages: PageWriter
    are_inputs_written: bool = False

    @classmethod
    def begun(cls, lake: Lake, campaign: Campaign, *, anew: bool) -> "_Pass":
        stored, etag = lake.evaluations.inputs(campaign.name)
        empty = EvaluationInputs(campaign=campaign.name, campaign_version=campaign.version)
        is_anew = anew or stored is None
        before = empty if is_anew or stored is None else stored
        known = lake.agreements.skills(campaign.name) if needs_skills(campaign) else (None, "")
        pages = PageWriter(
            lake, campaign, stored, etag, is_anew,
            arrivals=read_arrivals(lake, campaign.name, before),
            to_hand_over=set(stored.to_hand_over) if stored else set(),
            counts=dict(before.pages), skills=known[0], skills_version=known[1],
        )  # fmt: skip
        return cls(lake, campaign, pages)

    def close(self) -> None:
        """Give back what was kept, and delete a new layout that came to nothing."""
        self.pages.arrivals.close()
        if self.pages.has_new_layout and not self.are_inputs_written:
            self.lake.evaluations.remove_pages(self.campaign.name, of=self.pages.new_layout)

    def run(
        self, conclusion: Conclusion | None, handed_over: frozenset[str], again: frozenset[str]
    ) -> EvaluationInputs:
        name, evaluations, pages = self.campaign.name, self.lake.evaluations, self.pages
        summary = self.lake.records.find_with_etag(keys.evaluation_summary(name), EvaluationSummary)
        layout, depth = pages.write(again)
        inputs = pages.arrivals.inputs.model_copy(
            update={
                "campaign_version": self.campaign.version,
                "layout": layout,
                "depth": depth,
                "counts": pages.counted(),
                "pages": {page: pages.counts[page] for page in sorted(pages.counts)},
                "to_hand_over": tuple(sorted(pages.to_hand_over - handed_over)),
                "skills": pages.skills_version,
            }
        )
        stored = pages.stored
        if inputs != stored and not evaluations.put_inputs(inputs, etag=pages.etag):
            raise OvertakenError
        self.are_inputs_written = True
        self._write_summary(inputs, conclusion, *summary)
        if stored and layout == pages.new_layout != stored.layout:
            yesterday = datetime.now(UTC).date() - timedelta(days=1)
            evaluations.remove_pages(name, of=stored.layout, or_before=yesterday.isoformat())
        if stored is None:
            evaluations.remove_former(name)
        return inputs

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
            raise OvertakenError

    def _without_summary(self) -> EvaluationSummary:
        """What the first summary begins with: what an older version noted, if there was one."""
        name = self.campaign.name
        former = self.lake.evaluations.former(name)
        inboxes, rulings = (former.inboxes, former.rulings) if former else ({}, "")
        return EvaluationSummary(
            campaign=name, campaign_version=0, inboxes=inboxes, rulings=rulings
        )


def image_ids_to_decide(lake: Lake, campaign: str) -> Sequence[str]:
    """All images of a campaign that wait for a decision, or for a corrected answer."""

    def is_read(counts: PageCounts) -> bool:
        return counts.sent_back > 0 or any(counts.count_of(s) for s in statuses)

    statuses = [status for status in ConsensusStatus if status.is_to_decide]
    images = lake.evaluations.images(campaign, where=is_read)
    return [image.image_id for image in images if is_open(image)]
