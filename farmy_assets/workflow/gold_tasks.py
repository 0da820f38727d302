"""Gold into people's inboxes: given out with a batch, known when answers come, taken back."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.believed import AskedImage
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.gold import GoldGiven, Sharing, in_rotation, share_gold
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.votes import Vote, current_votes
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake


def give_gold(lake: Lake, campaign: Campaign, page: BatchAssignments) -> tuple[Assignment, ...]:
    """Give out the gold that belongs to a batch; returns all of it, that of before included.

    Reads the counters of the campaign, the known answers and who was given them, and the pages of
    the evaluation that the new gold images lie in. An image that has left the cleansed set, or is
    disputed again, is passed over.

    Args:
        lake: Where the records are.
        campaign: Its present rules, with the pauses of now.
        page: The batch's ordinary tasks.
    """
    known = lake.gold.known(campaign.name) if campaign.gold.share else {}
    if not known:
        return lake.gold.given(campaign.name).of_batch(page.batch_id)
    counters, _ = lake.assignments.shared(campaign.name).begin()
    members = lake.campaigns.members(campaign.name)
    looked_up: dict[str, EvaluatedImage | None] = {}

    def share(given: GoldGiven) -> tuple[Assignment, ...]:
        rotation = in_rotation(known, given, retire_after=campaign.gold.retire_after)
        while True:
            fit = {i: g for i, g in rotation.items() if i not in looked_up or is_fit(looked_up[i])}
            holders = {i: people_who_know(image, members) for i, image in looked_up.items()}
            sharing = Sharing(counters.tasks, fit, given, holders, members)
            new = share_gold(page.assignments, campaign=campaign, sharing=sharing)
            unknown = {a.image_id for a in new} - looked_up.keys()
            if not unknown:
                return new
            found = lake.evaluations.of_images(campaign.name, unknown)
            looked_up.update({image_id: found.get(image_id) for image_id in unknown})

    return lake.gold.give(campaign.name, share).of_batch(page.batch_id)


def is_fit(image: EvaluatedImage | None) -> bool:
    """Whether an image is still there, and settled: what is disputed is no known answer."""
    return bool(image and image.image and image.consensus and image.consensus.status.is_releasable)


def people_who_know(image: EvaluatedImage | None, members: Membership) -> frozenset[str]:
    """The names of all who are asked about an image, or ever answered, under whatever address."""
    if image is None:
        return frozenset()
    names = {a.person for a in (*image.assignments, *image.adjudication)}
    names |= {vote.inbox_person for vote in image.votes}
    emails = {vote.email for vote in image.votes}
    people = (
        person
        for version in members.versions
        for person in (*version.annotators, version.adjudicator, *version.triagers)
    )
    return frozenset(names | {person.name for person in people if person.email in emails})


def with_gold_images(lake: Lake, images: CleansedSet, gold: Collection[Assignment]) -> CleansedSet:
    """A batch's cleansed set, with the copies of the gold images that go out with it."""
    if not gold:
        return images
    known, there = lake.gold.known(images.campaign), {i.image_id for i in images.kept}
    more = {a.image_id for a in gold} & known.keys() - there
    copies = tuple(known[image_id].gold.image for image_id in sorted(more))
    return images.model_copy(update={"kept": (*images.kept, *copies)})


def asked_gold(
    lake: Lake, campaign: str, image_ids: Collection[str]
) -> dict[str, dict[str, AskedImage]]:
    """Inbox key to task key to what the task shows, of the gold among these images.

    What was taken back counts as well: it may have been answered in that very moment. Where nobody
    was given gold, this costs one request.
    """
    wanted = set(image_ids)
    given = [a for a in lake.gold.given(campaign).ever if a.image_id in wanted]
    known = lake.gold.known(campaign) if given else {}
    asked: dict[str, dict[str, AskedImage]] = defaultdict(dict)
    for assignment in given:
        if answer := known.get(assignment.image_id):
            copy = answer.gold.image
            shown = AskedImage(copy.image_id, copy.width_px, copy.height_px)
            asked[assignment.inbox.key][assignment.task_key] = shown
    return dict(asked)


def answered_tasks(votes: Iterable[Vote]) -> frozenset[tuple[str, str]]:
    """Task key and name of each annotator's task that has an answer of the own; a skip is one."""
    return frozenset(
        (vote.task_key, vote.inbox_person)
        for vote in current_votes(votes)
        if vote.phase is Phase.ANNOTATION and vote.person == vote.inbox_person
    )
