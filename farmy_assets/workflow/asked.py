"""What people were asked to draw on: each inbox's tasks, with image and size of the record."""

from collections import defaultdict
from collections.abc import Iterable

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.believed import AskedImage
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.errors import ObjectMissingError
from farmy_assets.lake.lake import Lake


def asked_images(lake: Lake, campaign: str) -> dict[str, dict[str, AskedImage]]:
    """Inbox key to task key to what the task shows, of everything that was ever asked.

    An image that has left the cleansed set since has its size from the checks' own table, so that
    no answer gets lost by it; one of which no size is recorded at all is left out.
    """
    adjudicated = lake.assignments.adjudication(campaign).assignments
    assignments = (*lake.assignments.all(campaign), *adjudicated)
    copies: dict[str, KeptImage] = lake.kept_images(campaign)
    gone = {a.image_id: a.batch_id for a in assignments if a.image_id not in copies and a.batch_id}
    copies |= _copies_of_batches(lake, gone.values())
    asked: dict[str, dict[str, AskedImage]] = defaultdict(dict)
    for assignment in assignments:
        if image := _asked(assignment, copies):
            asked[assignment.inbox.key][assignment.task_key] = image
    return dict(asked)


def _asked(assignment: Assignment, copies: dict[str, KeptImage]) -> AskedImage | None:
    copy = copies.get(assignment.image_id)
    return AskedImage(copy.image_id, copy.width_px, copy.height_px) if copy else None


def _copies_of_batches(lake: Lake, batch_ids: Iterable[str]) -> dict[str, KeptImage]:
    found: dict[str, KeptImage] = {}
    for batch_id in sorted(set(batch_ids)):
        try:
            examined = lake.quality.read(batch_id)
        except ObjectMissingError:
            continue
        found |= {each.copy.image_id: each.copy for each in examined if each.copy}
    return found
