"""Where an image stands: at every moment in exactly one phase."""

from enum import StrEnum

from farmy_assets.catalog.records import Record


class ImagePhase(StrEnum):
    """The phases, in the order in which an image can pass through them."""

    UNCATALOGUED = "uncatalogued"  # in the raw zone, its event has not been handled yet
    WAITING = "waiting"  # catalogued, in no batch yet
    SEALED = "sealed"  # in a batch that is being cleansed
    DELETED = "deleted"  # taken out of the raw zone
    REJECTED = "rejected"  # cannot be decoded
    HELD = "held"  # flagged by a check; waits for a person's word
    DISCARDED = "discarded"  # was held; a person said that nobody can work with it
    DUPLICATE = "duplicate"  # the same as another image, which is kept
    CLEANSED = "cleansed"  # fit to annotate; nobody was asked yet
    ANNOTATION = "annotation"  # annotators were asked
    ADJUDICATION = "adjudication"  # their answers are in conflict
    SETTLED = "settled"  # has its final boxes
    UNLABELLABLE = "unlabellable"  # the adjudicator said that it cannot be labelled
    RELEASED = "released"  # in a data set version


class PhaseOfImage(Record):
    """The phase of one image, and why it is in it."""

    image_id: str
    name: str
    campaign: str
    phase: ImagePhase
    reason: str = ""
    batch_id: str | None = None
