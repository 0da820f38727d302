"""One image of a Label Studio export: where the people who answered it do not say the same."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from farmy_assets.annotation.agreement.drawn_units import DrawnImage, drawn_image
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import Conflict, find_conflicts
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.matching import group_regions
from farmy_assets.annotation.question_answers import Pairs, answers_of, in_plain_words
from farmy_assets.annotation.quorum import AgreedRegion, agreed_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.label_studio.export_answers import DrawnAnswer, read_answer
from farmy_assets.label_studio.exports import ExportedTask
from farmy_assets.label_studio.read_configs import ReadConfig

INVALID = "invalid"

_EXPORT = "export"
_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class FoundConflict(NamedTuple):
    """One difference between people.

    Attributes:
        kind: other_class, missed, extra, loose, skipped, attribute, image_choice, or invalid for
            something that cannot be read.
        annotators: Who differ.
        class_a: The class, or the answer, that most of them gave.
        class_b: The others, where there are some.
        distance: 1 - the lowest likeness of the regions, for other_class and loose.
        region_ids: For each annotator the id of his or her region in the export; None where
            nothing was drawn.
        sentence: The difference in words.
    """

    kind: str
    annotators: tuple[str, ...]
    class_a: str | None
    class_b: str | None
    distance: float | None
    region_ids: tuple[str | None, ...]
    sentence: str


class ComparedImage(NamedTuple):
    """What people said of one image, and how far they agree.

    `answers` has those who answered, `skipped_by` those who skipped it; `drawn` has its objects.
    """

    task_id: str
    image: str
    size_px: tuple[int, int] | None
    answers: Mapping[str, DrawnAnswer]
    skipped_by: tuple[str, ...]
    conflicts: tuple[FoundConflict, ...]
    drawn: DrawnImage
    agreed: tuple[AgreedRegion, ...]


def compare_task(
    task: ExportedTask, config: ReadConfig, *, policy: AgreementPolicy, quorum: int | None = None
) -> list[ComparedImage]:
    """Compare the answers to each image of a task.

    Args:
        task: The task with its answers.
        config: The label config that it was answered with.
        policy: When two regions are the same object, and when they are drawn alike.
        quorum: How many people have to have drawn what is agreed; half of them without it.
    """
    read = {a.person: read_answer(a.results, config) for a in task.answers if not a.skipped}
    skipped = tuple(answer.person for answer in task.answers if answer.skipped)
    address = task.data.get(config.image)
    images = address if config.is_list and isinstance(address, list) else [address]
    places = sorted({*range(len(images)), *(place for answer in read.values() for place in answer)})
    nothing = DrawnAnswer((), {}, (), None)
    return [
        _compared(
            task.task_id,
            str(images[place]) if place < len(images) and images[place] else "",
            {person: answer.get(place, nothing) for person, answer in read.items()},
            skipped,
            policy,
            quorum,
        )
        for place in places
    ]


def _compared(
    task_id: str,
    image: str,
    answers: Mapping[str, DrawnAnswer],
    skipped: tuple[str, ...],
    policy: AgreementPolicy,
    quorum: int | None,
) -> ComparedImage:
    drawn = {person: [d.region for d in answer.regions] for person, answer in answers.items()}
    votes = [
        _vote(task_id, person, tuple(regions), choices=answers_of(answers[person].choices))
        for person, regions in drawn.items()
    ]
    votes += [_vote(task_id, person, (), skipped=True) for person in skipped]
    groups = group_regions(drawn, policy=policy)
    differences = find_conflicts(votes, policy, groups=groups)
    found = [_found(conflict, answers) for conflict in differences]
    found += _problems(answers)
    sizes = [answer.size_px for answer in answers.values() if answer.size_px]
    return ComparedImage(
        task_id=task_id,
        image=image,
        size_px=sizes[0] if sizes else None,
        answers=answers,
        skipped_by=skipped,
        conflicts=tuple(found),
        drawn=drawn_image(groups, people=drawn),
        agreed=agreed_regions(groups, people=len(drawn), quorum=quorum),
    )


def _vote(
    task_id: str,
    person: str,
    regions: tuple[Region, ...],
    *,
    choices: Pairs = (),
    skipped: bool = False,
) -> Vote:
    # Not checked again field by field: everything in it is ours or was read as a region.
    return Vote.model_construct(
        vote_id=f"{task_id} {person}",
        campaign=_EXPORT,
        campaign_version=1,
        phase=Phase.ANNOTATION,
        task_key=task_id,
        image_id=task_id,
        inbox_person=person,
        person=person,
        email=person,
        submitted_at=_UNKNOWN_TIME,
        lead_time_s=None,
        outcome=Outcome.SKIPPED if skipped else Outcome.SUBMITTED,
        regions=regions,
        choices=choices,
    )


def _found(conflict: Conflict, answers: Mapping[str, DrawnAnswer]) -> FoundConflict:
    answered = (in_plain_words(value) for value in conflict.answers)
    drawn = (region.label for region in conflict.regions if region)
    counted = Counter(answered if conflict.question else drawn)
    labels = [label for label, _ in counted.most_common()]
    return FoundConflict(
        kind=conflict.kind.value,
        annotators=conflict.people,
        class_a=labels[0] if labels else None,
        class_b=", ".join(labels[1:]) or None,
        distance=None if conflict.likeness is None else 1 - conflict.likeness,
        region_ids=tuple(
            _id_of(region, answers.get(person))
            for person, region in zip(conflict.people, conflict.regions, strict=True)
        ),
        sentence=conflict.sentence,
    )


def _id_of(region: Region | None, answer: DrawnAnswer | None) -> str | None:
    drawn = answer.regions if answer and region else ()
    return next((each.region_id for each in drawn if each.region is region), None)


def _problems(answers: Mapping[str, DrawnAnswer]) -> Iterator[FoundConflict]:
    for person, answer in answers.items():
        for problem in answer.problems:
            sentence = f"{person} sent something that cannot be read: {problem}"
            yield FoundConflict(INVALID, (person,), None, None, None, (None,), sentence)
