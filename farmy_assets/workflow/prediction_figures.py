"""Figures of what people made of predictions: shares by model and class, over all people."""

from collections.abc import Iterable
from itertools import groupby
from typing import ClassVar

from farmy_assets.annotation.predictions.use import Use, UseCounts
from farmy_assets.catalog.records import Record
from farmy_assets.lake.prediction_use import PredictionUse


class ClassUse(Record):
    """What became of one model's regions of one class.

    Attributes:
        counts: Regions by what became of them.
        accepted_share: Accepted ones of those that were shown; None when none was.
        mean_edit: How much was changed of those edited: 1 minus the mean likeness; None without.
        missed_share: Added ones of those that are true by the answers; None when none is.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "model", "label", *(use.value for use in Use),
        "accepted_share", "mean_edit", "missed_share",
    )  # fmt: skip

    model: str
    label: str
    counts: dict[str, int]
    accepted_share: float | None
    mean_edit: float | None
    missed_share: float | None

    def row(self) -> dict[str, object]:
        """The figures as one flat row, under the names of `COLUMNS`."""
        shares = self.model_dump(include={"accepted_share", "mean_edit", "missed_share"})
        return {"model": self.model, "label": self.label, **self.counts, **shares}


def by_class(use: PredictionUse) -> list[ClassUse]:
    """The figures of each model and class, in their order."""
    return [
        _figures(model, label, list(rows))
        for (model, label), rows in groupby(use.counts, key=lambda row: (row.model, row.label))
    ]


def by_person(use: PredictionUse) -> dict[str, dict[str, int]]:
    """Person to the number of regions by what became of them, over models and classes."""
    people = sorted({row.person for row in use.counts})
    return {person: _counts(row for row in use.counts if row.person == person) for person in people}


def _figures(model: str, label: str, rows: list[UseCounts]) -> ClassUse:
    counts = _counts(rows)
    shown = sum(counts[use] for use in Use if use is not Use.ADDED)
    true = counts[Use.ACCEPTED] + counts[Use.EDITED] + counts[Use.ADDED]
    edited = counts[Use.EDITED]
    return ClassUse(
        model=model,
        label=label,
        counts=counts,
        accepted_share=_share(counts[Use.ACCEPTED], shown),
        mean_edit=round(1 - sum(r.likeness_sum for r in rows) / edited, 4) if edited else None,
        missed_share=_share(counts[Use.ADDED], true),
    )


def _counts(rows: Iterable[UseCounts]) -> dict[str, int]:
    given = list(rows)
    return {use.value: sum(getattr(row, use.value) for row in given) for use in Use}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
