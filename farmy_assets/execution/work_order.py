"""What is to be done with every image, and the processes that do it; quick to import.

A caller that will have work can start the processes before it loads anything else.
"""

from functools import lru_cache

from pydantic import Field

from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.execution.guard import IMAGE_WORK, GuardedPool


class WorkOrder(Record):
    """The policy to check every image against, and the pictures to make of it."""

    policy: CleansingPolicy = Field(default_factory=CleansingPolicy)
    copies: bool = False
    thumbnails: bool = False
    """Also of images of which no copy is requested."""


@lru_cache(maxsize=1)
def guarded_pool(order: WorkOrder) -> GuardedPool:
    """Children that do this work, within the policy's time and memory.

    The same ones for one order after the other: their start takes longer than a hundred images.
    """
    return GuardedPool(
        IMAGE_WORK,
        order.model_dump_json(),
        seconds=order.policy.seconds_per_image,
        memory_mb=order.policy.memory_mb_per_worker,
    )
