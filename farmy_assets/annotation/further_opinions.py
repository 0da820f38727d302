"""One person more for an image: in place of somebody who skipped it, or where two disagree.

A skipped image goes to another person once; a second skip is for the adjudicator. Where a campaign
asks for a third opinion, what two people disagree about goes to a third one, who knows nothing of
it, before the adjudicator decides. Both follow from the image's record alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from farmy_assets.annotation.assignments import Assignment, chance_of, least_busy
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.image_facts import NOTHING_KNOWN, Eligibility, ImageFacts
from farmy_assets.annotation.membership import Membership

NOBODY: Mapping[str, Collection[str]] = {}

_TWO = 2
_NO_OPINION = frozenset({ConflictKind.SKIPPED, ConflictKind.INVALID})


def needs_further_opinion(image: EvaluatedImage, campaign: Campaign) -> bool:
    """Whether a third annotator is to be asked about an image before the adjudicator is.

    That is so when two people, and no more, were asked, both drew, and they disagree; when the
    adjudicator was not asked yet; and when there is somebody else to ask.
    """
    judgement = image.consensus
    if not campaign.third_opinion or judgement is None or image.adjudication:
        return False
    return (
        judgement.status is ConsensusStatus.IN_CONFLICT
        and len(judgement.people) == _TWO
        and not any(conflict.kind in _NO_OPINION for conflict in judgement.conflicts)
        and any(p.name not in _asked(image) for p in campaign.active_annotators)
    )


def skipped_by(image: EvaluatedImage) -> str | None:
    """Who skipped an image that another person is still to be asked about; else None."""
    judgement = image.consensus
    if judgement is None or judgement.status is not ConsensusStatus.IN_CONFLICT:
        return None
    if image.adjudication or any(given.replaces for given in image.assignments):
        return None
    skips = [c.people[0] for c in judgement.conflicts if c.kind is ConflictKind.SKIPPED]
    return skips[0] if len(skips) == 1 else None


def further_assignments(
    images: Iterable[EvaluatedImage],
    *,
    campaign: Campaign,
    load: Counter[str],
    members: Membership,
    known_to: Mapping[str, Collection[str]] = NOBODY,
    facts: Mapping[str, ImageFacts] = NOTHING_KNOWN,
) -> tuple[Assignment, ...]:
    """The assignments that these images need besides those that they have; see the module.

    An image that nobody else may be asked about gets none, and goes to the adjudicator.

    Args:
        images: In conflict, as they were evaluated.
        campaign: The campaign at its present version.
        load: How many tasks each person has.
        members: Tells under which addresses people were known.
        known_to: Who else has seen an image with its answer known, by id.
        facts: What is known of the images, by id.
    """
    load = Counter(load)
    eligibility = Eligibility(campaign, campaign.active_annotators)
    new: list[Assignment] = []
    for image in sorted(images, key=lambda i: (chance_of(campaign.name, i.image_id), i.image_id)):
        replaced = skipped_by(image)
        if not image.assignments or not (replaced or needs_further_opinion(image, campaign)):
            continue
        able = eligibility.people_for(facts.get(image.image_id))
        free = members.others(able, {*_asked(image), *known_to.get(image.image_id, ())})
        if not free:
            continue
        person = least_busy(free, load, chance=chance_of(campaign.name, image.image_id))
        load[person] += 1
        before = image.assignments[-1]
        changes = {"person": person, "replaces": replaced, "from_day": None}
        new.append(before.model_copy(update=changes))
    return tuple(sorted(new, key=lambda a: (a.batch_id, a.image_id)))


def _asked(image: EvaluatedImage) -> set[str]:
    return {given.person for given in image.assignments}
