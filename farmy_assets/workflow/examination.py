"""The examination of a batch: verdicts and copies, made where they are not there already.

Checks and copies are made once. Of images that a campaign includes, the results that the batches of
their own have under the same rules are taken over. A copy that is there stays, whatever the rules,
because the tasks and data sets of other campaigns show it.
"""

import time
from collections.abc import Mapping
from typing import NamedTuple

from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.metadata import Source
from farmy_assets.cleansing.cleansed_set import Examined, KeptImage
from farmy_assets.cleansing.policy import CleansingPolicies
from farmy_assets.execution.image_work import ExpectedContent, ImageWork
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.workflow.described_batches import described


class Examination(NamedTuple):
    """The results of a batch.

    Attributes:
        examined: One for each image.
        taken_over: How many of them other batches had already.
        seconds: How long the others took.
    """

    examined: list[Examined]
    taken_over: int
    seconds: float

    def speed(self) -> dict[str, float]:
        """Images that were looked at in a second, under the name of the metadata, if any were."""
        looked_at = len(self.examined) - self.taken_over
        return {"images_per_second": looked_at / self.seconds} if looked_at else {}


class _KnownResults(NamedTuple):
    """What need not be done again for a batch.

    Attributes:
        taken_over: Results under the same rules, of images whose copy is there.
        copies_there: The copy of each image that has one, whatever the rules were.
    """

    taken_over: list[Examined]
    copies_there: dict[str, KeptImage]


def examine_batch(
    lake: Lake, batch: Batch, *, policies: CleansingPolicies, ray_address: str = ""
) -> Examination:
    """Examine a batch's images, and put the copies that are not there where annotators see them.

    Args:
        lake: Where they are.
        batch: The batch.
        policies: The thresholds, and the size of the copies, for each source.
        ray_address: A Ray cluster to work on; empty for this machine.

    Raises:
        LakeUnavailableError: An object that is there could not be read, or a copy not written.
        InvalidInputError: There is no Ray cluster at the address.
    """
    expected = _expected(lake, batch)
    rule_versions = {
        image_id: policies.for_source(source).rule_version
        for source, images in expected.items()
        for image_id in images
    }
    known, work = _known_results(lake, batch, rule_versions), ImageWork.of(lake)
    over = {each.quality.image_id for each in known.taken_over}
    began = time.monotonic()
    examined = [
        image
        for source, images in expected.items()
        for image in work.examine(
            {image_id: content for image_id, content in images.items() if image_id not in over},
            policy=policies.for_source(source),
            ray_address=ray_address,
            copies_there=known.copies_there,
        )
    ]
    seconds = time.monotonic() - began
    return Examination([*examined, *known.taken_over], len(over), seconds)


def _expected(lake: Lake, batch: Batch) -> dict[Source | None, dict[str, ExpectedContent]]:
    """What the metadata tell of each image, by the source that it came from."""
    images, found = described(lake, batch), dict[Source | None, dict[str, ExpectedContent]]()
    for image_id in batch.image_ids:
        if image := images.get(image_id):
            content = ExpectedContent(image.sha256, image.original_name)
            found.setdefault(image.source, {})[image_id] = content
        else:
            found.setdefault(None, {})[image_id] = ExpectedContent(None, None)
    return found


def _known_results(lake: Lake, batch: Batch, rule_versions: Mapping[str, str]) -> _KnownResults:
    """The results that the batches of the images' own have; nothing for such a batch itself.

    Reads the table of each of those batches once, and asks for each image and each copy whether it
    is there. What has no copy, because it could not be decoded, is looked at again.

    Args:
        lake: Where they are.
        batch: The batch at hand.
        rule_versions: The rules that hold for each of its images now, by image id.
    """
    tables = in_threads(lambda i: lake.quality.find(i, batch.image_ids), batch.from_batches)
    possible = [(each, each.copy) for table in tables for each in table if each.copy]
    present = in_threads(lambda pair: _is_there(lake, pair[1].image_id), possible)
    there = [pair for pair, is_there in zip(possible, present, strict=True) if is_there]
    return _KnownResults(
        taken_over=[
            each
            for each, copy in there
            if each.quality.rule_version == rule_versions.get(copy.image_id)
        ],
        copies_there={copy.image_id: copy for _, copy in there},
    )


def _is_there(lake: Lake, image_id: str) -> bool:
    places = ((lake.raw, keys.raw_image(image_id)), (lake.cleansed, keys.cleansed_image(image_id)))
    return all(bucket.size_bytes(key) is not None for bucket, key in places)
