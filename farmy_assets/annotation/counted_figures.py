"""What a page of a campaign's evaluation adds to the campaign's figures.

Only answers in the own inbox count, and of the regions those of images that two or more answered:
what one person drew alone cannot be compared with anything.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import combinations

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.conflicts import Conflict, ConflictKind
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.figures_tally import FiguresTally
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.page_figures import PageFigures, WorstImage
from farmy_assets.annotation.sharing_counters import pair_of
from farmy_assets.annotation.votes import Outcome, Vote, age
from farmy_assets.catalog.batches import sealed_on

_TWO = 2
_ERRORS = (ConflictKind.MISSED, ConflictKind.OTHER_CLASS, ConflictKind.EXTRA)


def figures_of(images: Iterable[EvaluatedImage]) -> PageFigures:
    """What is counted over these images."""
    tally = FiguresTally()
    for image in images:
        _count_answers(tally, image)
        if image.consensus:
            _count_state(tally, image, image.consensus)
            _count_agreement(tally, image, image.consensus)
    return tally.figures()


def _count_answers(tally: FiguresTally, image: EvaluatedImage) -> None:
    of_task: dict[tuple[str, str, str], list[Vote]] = defaultdict(list)
    for vote in sorted(image.votes, key=age):
        if vote.person == vote.inbox_person and vote.outcome is not Outcome.WITHDRAWN:
            of_task[vote.phase.value, vote.inbox_person, vote.task_key].append(vote)
    for (phase, person, _), votes in of_task.items():
        counted = tally.answers[phase, person, _day(votes[0].submitted_at)]
        counted.answers += 1
        counted.skipped += votes[-1].outcome is Outcome.SKIPPED
        counted.changed += len(votes) - 1
        times = [vote.lead_time_s for vote in votes if vote.lead_time_s is not None]
        counted.lead_s += [round(max(times), 1)] if times else []


def _count_state(tally: FiguresTally, image: EvaluatedImage, judgement: ImageConsensus) -> None:
    behind = {*judgement.vote_ids, judgement.decision_vote_id}
    last = max((v.submitted_at for v in image.votes if v.vote_id in behind), default=None)
    if judgement.status is ConsensusStatus.WAITING:
        missing = set(judgement.waiting_for)
        for task in image.assignments:
            if task.phase is Phase.ANNOTATION and task.person in missing:
                tally.open_tasks[task.person, _given_on(task)] += 1
        if last and len(missing) == 1:
            tally.holding[missing.pop(), _day(last)] += 1
    elif last and judgement.status is ConsensusStatus.IN_CONFLICT:
        tally.in_conflict_since[_day(last)] += 1
    elif last:
        tally.settled_on[_day(last)] += 1


def _count_agreement(tally: FiguresTally, image: EvaluatedImage, judgement: ImageConsensus) -> None:
    behind = set(judgement.vote_ids)
    cast = {v.voter: v for v in image.votes if v.vote_id in behind and v.phase is Phase.ANNOTATION}
    if judgement.conflicts:
        tally.worst.append(WorstImage(image_id=image.image_id, count=len(judgement.conflicts)))
    if judgement.waiting_for or len(cast) < _TWO:
        return
    tally.answered_twice += 1
    tally.disputed_twice += bool(judgement.conflicts)
    for one, other in combinations(sorted(cast), 2):
        pair = " ".join(pair_of(one, other))
        tally.common[pair] += 1
        tally.differing[pair] += any(_differ(c, one, other) for c in judgement.conflicts)
    for conflict in judgement.conflicts:
        for label in {region.label for region in conflict.regions if region}:
            tally.conflicts[label, conflict.kind.value] += 1
    if judgement.status.is_releasable:
        tally.settled.update(region.label for region in judgement.regions)
        _count_people(tally, judgement, [name for name, vote in cast.items() if vote.is_clean])


def _count_people(tally: FiguresTally, judgement: ImageConsensus, people: list[str]) -> None:
    """What of the settled regions each person had right, from what he or she had wrong."""
    errors: Counter[str] = Counter()
    for settled in judgement.settled_as:
        if settled.kind not in _ERRORS:
            continue
        for person in settled.people:
            errors[person] += 1
            tally.people[person, settled.region.label, settled.kind.value] += 1
            if settled.kind is not ConflictKind.EXTRA:
                tally.people[person, settled.region.label, "agreed"] -= 1
    for person in people:
        for region in judgement.regions:
            tally.people[person, region.label, "agreed"] += 1
    for person, count in errors.items():
        tally.examples[person].append(WorstImage(image_id=judgement.image_id, count=count))


def _differ(conflict: Conflict, one: str, other: str) -> bool:
    """Whether two people are on different sides of a conflict."""
    drew = dict(zip(conflict.people, conflict.regions, strict=True))
    if one not in drew or other not in drew:
        return False
    first, second = drew[one], drew[other]
    if first is None or second is None:
        return (first is None) != (second is None)
    return conflict.kind is ConflictKind.LOOSE or first.label != second.label


def _given_on(task: Assignment) -> str:
    """The day since which a task waits: its own, where it has one, else that of its batch."""
    return task.from_day.isoformat() if task.from_day else sealed_on(task.batch_id)


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
