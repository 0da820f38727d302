"""Answers as the tool that they were given in holds them, and what has to be understood of them."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import AwareDatetime, Field

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import Decision
from farmy_assets.annotation.question_answers import Pairs
from farmy_assets.annotation.region import Region
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.rulings import Answer


class RawAnnotation(Record):
    """One annotation as Label Studio holds it; nothing in `result` has been checked."""

    annotation_id: int
    email: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    skipped: bool
    lead_time_s: float | None
    ground_truth: bool
    result: tuple[Any, ...]


class AnsweredTask(Record):
    """One task of an inbox with all its annotations.

    Image and size are what the task's own data say; `believed.as_recorded` puts the record's in
    their place. `changed_by` is the address of whoever changed the task or its answers last: empty
    when nobody has since it was made, None when that is not known.
    """

    task_id: int
    task_key: str
    image_id: str
    width_px: Annotated[int, Field(gt=0)]
    height_px: Annotated[int, Field(gt=0)]
    updated_at: AwareDatetime
    annotations: tuple[RawAnnotation, ...]
    created_at: AwareDatetime | None = None
    changed_by: str | None = None


class ReadRegions(NamedTuple):
    """The regions in some results, in pixels, with their attributes.

    Attributes:
        regions: What was understood.
        region_ids: The id of each of them where it was drawn; empty where it had none.
        problems: For each thing that was not understood, or is missing, the reason.
    """

    regions: tuple[Region, ...]
    region_ids: tuple[str, ...]
    problems: tuple[str, ...]


class ReadChoices(NamedTuple):
    """What some results say of the image as a whole, and what of that was not understood."""

    choices: Pairs
    problems: tuple[str, ...]


class ResultReader(Protocol):
    """Understands the results of annotations, in the form of the tool that they were drawn in."""

    def regions_from_results(
        self,
        results: Iterable[object],
        /,
        *,
        campaign: Campaign,
        width_px: int,
        height_px: int,
    ) -> ReadRegions:
        """The regions with their attributes; every result counts that answers no image choice."""

    def choices_from_results(
        self, results: Iterable[object], /, *, campaign: Campaign
    ) -> ReadChoices:
        """What was answered about the image as a whole."""

    def skip_reasons(self, result: Sequence[Any], /) -> tuple[list[Any], list[str]]:
        """The results without those that say why an image cannot be labelled, and these reasons."""

    def drawn_in(self, result: Sequence[Any], /) -> list[Any]:
        """Of an adjudicator's results those that he or she drew."""

    def decision_of(self, result: Sequence[object], /) -> Decision | None:
        """What an adjudicator chose; None for no choice.

        Raises:
            InvalidInputError: There are several choices, or one that is not offered.
        """

    def triage_answer(self, result: Sequence[object], /) -> Answer | None:
        """The answer to a triage question; None when there is none, or more than one."""
