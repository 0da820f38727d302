"""Assignments: who is asked about which image.

The platform keeps them itself: Label Studio Community has none. Sharing out counts everything given
so far, so that a campaign stays fair and its overlap exact however small its batches are.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.annotation.sharing_counters import Earlier, Pair, pair_of
from farmy_assets.catalog.records import Record


class Assignment(Record):
    """One image in one person's inbox of one phase."""

    campaign: str
    phase: Phase
    image_id: str
    person: str
    task_key: str
    batch_id: str

    @property
    def inbox(self) -> Inbox:
        """The inbox that the task belongs in."""
        return Inbox(campaign=self.campaign, phase=self.phase, person=self.person)


def share_out(
    image_ids: Iterable[str],
    *,
    campaign: Campaign,
    batch_id: str,
    earlier: Earlier,
) -> tuple[Assignment, ...]:
    """New assignments of the annotation phase; the same question always gets the same answer.

    Each image goes to one annotator, and so many of them to a second one that, over everything
    ever given, round(overlap_share * images) images are given twice. Which ones follows from a
    hash of the image id. Work is fair by capacity over everything ever given; of equally busy
    annotators the pair that met least is taken. Images that the batch gave out are not given again.

    Args:
        image_ids: The batch's images; their order does not matter.
        campaign: The campaign at its present version; only its present annotators get work,
            and nobody who is paused.
        batch_id: Written into the assignments.
        earlier: What the campaign's annotation phase has given out so far.
    """
    tally = earlier.counters.tally()
    load, met = tally.tasks, tally.met
    new = sorted(
        set(image_ids) - earlier.in_batch, key=lambda image_id: chance_of(campaign.name, image_id)
    )
    wanted = round(campaign.overlap_share * (tally.images + len(new))) - tally.doubled
    doubled = min(max(wanted, 0), len(new)) if len(campaign.active_annotators) > 1 else 0

    pairs: list[tuple[str, str]] = []
    for index, image_id in enumerate(new):
        chance = chance_of(campaign.name, image_id)
        first = least_busy(campaign.active_annotators, load, chance=chance)
        load[first] += 1
        pairs.append((image_id, first))
        if index < doubled:
            others = [person for person in campaign.active_annotators if person.name != first]
            second = least_busy(others, load, chance=chance, met=met, first=first)
            load[second] += 1
            met[pair_of(first, second)] += 1
            pairs.append((image_id, second))
    return tuple(
        Assignment(
            campaign=campaign.name,
            phase=Phase.ANNOTATION,
            image_id=image_id,
            person=person,
            task_key=image_id,
            batch_id=batch_id,
        )
        # By image id, so that a place in the inbox does not tell which images overlap.
        for image_id, person in sorted(pairs)
    )


def share_out_triage(
    image_ids: Iterable[str],
    *,
    campaign: Campaign,
    batch_id: str,
    earlier: Earlier,
) -> tuple[Assignment, ...]:
    """New assignments of the triage phase, one for each image; the same question, the same answer.

    Work is fair by capacity over everything ever given. Images that the batch asked about are not
    given again.

    Args:
        image_ids: Flagged images; their order does not matter.
        campaign: The campaign at its present version; only its present people get work.
        batch_id: Written into the assignments.
        earlier: What the campaign's triage phase has given out so far.
    """
    load = Counter(earlier.counters.tasks)
    people = campaign.people_for_triage
    pairs: list[tuple[str, str]] = []
    new = set(image_ids) - earlier.in_batch
    for image_id in sorted(new, key=lambda i: chance_of(campaign.name, i)):
        person = least_busy(people, load, chance=chance_of(campaign.name, image_id))
        load[person] += 1
        pairs.append((image_id, person))
    return tuple(
        Assignment(
            campaign=campaign.name,
            phase=Phase.TRIAGE,
            image_id=image_id,
            person=person,
            task_key=image_id,
            batch_id=batch_id,
        )
        for image_id, person in sorted(pairs)
    )


def least_busy(
    people: Sequence[Person],
    load: Counter[str],
    *,
    chance: int,
    met: Counter[Pair] | None = None,
    first: str = "",
) -> str:
    """Who would be least busy with one image more; then who met `first` least; then chance."""
    busy = [(load[person.name] + 1) / person.capacity for person in people]
    least = min(busy)

    def rank(place: int) -> tuple[int, int]:
        meetings = met[pair_of(first, people[place].name)] if met is not None else 0
        return meetings, (place + chance) % len(people)

    equally_busy = (place for place, value in enumerate(busy) if value == least)
    return people[min(equally_busy, key=rank)].name


def chance_of(campaign: str, image_id: str) -> int:
    """A number that nobody can foresee from the order in which images arrive."""
    return int.from_bytes(hashlib.sha256(f"{campaign}\x00{image_id}".encode()).digest()[:8])
