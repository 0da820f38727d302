"""Assignments: who is asked about which image.

The platform keeps them itself: Label Studio Community has none. Sharing out counts everything given
so far, so that a campaign stays fair and its overlap exact however small its batches are.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from pydantic import Field

from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.image_facts import (
    NOTHING_KNOWN,
    Eligibility,
    ImageFacts,
    groups_of,
)
from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.annotation.keeping_together import parted_last, put_together
from farmy_assets.annotation.sharing_counters import Earlier, SharingCounters
from farmy_assets.annotation.work_days import WorkDays
from farmy_assets.annotation.workload import Places, Workload
from farmy_assets.catalog.records import Record, is_missing


class Assignment(Record):
    """One image in one person's inbox of one phase.

    Attributes:
        campaign: The campaign.
        phase: What is asked.
        image_id: The image.
        person: Who is asked.
        task_key: The task's key in Label Studio.
        batch_id: The batch that the image was given out of.
        from_day: The first day on which it lies in the inbox (UTC); None in campaigns without
            limits a day and without a lease: it lies there at once.
        replaces: Who has skipped the image, so that this person is asked in place.
    """

    campaign: str
    phase: Phase
    image_id: str
    person: str
    task_key: str
    batch_id: str
    from_day: date | None = Field(default=None, exclude_if=is_missing)
    replaces: str | None = Field(default=None, exclude_if=is_missing)

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
    facts: Mapping[str, ImageFacts] = NOTHING_KNOWN,
    today: date | None = None,
) -> tuple[Assignment, ...]:
    """New assignments of the annotation phase; the same question always gets the same answer.

    Each image goes to one annotator, and so many of them to `overlap` people that, over everything
    ever given, round(overlap_share * images) images are given to several. Which ones follows from
    a hash of the image id. Work is fair by capacity over everything ever given; of equally busy
    annotators those are taken who met least. Images that few people have the skills for come first.
    Images that the batch gave out are not given again; nor are those that nobody present has the
    skills for: they wait.

    Args:
        image_ids: The batch's images; their order does not matter.
        campaign: The campaign at its present version; only its present annotators get work, and
            nobody who is paused.
        batch_id: Written into the assignments.
        earlier: What the campaign's annotation phase has given out so far.
        facts: What is known of the images, by id.
        today: The day, where the campaign has limits a day or a lease.

    Raises:
        ValueError: Days count in the campaign, and `today` is None.
    """
    people = campaign.active_annotators
    if not people:
        return ()
    tally = earlier.counters.tally()
    days = WorkDays(campaign, tally.days, today)
    asked = _asked(set(image_ids) - earlier.in_batch, campaign, people, facts)
    wanted = round(campaign.overlap_share * (tally.images + len(asked))) - tally.doubled
    work = Workload(people, tally.tasks, tally.met)
    pairs: list[tuple[str, int]] = []
    for places, count, images in _alike(asked, wanted, min(campaign.overlap, len(people))):
        given = [work.give(count, chance=asked[i][0], among=places) for i in images]
        image_ids = [asked[i][1] for i in images]
        if campaign.keep_together:
            groups, clusters = groups_of(campaign, facts, image_ids)
            image_ids = parted_last(image_ids, clusters)
            names = [person.name for person in people]
            given = put_together(image_ids, given, groups=groups, names=names)
        for image_id, chosen in zip(image_ids, given, strict=True):
            pairs += ((image_id, place) for place in chosen)
    del asked
    # By image id, so that a place in the inbox does not tell which images overlap.
    pairs.sort(key=lambda pair: (pair[0], people[pair[1]].name))
    return tuple(
        # Nothing here comes from outside; with all checks a million would take a gigabyte more.
        Assignment.model_construct(
            _ALL_FIELDS,
            campaign=campaign.name,
            phase=Phase.ANNOTATION,
            image_id=image_id,
            person=people[place].name,
            task_key=image_id,
            batch_id=batch_id,
            from_day=days.book(people[place]),
            replaces=None,
        )
        for image_id, place in pairs
    )


_ALL_FIELDS = set(Assignment.model_fields)


def with_days(
    assignments: Sequence[Assignment], *, campaign: Campaign, counters: SharingCounters, today: date
) -> list[Assignment]:
    """The same assignments, each with the first day that has room for it.

    Args:
        assignments: New ones, that the counters do not hold.
        campaign: The campaign at its present version, whose active annotators they are for.
        counters: What was given out before.
        today: The first day that something can be given out for.
    """
    days = WorkDays(campaign, counters.tally().days, today)
    people = {person.name: person for person in campaign.annotators}
    return [a.model_copy(update={"from_day": days.book(people[a.person])}) for a in assignments]


_Asked = tuple[int, str, Places]
"""Its number of chance, an image, and the places of those who may be asked about it."""


def _asked(
    image_ids: Iterable[str],
    campaign: Campaign,
    people: Sequence[Person],
    facts: Mapping[str, ImageFacts],
) -> list[_Asked]:
    """The images that somebody may be asked about, in the order of chance."""
    eligibility = Eligibility(campaign, people)
    found = (
        (chance_of(campaign.name, i), i, eligibility.places_for(facts.get(i))) for i in image_ids
    )
    return sorted(image for image in found if image[2])


def _alike(
    asked: Sequence[_Asked], several: int, overlap: int
) -> Iterator[tuple[Places, int, list[int]]]:
    """Images that go to equally many of the same people: those, how many, and where they stand.

    Those that few people may be asked about come first. The first `several` in the order of chance
    go to several people.
    """
    found: dict[tuple[int, Places, int], list[int]] = defaultdict(list)
    for place, (_, _, among) in enumerate(asked):
        count = min(overlap, len(among)) if several > 0 else 1
        several -= count > 1
        found[len(among), among, -count].append(place)
    for (_, among, count), places in sorted(found.items()):
        yield among, -count, places


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
    people = [person for person in campaign.people_for_triage if not person.paused]
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


def least_busy(people: Sequence[Person], load: Counter[str], *, chance: int) -> str:
    """Who would be least busy with one image more; then chance."""
    busy = [(load[person.name] + 1) / person.capacity for person in people]
    least = min(busy)
    equally_busy = (place for place, value in enumerate(busy) if value == least)
    return people[min(equally_busy, key=lambda place: (place + chance) % len(people))].name


def chance_of(campaign: str, image_id: str) -> int:
    """A number that nobody can foresee from the order in which images arrive."""
    return int.from_bytes(hashlib.sha256(f"{campaign}\x00{image_id}".encode()).digest()[:8])
