"""Consensus: what is known of one image, given who was asked and what was answered.

waiting       somebody who was asked has not answered (votes in other people's inboxes never count)
single        one person was asked and answered in full
agreed        two and more answered without a conflict; their regions are fused
in_conflict   there is a conflict (a lone skipped or unreadable answer is one too) and no decision
in_review     there is no conflict, but somebody has to look at it: it is one of the sample of what
              one person drew (or was not in the draw yet), or it was reopened
adjudicated   the adjudicator or a reviewer decided: a version is right, or what he or she drew
excluded      the adjudicator skipped: the image cannot be labelled; settled, but never released

Where a campaign has a quorum and three or more people answered, what a quorum says the same of is
settled (`quorum.py`): the differences about it are kept as `outvoted`, and only the others are
conflicts. Without a conflict the image is agreed.

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

from pydantic import Field

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import AgreementPolicy, Campaign
from farmy_assets.annotation.class_history import ClassHistory
from farmy_assets.annotation.conflicts import Conflict, find_conflicts
from farmy_assets.annotation.decisions import (
    NO_DECISION,
    adjudication_key,
    asks_for_a_decision,
    former_adjudication_key,
)
from farmy_assets.annotation.fusing import middle, without_doubles
from farmy_assets.annotation.inboxes import ANSWERING, DECIDING, Phase
from farmy_assets.annotation.judging_rules import JudgingRules, rules_of
from farmy_assets.annotation.matching import group_regions
from farmy_assets.annotation.question_answers import Answers, is_empty, merged
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import STORED_AS, AnyRegion
from farmy_assets.annotation.rejections import SentBack, is_sent_back_by, round_of, sent_back
from farmy_assets.annotation.reviews import ReviewFacts
from farmy_assets.annotation.settled_by_quorum import (
    SettledRegion,
    opinions_on,
    settled_regions,
    without_outvoted,
)
from farmy_assets.annotation.settlements import Settlement, settlements
from farmy_assets.annotation.versions import decided_choices, decided_regions
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


class ImageConsensus(Record):
    """What is known of one image; `vote_ids` are the votes that it rests on.

    `choices` are the answers about the image as a whole, once it is settled. `outvoted` are
    differences that a quorum settled, and `behind` is what it settled: both are empty in campaigns
    without a quorum. `notes` are for whoever decides; they name no person. `sent_back` is there
    while an annotator is asked to correct an answer.
    """

    image_id: str
    campaign: str
    campaign_version: int
    status: ConsensusStatus
    people: tuple[str, ...]
    waiting_for: tuple[str, ...] = ()
    regions: tuple[AnyRegion, ...] = Field(default=(), validation_alias=STORED_AS)
    choices: Answers = Field(default=(), exclude_if=is_empty)
    conflicts: tuple[Conflict, ...] = ()
    vote_ids: tuple[str, ...] = ()
    adjudication_task_key: str | None = None
    decided_by: str | None = None
    decision_vote_id: str | None = None
    settled_as: tuple[Settlement, ...] = ()
    outvoted: tuple[Conflict, ...] = ()
    behind: tuple[SettledRegion, ...] = ()
    notes: tuple[str, ...] = ()
    sent_back: SentBack | None = None


def judge_image(
    image_id: str,
    *,
    assignments: Iterable[Assignment],
    votes: Iterable[Vote],
    campaign: Campaign,
    skills: AnnotatorSkills | None = None,
    review: ReviewFacts | None = None,
) -> ImageConsensus:
    """The consensus of one image, and its regions once it is settled.

    Args:
        image_id: The image.
        assignments: Its assignments of the annotation phase.
        votes: All votes on it, of all phases, current or not.
        campaign: The campaign at its present version.
        skills: What is known of its annotators, where it weighs their votes.
        review: Whether it was reopened, or chosen for a review.
    """
    rules, history = rules_of(campaign, skills), ClassHistory(campaign)
    facts = review or ReviewFacts()
    given = [a for a in assignments if a.phase is Phase.ANNOTATION and a.image_id == image_id]
    # Who skipped it, and was replaced by somebody else, is not asked any more.
    asked = sorted({a.person for a in given} - {a.replaces for a in given})
    own = [
        history.present(vote)
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
    groups = group_regions({v.voter: v.regions for v in judged if v.is_clean}, policy=rules)
    conflicts = find_conflicts(judged, rules, groups=groups)
    settled = opinions_on(judged, groups, rules)
    if settled is not None:
        conflicts, outvoted = without_outvoted(conflicts, settled, rules)
        judgement = judgement.model_copy(update={"outvoted": outvoted})
    if conflicts or facts.is_asked_for(judged, campaign):
        decisions = [vote for vote in own if vote.phase in DECIDING]
        return _adjudicated(
            judgement, judged, conflicts, decisions, campaign=campaign, rules=rules, review=facts
        )
    choices = merged([vote.choices for vote in judged if vote.is_clean])
    if settled is not None:
        behind = settled_regions(judged, settled)
        regions = without_doubles(each.released(rules) for each in behind)
        changes = {"status": ConsensusStatus.AGREED, "regions": regions, "behind": behind}
        return judgement.model_copy(update={**changes, "choices": choices})
    status = ConsensusStatus.SINGLE if len(judged) == 1 else ConsensusStatus.AGREED
    regions = without_doubles([middle(group) for group in groups])
    return judgement.model_copy(update={"status": status, "regions": regions, "choices": choices})


def _adjudicated(
    judgement: ImageConsensus,
    answers: Sequence[Vote],
    conflicts: tuple[Conflict, ...],
    decisions: Sequence[Vote],
    *,
    campaign: Campaign,
    rules: JudgingRules,
    review: ReviewFacts,
) -> ImageConsensus:
    """The judgement by the latest of `decisions` (oldest first) that was made on these answers."""
    judged, history = list(answers), ClassHistory(campaign)
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
        regions, problems = _decided_regions(decision, judged, rules)
        problems += history.problems(regions)
        if not problems:
            break
        judged.append(decision)
        unusable = decision.model_copy(update={"problems": problems})
        conflicts += find_conflicts([unusable], rules)
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
            "choices": () if excluded else decided_choices(decision, judged),
            "decided_by": decision.person,
            "decision_vote_id": decision.vote_id,
            "settled_as": () if excluded else settlements(answers, regions, rules),
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


def _round(vote: Vote) -> int:
    return round_of(vote.task_key)


def _age(vote: Vote) -> tuple[datetime, str]:
    return vote.submitted_at, vote.vote_id


def _ids(votes: Iterable[Vote]) -> tuple[str, ...]:
    return tuple(sorted(vote.vote_id for vote in votes))
