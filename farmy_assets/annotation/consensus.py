"""Consensus: what is known of one image, given who was asked and what was answered.

waiting       somebody who was asked has not answered (votes in other people's inboxes never count)
single        one person was asked and answered in full
agreed        two and more answered without a conflict; their regions are fused
in_conflict   there is a conflict (a lone skipped or unreadable answer is one too) and no decision
adjudicated   the adjudicator decided: a version is right, or what he or she drew
excluded      the adjudicator skipped: the image cannot be labelled; settled, but never released

Where a campaign has a quorum and three or more people answered, what a quorum says the same of is
settled (`quorum.py`): the differences about it are kept as `outvoted`, and only the others are
conflicts. Without a conflict the image is agreed.

A decision belongs to exactly the votes it was made on: its task key holds a digest of their ids,
so that a vote edited later asks for a new decision. An answer that cannot be read, or decides
nothing, is itself a conflict, and joins the votes judged: the adjudicator gets a new task that
says what was wrong. Decisions made on the adjudicator's former page count as they did.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import AgreementPolicy, Campaign
from farmy_assets.annotation.conflicts import Conflict, find_conflicts
from farmy_assets.annotation.decisions import (
    NO_DECISION,
    adjudication_key,
    asks_for_a_decision,
    former_adjudication_key,
)
from farmy_assets.annotation.fusing import middle, without_doubles
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.judging_rules import rules_of
from farmy_assets.annotation.matching import group_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import STORED_AS, AnyRegion
from farmy_assets.annotation.settled_by_quorum import (
    SettledRegion,
    opinions_on,
    settled_regions,
    without_outvoted,
)
from farmy_assets.annotation.settlements import Settlement, settlements
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

    @property
    def is_settled(self) -> bool:
        """Whether nobody has to do anything more."""
        return self not in (ConsensusStatus.WAITING, ConsensusStatus.IN_CONFLICT)

    @property
    def is_releasable(self) -> bool:
        """Whether the image belongs into a data set version."""
        return self.is_settled and self is not ConsensusStatus.EXCLUDED


class ImageConsensus(Record):
    """What is known of one image; `vote_ids` are the votes that it rests on.

    `outvoted` are differences that a quorum settled, and `behind` is what it settled: both are
    empty in campaigns without a quorum.
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
    outvoted: tuple[Conflict, ...] = ()
    behind: tuple[SettledRegion, ...] = ()


def judge_image(
    image_id: str,
    *,
    assignments: Iterable[Assignment],
    votes: Iterable[Vote],
    campaign: Campaign,
    skills: AnnotatorSkills | None = None,
) -> ImageConsensus:
    """The consensus of one image, and its regions once it is settled.

    Args:
        image_id: The image.
        assignments: Its assignments of the annotation phase.
        votes: All votes on it, of both phases, current or not.
        campaign: The campaign at its present version.
        skills: What is known of its annotators, where it weighs their votes.
    """
    rules = rules_of(campaign, skills)
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
    answers = {vote.person: vote for vote in own if vote.phase is Phase.ANNOTATION}
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
    given = opinions_on(judged, groups, rules)
    if given is not None:
        conflicts, outvoted = without_outvoted(conflicts, given)
        judgement = judgement.model_copy(update={"outvoted": outvoted})
    if conflicts:
        decisions = [vote for vote in own if vote.phase is Phase.ADJUDICATION]
        return _adjudicated(judgement, judged, conflicts, decisions, policy=rules)
    if given is not None:
        behind = settled_regions(judged, given)
        regions = without_doubles(each.released(rules) for each in behind)
        changes = {"status": ConsensusStatus.AGREED, "regions": regions, "behind": behind}
        return judgement.model_copy(update=changes)
    status = ConsensusStatus.SINGLE if len(judged) == 1 else ConsensusStatus.AGREED
    regions = without_doubles([middle(group) for group in groups])
    return judgement.model_copy(update={"status": status, "regions": regions})


def _adjudicated(
    judgement: ImageConsensus,
    answers: Sequence[Vote],
    conflicts: tuple[Conflict, ...],
    decisions: Sequence[Vote],
    *,
    policy: AgreementPolicy,
) -> ImageConsensus:
    """The judgement of an image in conflict, by the latest of `decisions` (oldest first) on it."""
    judged = list(answers)
    regions: tuple[Region, ...] = ()
    while True:
        ids = _ids(judged)
        key = adjudication_key(judgement.image_id, ids)
        keys = {key, former_adjudication_key(judgement.image_id, ids)}
        decision = next((d for d in reversed(decisions) if d.task_key in keys), None)
        if decision is None:
            break
        regions, problems = _decided_regions(decision, judged, policy)
        if not problems:
            break
        judged.append(decision)
        unusable = decision.model_copy(update={"problems": problems})
        conflicts += find_conflicts([unusable], policy)
    changes: dict[str, object] = {
        "status": ConsensusStatus.IN_CONFLICT,
        "conflicts": conflicts,
        "vote_ids": _ids(judged),
        "adjudication_task_key": key,
    }
    if decision is not None:
        excluded = decision.outcome is Outcome.SKIPPED
        changes |= {
            "status": ConsensusStatus.EXCLUDED if excluded else ConsensusStatus.ADJUDICATED,
            "regions": regions,
            "decided_by": decision.person,
            "decision_vote_id": decision.vote_id,
            "settled_as": () if excluded else settlements(answers, regions, policy),
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


def _age(vote: Vote) -> tuple[datetime, str]:
    return vote.submitted_at, vote.vote_id


def _ids(votes: Iterable[Vote]) -> tuple[str, ...]:
    return tuple(sorted(vote.vote_id for vote in votes))
