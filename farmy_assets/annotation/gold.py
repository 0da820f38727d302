"""Gold: images with a known answer, mixed unseen into people's tasks.

A gold task is an ordinary task in all that is to be seen: its key is the image's id, its place in
the inbox follows from it, and everything else is copied from a task that the person gets at the
same time. Whether somebody is given an image as gold stands in records of its own: the image's
consensus never counts the answer.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from farmy_assets.annotation.assignments import Assignment, chance_of
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.regions import AnyRegion
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.cleansed_set import KeptImage

_ROUNDING = 1e-9
_AT_MOST_TIMES = 2
"""So many times the share, at most, is given at once to somebody who is owed gold of before."""


class GoldImage(Record):
    """An image with its known answer.

    Attributes:
        image: The cleansed copy that people see.
        regions: The answer; none where there is nothing to draw.
        campaign_version: The rules under which it was settled, whose class names it has.
        settled_by: How: adjudicated, or agreed.
        people: How many annotators the answer rests on.
        vote_ids: The votes that it rests on.
        known_to: Names of all who were ever asked about it, or answered, before it became gold.
    """

    image: KeptImage
    regions: tuple[AnyRegion, ...]
    campaign_version: int
    settled_by: ConsensusStatus
    people: int
    vote_ids: tuple[str, ...]
    known_to: tuple[str, ...]


class GoldChange(Record):
    """What somebody said at one time: images that become gold, or are given out no more."""

    campaign: str
    added: tuple[GoldImage, ...] = ()
    retired: tuple[str, ...] = ()


class KnownAnswer(NamedTuple):
    """The newest answer that is known of an image, with the number of the change it came with."""

    number: int
    gold: GoldImage
    is_retired: bool


class GoldGiven(Record):
    """Who was given which image as gold, in one campaign; never more than images times people.

    Attributes:
        campaign: The campaign.
        given: In the inboxes, answered or not.
        taken_back: What people who left or were paused had not answered.
    """

    campaign: str
    given: tuple[Assignment, ...] = ()
    taken_back: tuple[Assignment, ...] = ()

    @property
    def ever(self) -> tuple[Assignment, ...]:
        """All that was ever given, what was taken back included."""
        return (*self.given, *self.taken_back)

    def of_batch(self, batch_id: str) -> tuple[Assignment, ...]:
        """What was given out together with a batch."""
        return tuple(a for a in self.given if a.batch_id == batch_id)

    def exposures(self) -> Counter[str]:
        """To how many people each image was ever given."""
        return Counter(a.image_id for a in self.ever)

    def with_more(self, new: Iterable[Assignment]) -> "GoldGiven":
        """The same with what is given besides."""
        return self.model_copy(update={"given": (*self.given, *new)})

    def without(self, former: Collection[Assignment]) -> "GoldGiven":
        """The same with some of it taken back."""
        gone = set(former)
        return self.model_copy(
            update={
                "given": tuple(a for a in self.given if a not in gone),
                "taken_back": (*self.taken_back, *(a for a in self.given if a in gone)),
            }
        )


def known_answers(changes: Mapping[int, GoldChange]) -> dict[str, KnownAnswer]:
    """Image id to the newest known answer, from all changes by their numbers."""
    found: dict[str, KnownAnswer] = {}
    for number in sorted(changes):
        for image_id in changes[number].retired:
            if image_id in found:
                found[image_id] = found[image_id]._replace(is_retired=True)
        for gold in changes[number].added:
            found[gold.image.image_id] = KnownAnswer(number, gold, is_retired=False)
    return found


def in_rotation(
    known: Mapping[str, KnownAnswer], given: GoldGiven, *, retire_after: int
) -> dict[str, GoldImage]:
    """The images that are given out: not retired by word, nor by how many people had them."""
    exposures = given.exposures()
    return {
        image_id: answer.gold
        for image_id, answer in known.items()
        if not answer.is_retired and exposures[image_id] < retire_after
    }


def gold_owed(tasks: int, share: float) -> int:
    """How many gold tasks belong to so many ordinary ones, so that they are the share of all.

    Rounded up: whoever has a task at all has a gold one.
    """
    return math.ceil(tasks * share / (1 - share) - _ROUNDING)


class Sharing(NamedTuple):
    """What giving out gold has to know.

    Attributes:
        tasks: How many ordinary tasks each person ever had, by name.
        rotation: The images that are given out, by id.
        given: What was given out before.
        holders: Image id to people who know it besides those in its record.
        members: Tells under which addresses people were known.
    """

    tasks: Mapping[str, int]
    rotation: Mapping[str, GoldImage]
    given: GoldGiven
    holders: Mapping[str, Collection[str]]
    members: Membership


def share_gold(
    batch: Sequence[Assignment], *, campaign: Campaign, sharing: Sharing
) -> tuple[Assignment, ...]:
    """New gold tasks that go out with a batch; the same question always gets the same answer.

    Over everything ever given, each person has `gold_owed` of the own tasks, as long as there are
    images; somebody who is owed more, as gold came late or ran out, gets at most twice the share
    with one batch. Nobody gets an image that he or she has or had under any name or address. Of
    the others, that comes first which the fewest people were given.

    Args:
        batch: The ordinary tasks of the batch.
        campaign: Its active annotators alone get gold; `gold` has the share.
        sharing: What was given out before, and what there is to give.
    """
    share, retire_after = campaign.gold.share, campaign.gold.retire_after
    rotation, given, exposures = sharing.rotation, sharing.given, sharing.given.exposures()
    counts = Counter(a.person for a in given.given)
    batch_ids = {a.batch_id for a in batch}
    in_batch = Counter(a.person for a in given.ever if a.batch_id in batch_ids)
    known_to = _known_to(sharing)
    new: list[Assignment] = []
    for name in sorted(person.name for person in campaign.active_annotators):
        mine = sorted((a for a in batch if a.person == name), key=lambda a: a.image_id)
        owed = gold_owed(sharing.tasks.get(name, 0), share) - counts[name]
        room = gold_owed(_AT_MOST_TIMES * len(mine), share) - in_batch[name]
        if (count := min(owed, room)) <= 0:
            continue
        me, salt = {name, *sharing.members.addresses_of(name)}, f"{campaign.name} {name}"
        free = [i for i in rotation if me.isdisjoint(known_to[i])]
        for _ in range(count):
            left = [i for i in free if exposures[i] < retire_after]
            if not left:
                break
            chosen = min(left, key=lambda i: (exposures[i], chance_of(salt, i), i))
            free.remove(chosen)
            exposures[chosen] += 1
            beside = mine[chance_of(campaign.name, chosen) % len(mine)]
            new.append(beside.model_copy(update={"image_id": chosen, "task_key": chosen}))
    return tuple(sorted(new, key=lambda a: (a.person, a.image_id)))


def _known_to(sharing: Sharing) -> dict[str, set[str]]:
    """Image id to the names of all who know it, and every address that these ever stood for."""
    names = {i: {*g.known_to, *sharing.holders.get(i, ())} for i, g in sharing.rotation.items()}
    for one in sharing.given.ever:
        if one.image_id in names:
            names[one.image_id].add(one.person)
    addresses = sharing.members.addresses_of
    return {i: some.union(*(addresses(name) for name in some)) for i, some in names.items()}


def unanswered_gold(
    given: GoldGiven, *, people: Collection[str], answered: Collection[tuple[str, str]]
) -> tuple[Assignment, ...]:
    """What people who are asked no more have not answered.

    Args:
        given: What was given out.
        people: The names of those who are asked now.
        answered: Task keys and names of the answers that there are.
    """
    return tuple(
        a for a in given.given if a.person not in people and (a.task_key, a.person) not in answered
    )
