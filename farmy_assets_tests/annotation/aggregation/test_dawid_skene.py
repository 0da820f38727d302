"""Dawid and Skene on the table of their own paper."""

import numpy as np
import pytest

from farmy_assets.annotation.aggregation.ballots import Ballot
from farmy_assets.annotation.aggregation.dawid_skene import dawid_skene
from farmy_assets.annotation.aggregation.wawa import skills

# Patient by patient: the three votes of the first anaesthetist, then one of each other.
# Source: table 1 of the paper; 45 patients, classes 1 to 4.
PATIENTS = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223
4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322
2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121
1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111
1111111 1212111 2322222 1211111 2222222
"""
OBSERVERS = (1, 1, 1, 2, 3, 4, 5)
BALLOTS = [
    Ballot(f"patient {number:02}", f"observer {observer}", label)
    for number, row in enumerate(PATIENTS.split(), start=1)
    for observer, label in zip(OBSERVERS, row, strict=True)
]


def test_items_with_the_same_votes_can_be_counted_in_place_of_repeated() -> None:
    rows = PATIENTS.split()
    numbers = {row: rows.count(row) for row in rows}
    few = [
        Ballot(row, f"observer {observer}", label)
        for row in numbers
        for observer, label in zip(OBSERVERS, row, strict=True)
    ]
    found, all_of_them = dawid_skene(few, times=numbers), dawid_skene(BALLOTS)
    assert found.log_likelihood == pytest.approx(all_of_them.log_likelihood)
    assert found.prevalence == pytest.approx(all_of_them.prevalence)
    accuracies = {person: found.accuracy_of(person) for person in found.confusion}
    assert all(0.5 < accuracy < 1 for accuracy in accuracies.values())
    assert skills(few, times=numbers) == pytest.approx(skills(BALLOTS))


def test_the_figures_of_the_paper_are_found() -> None:
    found = dawid_skene(BALLOTS)
    assert found.log_likelihood == pytest.approx(-192.8909, abs=5e-4)
    assert list(found.prevalence.values()) == pytest.approx(
        [0.3996, 0.4220, 0.1118, 0.0667], abs=5e-5
    )
    for matrix in found.confusion.values():
        assert matrix.sum(axis=1) == pytest.approx(np.ones(4))
