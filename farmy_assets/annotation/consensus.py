"""Consensus: what is known of one image, given who was asked and what was answered.

waiting       somebody who was asked has not answered (votes in other people's inboxes never count)
single        one person was asked and answered in full
agreed        two and more answered without a conflict; their regions are fused
in_conflict   there is a conflict (a lone skipped or unreadable answer is one too) and no decision
in_review     there is no conflict, but somebody has to look at it: it is one of the sample of what
              one person drew (or was not in the draw yet), or it was reopened
adjudicated   the adjudicator or a reviewer decided: a version is right, or what he or she drew
excluded      the adjudicator skipped: the image cannot be labelled; settled, but never released

A decision belongs to exactly the votes it was made on: its task key holds a digest of their ids,
so that a vote edited later asks for a new decision. An answer that cannot be read, or decides
nothing, is itself a conflict, and joins the votes judged: the adjudicator gets a new task that
says what was wrong. So does a decision that was known when the image was reopened, and one that
sent an answer back to somebody who left. Otherwise an image that was sent back waits for its
annotator, whose new answer takes the place of the former one. Decisions made on the adjudicator's
former page count as they did.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import AliasChoices, Field

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import AgreementPolicy, Campaign
from farmy_assets.annotation.conflicts import Conflict, ConflictKind, find_conflicts
from farmy_assets.annotation.decisions import (
    NO_DECISION,
    adjudication_key,
    asks_for_a_decision,
    former_adjudication_key,
)
from farmy_assets.annotation.fusing import middle, without_doubles
from farmy_assets.annotation.inboxes import ANSWERING, DECIDING, Phase
from farmy_assets.annotation.matching import RegionGroup, group_regions, match_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import STORED_AS, AnyRegion
from farmy_assets.annotation.rejections import SentBack, is_sent_back_by, round_of, sent_back
from farmy_assets.annotation.reviews import ReviewFacts
from farmy_assets.annotation.versions import decided_regions
from farmy_assets.annotation.votes import Outcome, Vote, current_votes
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError


class ConsensusStatus(StrEnum):
    """How far the judgement of an image is; the module docstring says what each means."""

    WAITING = "waiting"
    SINGLE = "single"
    AGREED = "agreed"
    IN_CONFLICT = "in_conflict"
    ADJUDICATED = "adjudicated"
    EXCLUDED = "excluded"
    IN_REVIEW = "in_review"

    @property
    def is_settled(self) -> bool:
        """Whether nobody has to do anything more."""
        return self is not ConsensusStatus.WAITING and not self.is_to_decide

    @property
    def is_to_decide(self) -> bool:
        """Whether an adjudicator or a reviewer has to decide."""
        return self in (ConsensusStatus.IN_CONFLICT, ConsensusStatus.IN_REVIEW)

    @property
    def is_releasable(self) -> bool:
        """Whether the image belongs into a data set version."""
        return self.is_settled and self is not ConsensusStatus.EXCLUDED


class Settlement(Record):
    """What one object turned out to be when the adjudicator decided: the error, and who made it.

    missed: the people did not draw a true object; extra: they drew an object that is none, or
    drew it twice; other_class: they gave it another class than `region.label`.
    """

    kind: ConflictKind
    people: tuple[str, ...]
    region: AnyRegion = Field(validation_alias=AliasChoices("region", "box"))


class ImageConsensus(Record):
    """What is known of one image; `vote_ids` are the votes that it rests on.

    `notes` are for whoever decides; they name no person. `sent_back` is there while an annotator is
    asked to correct an answer.
    """

    image_id: str
    campaign: str
    campaign_version: int
    status: ConsensusStatus
    people: tuple[str, ...]
    waiting_for: tuple[str, ...] = ()
    regions: tuple[AnyRegion, ...] = Field(default=(), validation_alias=STORED_AS)
    conflicts: tuple[Conflict, ...] = ()
    vote_ids: tuple[str, ...] = ()
    adjudication_task_key: str | None = None
    decided_by: str | None = None
    decision_vote_id: str | None = None
    settled_as: tuple[Settlement, ...] = ()
    notes: tuple[str, ...] = ()
    sent_back: SentBack | None = None


def judge_image(
    image_id: str,
    *,
    assignments: Iterable[Assignment],
    votes: Iterable[Vote],
    campaign: Campaign,
    review: ReviewFacts | None = None,
) -> ImageConsensus:
    """The consensus of one image, and its regions once it is settled.

    Args:
        image_id: The image.
        assignments: Its assignments of the annotation phase.
        votes: All votes on it, of all phases, current or not.
        campaign: The campaign at its present version.
        review: Whether it was reopened, or chosen for a review.
    """
    facts = review or ReviewFacts()
    asked = sorted(
        {a.person for a in assignments if a.phase is Phase.ANNOTATION and a.image_id == image_id}
    )
    own = [
        vote
        for vote in sorted(current_votes(votes), key=_age)
        if vote.campaign == campaign.name
        and vote.image_id == image_id
        and vote.person == vote.inbox_person
    ]
    annotated = (vote for vote in own if vote.phase in ANSWERING)
    answers = {vote.person: vote for vote in sorted(annotated, key=_round)}
    judged = [answers[person] for person in asked if person in answers]
    judgement = ImageConsensus(
        image_id=image_id,
        campaign=campaign.name,
        campaign_version=campaign.version,
        status=ConsensusStatus.WAITING,
        people=tuple(asked),
        waiting_for=tuple(person for person in asked if person not in answers),
        vote_ids=_ids(judged),
    )
    if not asked or judgement.waiting_for:
        return judgement
    conflicts = find_conflicts(judged, campaign.agreement)
    if conflicts or facts.is_asked_for(judged, campaign):
        decisions = [vote for vote in own if vote.phase in DECIDING]
        return _adjudicated(
            judgement, judged, conflicts, decisions, campaign=campaign, review=facts
        )
    status = ConsensusStatus.SINGLE if len(judged) == 1 else ConsensusStatus.AGREED
    regions = _fused(judged, campaign.agreement)
    return judgement.model_copy(update={"status": status, "regions": regions})


def _adjudicated(
    judgement: ImageConsensus,
    answers: Sequence[Vote],
    conflicts: tuple[Conflict, ...],
    decisions: Sequence[Vote],
    *,
    campaign: Campaign,
    review: ReviewFacts,
) -> ImageConsensus:
    """The judgement by the latest of `decisions` (oldest first) that was made on these answers."""
    judged, policy = list(answers), campaign.agreement
    status = ConsensusStatus.IN_CONFLICT if conflicts else ConsensusStatus.IN_REVIEW
    notes, back = review.notes, None
    regions: tuple[Region, ...] = ()
    while True:
        ids = _ids(judged)
        key = adjudication_key(judgement.image_id, ids)
        keys = {key, former_adjudication_key(judgement.image_id, ids)}
        decision = next((d for d in reversed(decisions) if d.task_key in keys), None)
        if decision is None:
            break
        if decision.vote_id in review.known:
            judged.append(decision)
            continue
        if is_sent_back_by(decision) and not decision.problems:
            try:
                back = sent_back(decision, judged, campaign)
                break
            except InvalidInputError as error:
                notes += (str(error),)
                judged.append(decision)
                continue
        regions, problems = _decided_regions(decision, judged, policy)
        if not problems:
            break
        judged.append(decision)
        unusable = decision.model_copy(update={"problems": problems})
        conflicts += find_conflicts([unusable], policy)
    changes: dict[str, object] = {
        "status": status,
        "conflicts": conflicts,
        "vote_ids": _ids(judged),
        "adjudication_task_key": key,
    }
    if back is not None:
        changes |= {
            "status": ConsensusStatus.WAITING, "waiting_for": (back.person,), "sent_back": back,
        }  # fmt: skip
    elif decision is None:
        changes |= {"notes": notes}
    else:
        excluded = decision.outcome is Outcome.SKIPPED
        changes |= {
            "status": ConsensusStatus.EXCLUDED if excluded else ConsensusStatus.ADJUDICATED,
            "regions": regions,
            "decided_by": decision.person,
            "decision_vote_id": decision.vote_id,
            "settled_as": () if excluded else _settled(answers, regions, policy),
        }
    return judgement.model_copy(update=changes)


def _decided_regions(
    decision: Vote, judged: Sequence[Vote], policy: AgreementPolicy
) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    """The regions that a decision says are there, or why it is none."""
    if decision.problems or decision.outcome is Outcome.SKIPPED:
        return (), decision.problems
    if decision.decision is None and asks_for_a_decision(decision.task_key):
        return (), (NO_DECISION,)
    try:
        return decided_regions(decision, judged, policy), ()
    except InvalidInputError as error:
        return (), (f"the decision {error}",)


def _settled(
    answers: Sequence[Vote], truth: Sequence[Region], policy: AgreementPolicy
) -> tuple[Settlement, ...]:
    """Each annotator's errors in the light of what is true; unreadable answers are left out."""
    voters = {vote.voter: vote.regions for vote in answers if vote.is_clean}
    groups = group_regions(voters, policy=policy)
    found: list[Settlement] = []
    decided = _decided(groups, truth, policy)
    for group, answer in zip(groups, decided, strict=True):
        if answer is None:
            found.append(_settlement(ConflictKind.EXTRA, group, middle(group)))
            continue
        region = truth[answer]
        wrong = [voter for voter, drawn in group.items() if drawn.label != region.label]
        found.append(_settlement(ConflictKind.MISSED, voters.keys() - group.keys(), region))
        found.append(_settlement(ConflictKind.OTHER_CLASS, wrong, region))
    found += [
        _settlement(ConflictKind.MISSED, voters, region)
        for number, region in enumerate(truth)
        if number not in decided
    ]
    return tuple(settlement for settlement in found if settlement.people)


def _decided(
    groups: Sequence[RegionGroup], truth: Sequence[Region], policy: AgreementPolicy
) -> list[int | None]:
    """For each group the number of the true region it shows; of doubles, the one that more drew."""
    decided: list[int | None] = [None] * len(groups)
    for size in sorted({len(group) for group in groups}, reverse=True):
        same_size = [number for number, group in enumerate(groups) if len(group) == size]
        free = [number for number in range(len(truth)) if number not in decided]
        middles = [middle(groups[number]) for number in same_size]
        for i, j in match_regions(middles, [truth[number] for number in free], policy=policy):
            decided[same_size[i]] = free[j]
    return decided


def _settlement(kind: ConflictKind, people: Iterable[str], region: Region) -> Settlement:
    return Settlement(kind=kind, people=tuple(sorted(people)), region=region)


def _fused(votes: Sequence[Vote], policy: AgreementPolicy) -> tuple[Region, ...]:
    """One region for each object that all the votes show."""
    groups = group_regions({vote.voter: vote.regions for vote in votes}, policy=policy)
    return without_doubles([middle(group) for group in groups])


def _round(vote: Vote) -> int:
    return round_of(vote.task_key)


def _age(vote: Vote) -> tuple[datetime, str]:
    return vote.submitted_at, vote.vote_id


def _ids(votes: Iterable[Vote]) -> tuple[str, ...]:
    return tuple(sorted(vote.vote_id for vote in votes))
