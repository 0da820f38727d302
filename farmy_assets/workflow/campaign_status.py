"""How far one campaign is, from its records: for people, who ask now and then; not for a sensor.

Reads the campaign's assignments, votes, questions, rulings and cleansed sets, and all manifests of
batches; of its evaluation the counts, as long as they speak of the present batches.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.pace import Pace, paces
from farmy_assets.annotation.reviews import by_person
from farmy_assets.annotation.votes import Vote, current_votes
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cleansing.cleansed_set import CleansedSet, ExclusionStatus
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_warnings import warnings
from farmy_assets.workflow.duplicate_rulings import by_other_campaign, kept_elsewhere
from farmy_assets.workflow.image_statuses import image_statuses
from farmy_assets.workflow.progress import Progress
from farmy_assets.workflow.releases import what_blocks
from farmy_assets.workflow.selection import ImageSelection


class PersonStatus(Record):
    """One annotator's tasks: how many there are, how many are open, and how fast they go."""

    given: int
    open: int
    pace: Pace = Pace()
    has_left: bool = False


class TriageStatus(Record):
    """Flagged photographs: how many people were asked about, and how many are open, by person."""

    asked: int
    open: int
    open_by_person: dict[str, int]


class CampaignStatus(Record):
    """How far a campaign is.

    Attributes:
        images: Images that were given out, by status; all of them are here.
        percent_done: Share of them that is settled.
        annotators: By name; those who left are there with what they answered.
        conflicts: Images that wait for the adjudicator.
        sent_back: Images that wait for a corrected answer of an annotator.
        reviews: By annotator, what the reviews of a sample of his or her images came to.
        left_out: Images that go no further, by the reason; the campaign's query is one.
        duplicates: By the campaign whose image is kept in their place.
        expected_end: When the annotators are done at the speed of the last day.
        blocks: What prevents a release, each in words; empty when nothing does.
        warnings: What a person should look at.
    """

    campaign: str
    version: int
    newest_version: str | None
    is_released: bool
    images: dict[str, int]
    percent_done: float
    annotators: dict[str, PersonStatus]
    pace: Pace
    adjudicator: str
    conflicts: int
    sent_back: int
    reviews: dict[str, dict[str, int]]
    triage: TriageStatus
    left_out: dict[str, int]
    duplicates: dict[str, int]
    expected_end: datetime | None
    blocks: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def images_given(self) -> int:
        """How many images were given out."""
        return sum(self.images.values())

    @property
    def open_tasks(self) -> int:
        """How many tasks of annotators have no answer."""
        return sum(person.open for person in self.annotators.values())


@dataclass(frozen=True)
class _Facts:
    campaign: Campaign
    given: Sequence[Assignment]
    votes: Sequence[Vote]
    sets: Sequence[CleansedSet]
    kept_elsewhere: Mapping[str, str]


def campaign_status(lake: Lake, name: str, *, now: datetime) -> CampaignStatus:
    """How far a campaign is.

    Args:
        lake: Where its records are.
        name: The campaign.
        now: The time, from which speed and end are computed.

    Raises:
        InvalidInputError: It was never applied.
    """
    campaign, sets = lake.campaigns.named(name), lake.cleansed_sets.all(name)
    facts = _Facts(
        campaign=campaign,
        given=(*lake.assignments.all(name), *lake.gold.given(name).given),
        votes=lake.votes.all(name),
        sets=sets,
        kept_elsewhere=kept_elsewhere(lake, sets),
    )
    statuses = image_statuses(
        lake, campaign, given=facts.given, members=lake.campaigns.members(name),
        kept={image.image_id for page in sets for image in page.kept},
    )  # fmt: skip
    images, newest = statuses.counts, lake.released.newest(name)
    summary = lake.evaluations.summary(name)
    each, together = paces(facts.votes, now=now)
    people = _people(facts, each)
    hours = together.hours_for(sum(person.open for person in people.values()))
    settled = sum(count for word, count in images.items() if ConsensusStatus(word).is_settled)
    return CampaignStatus(
        campaign=name,
        version=campaign.version,
        newest_version=newest.version_id if newest else None,
        is_released=bool(summary and Progress.of(lake).is_released(summary)),
        images=images,
        percent_done=round(100 * settled / max(sum(images.values()), 1), 1),
        annotators=people,
        pace=together,
        adjudicator=campaign.adjudicator.name,
        conflicts=images[ConsensusStatus.IN_CONFLICT.value],
        sent_back=summary.counts.sent_back if summary else 0,
        reviews=by_person(summary.counts.reviews) if summary else {},
        triage=_triage(lake, facts),
        left_out=_left_out(lake, facts),
        duplicates=_duplicates(facts),
        expected_end=now + timedelta(hours=hours) if hours else None,
        blocks=(*_cannot_be_decided(campaign, statuses.undecidable), *what_blocks(lake, campaign)),
        warnings=tuple(warnings(lake, campaign, sets, facts.kept_elsewhere)),
    )


def _people(facts: _Facts, each: dict[str, Pace]) -> dict[str, PersonStatus]:
    answered = {
        (vote.task_key, vote.person)
        for vote in current_votes(facts.votes)
        if vote.phase is Phase.ANNOTATION and vote.person == vote.inbox_person
    }
    given = Counter(a.person for a in facts.given)
    undone = Counter(a.person for a in facts.given if (a.task_key, a.person) not in answered)
    present = [person.name for person in facts.campaign.annotators]
    former = sorted(given.keys() - set(present))
    return {
        name: PersonStatus(
            given=given[name], open=undone[name], pace=each.get(name, Pace()),
            has_left=name in former,
        )
        for name in (*present, *former)
    }  # fmt: skip


def _triage(lake: Lake, facts: _Facts) -> TriageStatus:
    questions = [q.assignment for q in lake.triage.questions(facts.campaign.name)]
    held = {
        item.image_id
        for page in facts.sets
        for item in page.excluded
        if item.status is ExclusionStatus.HELD
    } - lake.triage.current_decisions(facts.campaign.name).usable.keys()
    undone = Counter(a.person for a in questions if a.image_id in held)
    return TriageStatus(
        asked=len(questions), open=undone.total(), open_by_person=dict(sorted(undone.items()))
    )


def _left_out(lake: Lake, facts: _Facts) -> dict[str, int]:
    """Images by why they go no further; one with several reasons counts once for each."""
    reasons: Counter[str] = Counter()
    for page in facts.sets:
        for item in page.excluded:
            if item.status is not ExclusionStatus.HELD:
                reasons.update(f"{item.status.value}: {reason}" for reason in item.reasons)
    name = facts.campaign.name
    given = {assignment.image_id for assignment in facts.given}
    choices = lake.records.read_all(keys.choice(name), ImageSelection)
    unasked = sum(len(set(choice.left_out) - given) for choice in choices)
    if facts.campaign.image_query and unasked:
        reasons["not chosen by the campaign's query"] = unasked
    return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def _duplicates(facts: _Facts) -> dict[str, int]:
    others = by_other_campaign(facts.sets, facts.kept_elsewhere)
    found = {name: len(items) for name, items in others.items()}
    duplicate = ExclusionStatus.DUPLICATE
    every = sum(item.status is duplicate for page in facts.sets for item in page.excluded)
    own = every - sum(found.values())
    return ({facts.campaign.name: own} if own else {}) | found


def _cannot_be_decided(campaign: Campaign, own_work: int) -> list[str]:
    if not own_work:
        return []
    who = campaign.adjudicator.name
    return [
        f"{counted(own_work, 'conflict')} {verb(own_work, 'has', 'have')} nobody to decide: {who} "
        "is one of those who disagree; name another adjudicator in the campaign file"
    ]
