"""Figures of a campaign, as they are kept for each page of its evaluation; pages add up.

Whatever is counted here is a sum over images, a list of values, or a few of the worst. So a page
that changed is counted again by itself, and nothing else is read. Days are those of UTC.
"""

from collections.abc import Iterable

from pydantic import Field

from farmy_assets.catalog.records import Record

WORST, WORST_A_PAGE = 12, 3
"""How many images with most conflicts are kept, of the campaign and of a page."""
EXAMPLES, EXAMPLES_A_PAGE = 6, 2
"""How many images with errors are kept of each person, of the campaign and of a page."""

Days = dict[str, int]
"""Day, YYYY-MM-DD, to a count."""


class DayAnswers(Record):
    """What one person answered on one day in one phase.

    Attributes:
        answers: Tasks that were answered for the first time on that day.
        skipped: How many of them are skipped as of now.
        changed: Later submissions of these tasks, on whatever day.
        lead_s: Seconds of work on each of these tasks, as far as Label Studio told any. It counts
            on when an answer is changed, so the longest of a task's is taken.
    """

    answers: int = 0
    skipped: int = 0
    changed: int = 0
    lead_s: tuple[float, ...] = ()


class PersonClass(Record):
    """One person and one class, over settled images that two or more answered.

    Attributes:
        agreed: Settled regions that the person drew with their class.
        missed: Settled regions that the person did not draw.
        other_class: Settled regions that the person drew with another class.
        extra: Regions of this class that the person drew where there is nothing, or twice.
    """

    agreed: int = 0
    missed: int = 0
    other_class: int = 0
    extra: int = 0


class ClassDisputes(Record):
    """One class over images that two or more answered: settled regions, and conflicts by kind."""

    settled: int = 0
    conflicts: dict[str, int] = Field(default_factory=dict)


class PairFigures(Record):
    """Two people: images that both answered, and those of them on which the two differ."""

    images: int = 0
    differing: int = 0


class WorstImage(Record):
    """An image with the number of its conflicts, or of a person's errors on it."""

    image_id: str
    count: int


class PageFigures(Record):
    """What is counted over some images.

    Attributes:
        answers: Phase to person to day to what was answered.
        open_tasks: Person to the day on which the task's batch was sealed, to open tasks.
        holding: Person to day to tasks that all others who were asked have answered, the last of
            them on that day.
        in_conflict_since: Open conflicts' images by the day of the last vote.
        settled_on: Settled images by the day of the last vote behind them.
        answered_twice: Images that two or more answered in full.
        disputed_twice: Those of them that were ever in conflict.
        people: Person to class to agreement with what was settled.
        classes: Class to disputes.
        pairs: Two names, in order, with a space between, to what they have in common.
        worst: Images with most conflicts.
        examples: Person to images with most errors of that person.
    """

    answers: dict[str, dict[str, dict[str, DayAnswers]]] = Field(default_factory=dict)
    open_tasks: dict[str, Days] = Field(default_factory=dict)
    holding: dict[str, Days] = Field(default_factory=dict)
    in_conflict_since: Days = Field(default_factory=dict)
    settled_on: Days = Field(default_factory=dict)
    answered_twice: int = 0
    disputed_twice: int = 0
    people: dict[str, dict[str, PersonClass]] = Field(default_factory=dict)
    classes: dict[str, ClassDisputes] = Field(default_factory=dict)
    pairs: dict[str, PairFigures] = Field(default_factory=dict)
    worst: tuple[WorstImage, ...] = ()
    examples: dict[str, tuple[WorstImage, ...]] = Field(default_factory=dict)


def worst_of(found: Iterable[WorstImage], most: int) -> tuple[WorstImage, ...]:
    """Those with the highest counts; of equal ones, by id."""
    return tuple(sorted(found, key=lambda image: (-image.count, image.image_id))[:most])
