"""Answers as the tool that they were given in holds them, and what has to be understood of them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Any, Protocol

from pydantic import AwareDatetime, Field

from farmy_assets.annotation.decisions import Decision
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


class ResultReader(Protocol):
    """Understands the results of annotations, in the form of the tool that they were drawn in."""

    def regions_from_results(
        self,
        results: Iterable[object],
        /,
        *,
        kinds: Collection[str],
        labels: Collection[str],
        width_px: int,
        height_px: int,
    ) -> tuple[list[Region], list[str]]:
        """The regions in pixels, and for each result that cannot be understood the reason."""

    def drawn_in(self, result: Sequence[Any], /) -> list[Any]:
        """Of an adjudicator's results those that he or she drew."""

    def decision_of(self, result: Sequence[object], /) -> Decision | None:
        """What an adjudicator chose; None for no choice.

        Raises:
            InvalidInputError: There are several choices, or one that is not offered.
        """

    def triage_answer(self, result: Sequence[object], /) -> Answer | None:
        """The answer to a triage question; None when there is none, or more than one."""
