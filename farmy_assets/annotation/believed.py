"""What comes back from Label Studio, held against what the platform recorded that it had asked.

A task's data lie in Label Studio and can be changed there. Which image a task shows, and how large
that is, is therefore taken from the record, by the task's key; a task that the record does not know
was made by somebody else, and counts for nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from farmy_assets.annotation.answers import AnsweredTask


@dataclass(frozen=True)
class AskedImage:
    """What a recorded task shows; the size is that of the normalised copy."""

    image_id: str
    width_px: int
    height_px: int


@dataclass
class Differences:
    """What was found not to be as recorded; counted over many tasks.

    Attributes:
        not_asked: keys of tasks that nobody was asked by the platform.
        altered: keys of tasks whose data named another image or size than the record.
    """

    not_asked: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)


def as_recorded(
    tasks: Iterable[AnsweredTask], asked: Mapping[str, AskedImage], *, differences: Differences
) -> Iterable[AnsweredTask]:
    """The tasks that were asked, each with the image and the size of the record.

    Args:
        tasks: As Label Studio has them.
        asked: Task key to what the task shows, of this inbox alone.
        differences: Takes what was found on the way.
    """
    for task in tasks:
        image = asked.get(task.task_key)
        if image is None:
            differences.not_asked.add(task.task_key)
            continue
        recorded = task.model_copy(
            update={
                "image_id": image.image_id,
                "width_px": image.width_px,
                "height_px": image.height_px,
            }
        )
        if recorded != task:
            differences.altered.add(task.task_key)
        yield recorded
