"""The figures of gold answers for people: by person, by class, by version of the guideline."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from farmy_assets.annotation.gold_counts import Accuracy, ClassCounts, GoldSums
from farmy_assets.annotation.gold_scores import ClassNames
from farmy_assets.catalog.records import Record

People = Mapping[str, Mapping[str, GoldSums]]
"""Name to campaign version, as text, to what is counted."""


class ScoreRow(Record):
    """The figures of one person, class and version of the guideline; None is all of them.

    Attributes:
        person: Whose answers.
        label: The present name of a class; "nothing" for images without an object.
        campaign_version: The version of the campaign that the answers were given under.
        answers: Gold answers; those in which the class was there or drawn, where there is a class.
        skipped: How many of them are skips; None where there is a class.
        counts: What is counted.
        accuracy: Hits among objects and extras, with its interval.
        f1: 2 hits / (objects + regions drawn); None when there is neither.
    """

    person: str | None = None
    label: str | None = None
    campaign_version: int | None = None
    answers: int
    skipped: int | None
    counts: ClassCounts
    accuracy: Accuracy
    f1: float | None

    def shown(self, *columns: str) -> dict[str, Any]:
        """Some of the figures for a table: shares in percent, rounded; empty where undefined."""
        accuracy = self.accuracy
        values: dict[str, Any] = self.counts.model_dump() | {
            "person": self.person or "all",
            "class": self.label or "all",
            "campaign_version": self.campaign_version or "all",
            "answers": self.answers,
            "skipped": self.skipped,
            "accuracy_percent": _percent(accuracy.value),
            "low_percent": _percent(accuracy.low),
            "high_percent": _percent(accuracy.high),
            "f1_percent": _percent(self.f1),
        }
        return {name: values[name] for name in columns}


def rows_by_person(people: People) -> list[ScoreRow]:
    """One row a person, by name."""
    return [_row(_together(sums.values()), person=name) for name, sums in sorted(people.items())]


def rows_by_class(people: People, names: ClassNames) -> list[ScoreRow]:
    """One row a class over all people, then one for each person and class."""
    everybody = _together(chain.from_iterable(sums.values() for sums in people.values()))
    return [
        *_of_classes(everybody, names, person=None),
        *chain.from_iterable(
            _of_classes(_together(sums.values()), names, person=name)
            for name, sums in sorted(people.items())
        ),
    ]


def rows_by_version(people: People) -> list[ScoreRow]:
    """One row a version over all people, then one for each person and version: the drift."""
    versions = sorted({int(version) for sums in people.values() for version in sums})
    found = [
        _row(_together(s[str(v)] for s in people.values() if str(v) in s), version=v)
        for v in versions
    ]
    return found + [
        _row(sums[str(version)], person=name, version=version)
        for name, sums in sorted(people.items())
        for version in versions
        if str(version) in sums
    ]


def _together(sums: Iterable[GoldSums]) -> GoldSums:
    return sum(sums, GoldSums())


def _row(sums: GoldSums, *, person: str | None = None, version: int | None = None) -> ScoreRow:
    return ScoreRow(
        person=person, campaign_version=version, answers=sums.answers, skipped=sums.skipped,
        counts=sums.counts, accuracy=sums.accuracy, f1=sums.counts.f1,
    )  # fmt: skip


def _of_classes(sums: GoldSums, names: ClassNames, *, person: str | None) -> Iterator[ScoreRow]:
    for class_id, counts in sums.classes.items():
        yield ScoreRow(
            person=person, label=names.name_of(int(class_id)), answers=counts.answers,
            skipped=None, counts=counts, accuracy=Accuracy.of(counts, counts.answers),
            f1=counts.f1,
        )  # fmt: skip


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
