"""Which images become gold: settled ones, of which the answer is known from several people."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.evaluation import EvaluatedImage, PageCounts, votes_behind
from farmy_assets.annotation.gold import GoldImage, in_rotation
from farmy_assets.annotation.membership import Membership
from farmy_assets.catalog.records import Record
from farmy_assets.datasets.splits import split_of
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.gold_tasks import is_fit, people_who_know
from farmy_assets.workflow.releases import group_of

_LEAST_PEOPLE = 2


@dataclass(frozen=True)
class Wanted:
    """Which images are to become gold.

    Attributes:
        image_ids: Just these; None for all that are fit.
        adjudicated: Whether those that an adjudicator decided on are fit.
        agreed_by: So many people and more have to agree on the others; None: no others.
        at_most: How many; None for all.
    """

    image_ids: frozenset[str] | None = None
    adjudicated: bool = False
    agreed_by: int | None = None
    at_most: int | None = None

    def refusal_of(self, judgement: ImageConsensus | None) -> str:
        """Why an image with this consensus cannot be gold; empty when it can."""
        if judgement is None or not judgement.status.is_releasable:
            return f"it is not settled ({judgement.status.value if judgement else 'not judged'})"
        if judgement.status is ConsensusStatus.ADJUDICATED:
            is_fit = self.adjudicated or self.image_ids is not None
            return "" if is_fit else "an adjudicator decided on it"
        people = _agreeing(judgement)
        if self.image_ids is not None and self.agreed_by is None:
            return "" if people >= _LEAST_PEOPLE else "one person alone has labelled it"
        if self.agreed_by is None:
            return "no adjudicator decided on it"
        return "" if people >= self.agreed_by else f"only {people} agreed on it"


class Added(Record):
    """What came of making images gold.

    Attributes:
        added: Ids of those that are gold now and were not, or have another answer than before.
        there: How many of the wanted ones were gold before, with the same answer.
        refused: Id of each named image that cannot be gold to the reason.
    """

    added: tuple[str, ...]
    there: int
    refused: dict[str, str]


def add_gold(lake: Lake, campaign: Campaign, wanted: Wanted) -> Added:
    """Make settled images gold; their answer is the consensus of now.

    Reads the pages of the evaluation that have such images, and the assignments of the batches of
    those that become gold: nobody who was ever asked about one is given it.
    """
    found = {image.image_id: image for image in _candidates(lake, campaign.name, wanted)}
    refused = {i: "the campaign does not know it" for i in sorted(wanted.image_ids or ())}
    fit = []
    for image_id in sorted(found):
        image = found[image_id]
        reason = wanted.refusal_of(image.consensus)
        reason = reason or ("" if image.image else "it has left the cleansed set")
        if reason:
            refused[image_id] = reason
        else:
            refused.pop(image_id, None)
            fit.append(image)
    fit.sort(key=lambda image: _preference(campaign, image.image_id))
    chosen = fit[: wanted.at_most]
    members, former = lake.campaigns.members(campaign.name), _formerly_asked(lake, chosen)
    gold = [_gold(image, members, former[image.image_id]) for image in chosen]
    added = lake.gold.add(campaign.name, [item for item in gold if item])
    return Added(
        added=tuple(sorted(added)),
        there=len(chosen) - len(added),
        refused=refused if wanted.image_ids is not None else {},
    )


class ListedGold(Record):
    """One gold image, for people.

    Attributes:
        image_id: The image.
        number: The number of its newest answer.
        settled_by: How the answer was settled.
        people: How many annotators it rests on.
        regions: How many regions it has.
        given: To how many people it was ever given.
        state: Whether it is given out: `given out`, `retired`, `worn out` or `disputed`.
    """

    image_id: str
    number: int
    settled_by: str
    people: int
    regions: int
    given: int
    state: str


def gold_images(lake: Lake, campaign: Campaign) -> list[ListedGold]:
    """The gold of a campaign, by image id; reads the pages of the evaluation that it lies in."""
    known, given = lake.gold.known(campaign.name), lake.gold.given(campaign.name)
    exposures = given.exposures()
    rotation = in_rotation(known, given, retire_after=campaign.gold.retire_after)
    images = lake.evaluations.of_images(campaign.name, rotation)

    def state(image_id: str) -> str:
        if known[image_id].is_retired:
            return "retired"
        if image_id not in rotation:
            return "worn out"
        return "given out" if is_fit(images.get(image_id)) else "disputed"

    return [
        ListedGold(
            image_id=image_id,
            number=answer.number,
            settled_by=answer.gold.settled_by.value,
            people=answer.gold.people,
            regions=len(answer.gold.regions),
            given=exposures[image_id],
            state=state(image_id),
        )
        for image_id, answer in sorted(known.items())
    ]


def gold_warnings(lake: Lake, campaign: Campaign) -> Iterator[str]:
    """Who is paused and why, and that gold is wanted and there is none; each with what to do."""
    name = campaign.name
    present = {person.name for person in campaign.annotators}
    for person, change in sorted(lake.pauses.current(name).items()):
        if change.is_paused and person in present:
            yield (
                f"{person} is paused since {change.at:%Y-%m-%d %H:%M %Z}, because {change.reason}; "
                f"to go on: farmy gold resume {name} {person}"
            )
    if not campaign.gold.share:
        return
    known, given = lake.gold.known(name), lake.gold.given(name)
    if not in_rotation(known, given, retire_after=campaign.gold.retire_after):
        why = "all of it is retired or worn out" if known else "no image was named yet"
        yield f"nobody is given gold: {why}; farmy gold add {name}"


def _candidates(lake: Lake, campaign: str, wanted: Wanted) -> Iterator[EvaluatedImage]:
    if wanted.image_ids is not None:
        yield from lake.evaluations.of_images(campaign, wanted.image_ids).values()
        return
    statuses = [ConsensusStatus.ADJUDICATED] if wanted.adjudicated else []
    statuses += [ConsensusStatus.AGREED] if wanted.agreed_by else []

    def has_some(counts: PageCounts) -> bool:
        return any(map(counts.count_of, statuses))

    for image in lake.evaluations.images(campaign, where=has_some):
        if image.image and not wanted.refusal_of(image.consensus):
            yield image


def _preference(campaign: Campaign, image_id: str) -> tuple[bool, str]:
    """First those that are in the test split anyway: so no released image changes its split."""
    is_moved = split_of(group_of(image_id), campaign.splits) != "test"
    return is_moved, hashlib.sha256(image_id.encode()).hexdigest()


def _agreeing(judgement: ImageConsensus) -> int:
    return len(judgement.vote_ids) if judgement.status is ConsensusStatus.AGREED else 1


def _formerly_asked(lake: Lake, images: Collection[EvaluatedImage]) -> dict[str, set[str]]:
    """Image id to the people from whom its task was taken back."""
    found: dict[str, set[str]] = defaultdict(set)
    places = {(a.campaign, a.batch_id) for image in images for a in image.assignments}
    for campaign, batch_id in sorted(places):
        page = lake.assignments.of_batch(campaign, batch_id)
        for assignment in page.taken_back if page else ():
            found[assignment.image_id].add(assignment.person)
    return found


def _gold(
    image: EvaluatedImage, members: Membership, formerly_asked: Collection[str]
) -> GoldImage | None:
    judgement = image.consensus
    if judgement is None or image.image is None:
        return None
    return GoldImage(
        image=image.image,
        regions=judgement.regions,
        campaign_version=judgement.campaign_version,
        settled_by=judgement.status,
        people=len(judgement.people),
        vote_ids=votes_behind(judgement),
        known_to=tuple(sorted({*people_who_know(image, members), *formerly_asked})),
    )
