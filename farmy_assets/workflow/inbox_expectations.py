"""What Label Studio is to hold of a campaign, by the records: inboxes, and the tasks of each.

Cost: reads the campaign's pages of assignments and questions, its cleansed sets and the pages of
its evaluation, each once; of an image only what is compared is kept.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.handing_over import correction_of, review_of
from farmy_assets.annotation.inbox_drift import ExpectedInbox, ExpectedTask, Shown
from farmy_assets.annotation.inboxes import (
    DRAWING,
    Inbox,
    Phase,
    inboxes_of,
    instructions,
    owner_of,
    triage_inboxes_of,
)
from farmy_assets.annotation.votes import Vote, current_votes
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.errors import ObjectMissingError
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.projects import wanted_settings
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake

Tasks = dict[str, dict[str, ExpectedTask]]


@dataclass
class Expectations:
    """Of one campaign; what is needed to put tasks back comes along.

    Attributes:
        inboxes: By key.
        tasks: Inbox key to task key to what the records know of the task.
        assignments: Inbox key to task key to the assignment, of tasks that are wanted.
    """

    inboxes: dict[str, ExpectedInbox] = field(default_factory=dict)
    tasks: Tasks = field(default_factory=lambda: defaultdict(dict))
    assignments: dict[str, dict[str, Assignment]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True)
class _Answers:
    """Inbox key and task key of what was ever answered, and of what stands by the own person."""

    recorded: set[tuple[str, str]] = field(default_factory=set)
    standing: set[tuple[str, str]] = field(default_factory=set)

    def add(self, image: EvaluatedImage) -> None:
        self.recorded.update((_inbox_key(v), v.task_key) for v in image.votes)
        self.standing.update(
            (_inbox_key(v), v.task_key)
            for v in current_votes(image.votes)
            if v.person == v.inbox_person
        )


def expectations(lake: Lake, campaign: Campaign, *, today: date) -> Expectations:
    """Read what Label Studio is to hold of a campaign.

    Args:
        lake: Where the records are; its evaluation has to be up to date.
        campaign: The present rules.
        today: The day; tasks of later days are not there yet.
    """
    found, answers = Expectations(), _Answers()
    conflicts: list[EvaluatedImage] = []
    for image in lake.evaluations.images(campaign.name):
        answers.add(image)
        if image.adjudication:
            conflicts.append(image)
    _expect_annotation(found, lake, campaign, answers, today=today)
    _expect_gold(found, lake, campaign, answers)
    _expect_adjudication(found, lake, campaign, conflicts, answers)
    _expect_triage(found, lake, campaign)
    _expect_inboxes(found, lake, campaign)
    return found


def _inbox_key(vote: Vote) -> str:
    return Inbox(campaign=vote.campaign, phase=vote.phase, person=vote.inbox_person).key


def _expect_annotation(
    found: Expectations, lake: Lake, campaign: Campaign, answers: _Answers, *, today: date
) -> None:
    """What was given out and placed; what was taken back may still be there, answered."""
    people = {person.name for person in campaign.annotators}
    for page in lake.assignments.pages(campaign.name):
        images = lake.cleansed_sets.of(campaign.name, page.batch_id)
        kept = {image.image_id: image for image in images.kept} if images else {}
        is_placed = lake.assignments.placement(campaign.name, page.batch_id) is not None
        for given in page.taken_back:
            _expect(found, given, answers, shown=None, is_wanted=False)
        for given in page.assignments:
            image = kept.get(given.image_id)
            is_due = is_placed and (given.from_day is None or given.from_day <= today)
            is_wanted = is_due and image is not None and given.person in people
            shown = _shown(lake, image) if image else None
            _expect(found, given, answers, shown=shown, is_wanted=is_wanted)


def _expect_gold(found: Expectations, lake: Lake, campaign: Campaign, answers: _Answers) -> None:
    """Images with a known answer, which go out with batches and are in no assignment."""
    people = {person.name for person in campaign.annotators}
    given = lake.gold.given(campaign.name)
    known = lake.gold.known(campaign.name) if given.ever else {}
    for task in given.taken_back:
        _expect(found, task, answers, shown=None, is_wanted=False)
    for task in given.given:
        is_placed = lake.assignments.placement(campaign.name, task.batch_id) is not None
        answer = known.get(task.image_id)
        shown = _shown(lake, answer.gold.image) if answer else None
        is_wanted = is_placed and answer is not None and task.person in people
        _expect(found, task, answers, shown=shown, is_wanted=is_wanted)


def _expect_adjudication(
    found: Expectations,
    lake: Lake,
    campaign: Campaign,
    images: list[EvaluatedImage],
    answers: _Answers,
) -> None:
    """Wanted is the present question on each image; what its page shows is not compared."""
    members = lake.campaigns.members(campaign.name)
    for image in images:
        consensus = image.consensus
        present = consensus.adjudication_task_key if consensus else None
        besides = {correction_of(image), review_of(image, campaign, members)}
        for given in image.adjudication:
            is_for_adjudicator = given.phase is Phase.ADJUDICATION and (
                (given.task_key, given.person) == (present, campaign.adjudicator.name)
            )
            is_wanted = is_for_adjudicator or given in besides
            _expect(found, given, answers, shown=None, is_wanted=is_wanted)


def _expect_triage(found: Expectations, lake: Lake, campaign: Campaign) -> None:
    """Questions to present people; one that is ruled on is not asked again."""
    people = {person.name for person in campaign.people_for_triage}
    answered = lake.triage.current_decisions(campaign.name).usable
    for page in lake.triage.pages(campaign.name):
        is_open = any(a.image_id not in answered for a in page.assignments)
        copies = _examined(lake, page.batch_id) if is_open else {}
        for question in page.taken_back:
            given = question.assignment
            found.tasks[given.inbox.key].setdefault(
                given.task_key, ExpectedTask(None, is_wanted=False, is_recorded=True)
            )
        for given in page.assignments:
            copy, is_ruled = copies.get(given.image_id), given.image_id in answered
            is_wanted = copy is not None and given.person in people and not is_ruled
            found.tasks[given.inbox.key][given.task_key] = ExpectedTask(
                _shown(lake, copy) if copy else None, is_wanted=is_wanted, is_recorded=True
            )
            if is_wanted:
                found.assignments[given.inbox.key][given.task_key] = given


def _examined(lake: Lake, batch_id: str) -> dict[str, KeptImage]:
    try:
        examined = lake.quality.read(batch_id)
    except ObjectMissingError:
        return {}
    return {each.copy.image_id: each.copy for each in examined if each.copy}


def _expect(
    found: Expectations,
    given: Assignment,
    answers: _Answers,
    *,
    shown: Shown | None,
    is_wanted: bool,
) -> None:
    key = given.inbox.key
    found.tasks[key][given.task_key] = ExpectedTask(
        shown=shown,
        is_wanted=is_wanted,
        is_answered=is_wanted and (key, given.task_key) in answers.standing,
        is_recorded=(key, given.task_key) in answers.recorded,
    )
    if is_wanted:
        found.assignments[key][given.task_key] = given


def _shown(lake: Lake, image: KeptImage) -> Mapping[str, str | int]:
    return {
        "image": f"s3://{lake.cleansed.name}/{keys.cleansed_image(image.image_id)}",
        "image_id": image.image_id,
        "width_px": image.width_px,
        "height_px": image.height_px,
    }


def _expect_inboxes(found: Expectations, lake: Lake, campaign: Campaign) -> None:
    present = (*inboxes_of(campaign), *triage_inboxes_of(campaign))
    for inbox in present:
        settings = wanted_settings(
            label_config(campaign, inbox.phase),
            instructions(campaign, inbox.phase),
            inbox.phase,
        )
        found.inboxes[inbox.key] = ExpectedInbox(
            inbox.key, inbox.title, owner_of(inbox, campaign), settings,
            is_needed=bool(found.assignments.get(inbox.key)),
        )  # fmt: skip
    for inbox in _former(lake, campaign):
        if inbox.key not in found.inboxes:
            found.inboxes[inbox.key] = ExpectedInbox(
                inbox.key, inbox.title, None, None, is_needed=False
            )


def _former(lake: Lake, campaign: Campaign) -> Iterator[Inbox]:
    yield from lake.campaigns.members(campaign.name).inboxes(*DRAWING, Phase.TRIAGE)
