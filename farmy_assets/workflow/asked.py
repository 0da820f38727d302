"""What people were asked to draw on: each inbox's tasks, with image and size of the record."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from farmy_assets.annotation.believed import AskedImage
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.errors import ObjectMissingError
from farmy_assets.lake.lake import Lake


def asked_images(
    lake: Lake, images: Collection[EvaluatedImage]
) -> dict[str, dict[str, AskedImage]]:
    """Inbox key to task key to what the task shows, of everything asked about these images.

    An image that has left the cleansed set since has its size from the checks' own table, so that
    no answer gets lost by it; one of which no size is recorded at all is left out.
    """
    gone = [image for image in images if image.image is None]
    copies = {image.image_id: image.image for image in images if image.image}
    copies |= _copies_of_batches(lake, (a.batch_id for i in gone for a in i.assignments))
    asked: dict[str, dict[str, AskedImage]] = defaultdict(dict)
    for image in images:
        if copy := copies.get(image.image_id):
            shown = AskedImage(copy.image_id, copy.width_px, copy.height_px)
            for assignment in (*image.assignments, *image.adjudication):
                asked[assignment.inbox.key][assignment.task_key] = shown
    return dict(asked)


def _copies_of_batches(lake: Lake, batch_ids: Iterable[str]) -> dict[str, KeptImage]:
    found: dict[str, KeptImage] = {}
    for batch_id in sorted(set(batch_ids)):
        try:
            examined = lake.quality.read(batch_id)
        except ObjectMissingError:
            continue
        found |= {each.copy.image_id: each.copy for each in examined if each.copy}
    return found
