"""The phases of an image: the one list that code, SQL, commands and documents use.

At any time an image is in exactly one phase in each campaign that has it: the one that it came for,
and those that include it. The phases of annotation work, which say what a
person is asked to do, are another thing: `annotation.inboxes.Phase`.
"""

from enum import StrEnum

from farmy_assets.catalog.records import Record


class ImagePhase(StrEnum):
    """The phases, in the order in which an image can pass through them."""

    UNCATALOGUED = "uncatalogued"  # in the raw zone, its event has not been handled yet
    WAITING = "waiting"  # catalogued, in no batch yet
    SEALED = "sealed"  # in a batch that is being cleansed
    DELETED = "deleted"  # taken out of the raw zone
    REJECTED = "rejected"  # cannot be decoded
    HELD = "held"  # flagged by a check; waits for a person's decision
    DISCARDED = "discarded"  # was held; a person decided in triage that it cannot be used
    DUPLICATE = "duplicate"  # shows the same as another image, which is kept
    CLEANSED = "cleansed"  # kept by cleansing; in nobody's inbox yet
    ANNOTATION = "annotation"  # in annotators' inboxes
    ADJUDICATION = "adjudication"  # the annotators' answers are in conflict, or under review
    SETTLED = "settled"  # has its final regions
    UNLABELLABLE = "unlabellable"  # the adjudicator decided that it cannot be labelled
    RELEASED = "released"  # in a data set version


class PhaseOfImage(Record):
    """The phase of one image in one campaign, why it is in it, and its batch there."""

    image_id: str
    name: str
    campaign: str
    phase: ImagePhase
    reason: str = ""
    batch_id: str | None = None
