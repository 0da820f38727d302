"""Sharing out a batch behind a long history.

    python -m farmy_assets_tests.benchmarks.sharing_out

Earlier batches are there as their counters alone, because nothing else of them is read. All pairs
of people have met, which is the largest record that so many people can make.
"""

import random
import time
from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import typer

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.sharing_counters import Earlier, Tally
from farmy_assets.catalog.batches import batch_id_for
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.shared_pages import SharingState
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.benchmarks.platforms import CAMPAIGN, fresh_platform

IMAGES, EARLIER, FEW, PEOPLE = 1_000, 1_000_000, 10_000, 500
OVERLAP = 0.3
LIMIT_S = 2


@dataclass(frozen=True)
class SharingSpeed:
    """What sharing out one batch took, behind so many images and among so many people."""

    images: int
    earlier: int
    people: int
    seconds: float
    record_bytes: int

    def row(self) -> str:
        """A row of the page of measurements."""
        return (
            f"| sharing out {self.images:,} images after {self.earlier:,}, among {self.people:,} "
            f"people (counters: {self.record_bytes / 1000:,.0f} kB) | {self.seconds:.2f} s | "
            f"{LIMIT_S} s |"
        )


def rules(people: int) -> Campaign:
    """A campaign with so many annotators."""
    annotators = tuple(
        Person(name=f"annotator-{n:04d}", email=f"annotator-{n:04d}@example.com")
        for n in range(people)
    )
    return CAMPAIGN.model_copy(update={"annotators": annotators, "overlap_share": OVERLAP})


def history(campaign: Campaign, images: int) -> Tally:
    """The counters of images that were shared out evenly; the same ones each time."""
    names = [person.name for person in campaign.annotators]
    doubled = round(OVERLAP * images)
    pairs = list(combinations(names, 2))
    met = Counter(dict.fromkeys(pairs, doubled // len(pairs)))
    met.update(random.Random(0).sample(pairs, doubled % len(pairs)))
    tasks = images + doubled
    load = {n: tasks // len(names) + (i < tasks % len(names)) for i, n in enumerate(names)}
    return Tally(images, doubled, Counter(load), met)


def measure(lake: Lake, *, earlier: int = EARLIER, people: int = PEOPLE) -> SharingSpeed:
    """Share out a batch of a campaign of its own; its counters are written here beforehand."""
    campaign = rules(people).model_copy(update={"name": f"sharing-{earlier}-{people}"})
    state = SharingState(counters=history(campaign, earlier).counters())
    key = keys.sharing(campaign.name, Phase.ANNOTATION)
    lake.records.replace(key, state)
    batch_id = batch_id_for(earlier // IMAGES + 1, NOON, campaign.name)
    images = [f"{n:032x}-{0:012x}" for n in range(earlier, earlier + IMAGES)]

    def share(before: Earlier) -> tuple[Assignment, ...]:
        return share_out(images, campaign=campaign, batch_id=batch_id, earlier=before)

    began = time.perf_counter()
    page = lake.assignments.add(campaign, batch_id, share=share)
    seconds = time.perf_counter() - began
    if len(page.assignments) != round((1 + OVERLAP) * IMAGES):
        msg = f"{len(page.assignments)} assignments were made"
        raise ValueError(msg)
    size = len(state.to_json())
    return SharingSpeed(IMAGES, earlier, people, seconds, size)


def measure_all(lake: Lake) -> list[SharingSpeed]:
    """Behind few and many images, among few and many people."""
    cases = ((FEW, 12), (EARLIER, 12), (FEW, PEOPLE), (EARLIER, PEOPLE))
    return [measure(lake, earlier=earlier, people=people) for earlier, people in cases]


def main() -> None:
    """Measure on a fresh local platform, and print the rows."""
    with fresh_platform(parts={"ministack"}) as platform:
        for found in measure_all(platform.lake):
            typer.echo(found.row())


if __name__ == "__main__":
    typer.run(main)
