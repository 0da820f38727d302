"""On true regions and people with known errors: consensus is better than anybody, conflicts show.

The same is measured at length by `make bench-conflicts`.
"""

import pytest

from farmy_assets_tests.benchmarks.truth import measured, simulated


@pytest.mark.parametrize(
    ("kind", "people", "images"),
    [
        ("box", 3, 40), ("box", 5, 30), ("rotated_box", 3, 30), ("polygon", 3, 12),
        ("mask", 3, 8), ("keypoint", 3, 40),
    ],
)  # fmt: skip
def test_the_consensus_is_better_than_the_best_person_and_conflicts_are_found(
    kind: str, people: int, images: int
) -> None:
    found = measured(kind, simulated(kind, people, images))
    assert found.consensus.f1 > found.best_person.f1
    assert found.consensus.mean_iou > found.best_person.mean_iou
    assert found.conflicts.recall >= 0.95
    assert found.conflicts.precision >= 0.9
    assert found.conflicts.other_class == 1
