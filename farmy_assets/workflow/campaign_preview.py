"""What new rules of a campaign would change in what people answered so far; nothing is stored.

Reads every page of the campaign's evaluation once, as it is after the last run, and judges its
images in memory: 100,000 images take about as long as their first evaluation.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.class_history import class_operations, with_history
from farmy_assets.annotation.class_uses import ClassUse, class_uses, total_uses
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks

_IMAGES_AT_ONCE = 2_000


class ClassOperation(NamedTuple):
    """What becomes of one class, and what people drew of it."""

    name: str
    becomes: str
    use: ClassUse


class RulesPreview(NamedTuple):
    """What would change.

    Attributes:
        classes: The classes of which something becomes.
        images: How many images were looked at.
        before: Images by status, as they are.
        after: Images by status, under the new rules.
    """

    classes: tuple[ClassOperation, ...]
    images: int
    before: Counter[str]
    after: Counter[str]


def preview_rules(
    lake: Lake,
    present: Campaign,
    wanted: Campaign,
    *,
    on_judged: Callable[[int], None] = lambda _: None,
) -> RulesPreview:
    """What the rules that are wanted would change in a campaign.

    Args:
        lake: Where the campaign's evaluation is.
        present: Its present rules.
        wanted: Rules that `workflow.campaigns.check` let pass.
        on_judged: Called with the number of images that were judged, after each portion.
    """
    after_rules = with_history(present, wanted)
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    uses = []
    images = 0
    for some in in_chunks(lake.evaluations.images(present.name), _IMAGES_AT_ONCE):
        before += _statuses(some)
        after += _statuses(image.judged(after_rules) for image in some)
        uses.append(class_uses(vote for image in some for vote in image.votes))
        images += len(some)
        on_judged(len(some))
    used = total_uses(uses)
    operations = tuple(
        ClassOperation(item.name, becomes, used.of(item))
        for item, becomes in class_operations(present, after_rules)
    )
    return RulesPreview(operations, images, before, after)


def _statuses(images: Iterable[EvaluatedImage]) -> Counter[str]:
    return Counter(image.consensus.status.value for image in images if image.consensus)
