"""Another quorum, tried on the votes of a campaign: what would be settled, and what would differ.

Nothing is stored. Images are read page by page and judged once more; a large campaign takes as long
as its first evaluation, and few pages are in memory at a time.
"""

from collections import Counter
from collections.abc import Iterator

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.agreement.campaign_agreement import AgreementSums
from farmy_assets.annotation.agreement.image_agreement import image_agreement
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.judging_rules import needs_skills
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake

NAMED = 20
"""How many of the images that would differ are named."""


class Counted(Record):
    """What is counted over all judged images under one set of rules.

    Attributes:
        statuses: Images by status.
        settled: Images that nobody has to do anything about.
        conflicts: Conflicts that wait for a decision or got one, by kind.
        outvoted: Differences that a quorum settled, by kind.
        regions: Regions of releasable images, by class.
    """

    statuses: dict[str, int]
    settled: int
    conflicts: dict[str, int]
    outvoted: dict[str, int]
    regions: dict[str, int]


class ConsensusReplay(Record):
    """A campaign under other rules, beside what it is.

    Attributes:
        campaign: The campaign.
        rules: The rules that were tried, in words.
        present: What is counted now.
        tried: What would be counted.
        changed: How many images would have another status or other regions.
        examples: Some of them.
    """

    campaign: str
    rules: str
    present: Counted
    tried: Counted
    changed: int
    examples: tuple[str, ...]


def replay_consensus(lake: Lake, tried: Campaign) -> ConsensusReplay:
    """Judge every image of a campaign once more, by other rules.

    Args:
        lake: Where the votes are.
        tried: The campaign with the rules to be tried.

    Raises:
        InvalidInputError: The campaign was never evaluated.
        LakeUnavailableError: The evaluation is being laid out anew; try again.
    """
    name = tried.name
    if lake.evaluations.summary(name) is None:
        msg = f"nothing of {name} was judged yet: wait for its first votes, or run "
        raise InvalidInputError(f"{msg}farmy campaign evaluate {name}")
    skills = _skills(lake, tried)
    before, after = _Tally(), _Tally()
    changed, examples = 0, list[str]()
    for image, present in _judged(lake, name):
        other = image.judged(tried, skills).consensus
        before.add(present)
        if other is None:
            continue
        after.add(other)
        if (other.status, other.regions) != (present.status, present.regions):
            changed += 1
            if len(examples) < NAMED:
                examples.append(image.image_id)
    return ConsensusReplay(
        campaign=name,
        rules=_in_words(tried),
        present=before.counted(),
        tried=after.counted(),
        changed=changed,
        examples=tuple(examples),
    )


def _judged(lake: Lake, campaign: str) -> Iterator[tuple[EvaluatedImage, ImageConsensus]]:
    for image in lake.evaluations.images(campaign):
        if image.consensus is not None:
            yield image, image.consensus


def _skills(lake: Lake, tried: Campaign) -> AnnotatorSkills | None:
    """What is known of the annotators, found now if it was not needed before."""
    if not needs_skills(tried):
        return None
    known, _ = lake.agreements.skills(tried.name)
    if known is not None:
        return known
    sums = AgreementSums()
    for image, _ in _judged(lake, tried.name):
        sums.add(image_agreement(image, "", tried, None))
    return sums.skills(tried.name)


def _in_words(campaign: Campaign) -> str:
    policy, agreement = campaign.consensus, campaign.agreement
    quorum = (
        f"quorum {policy.quorum}, shape {policy.shape}, classes {policy.classes}"
        if policy
        else "no quorum"
    )
    return f"{quorum}, match_iou {agreement.match_iou:g}, tight_iou {agreement.tight_iou:g}"


class _Tally:
    def __init__(self) -> None:
        self._statuses: Counter[str] = Counter()
        self._conflicts: Counter[str] = Counter()
        self._outvoted: Counter[str] = Counter()
        self._regions: Counter[str] = Counter()
        self._settled = 0

    def add(self, judgement: ImageConsensus) -> None:
        self._statuses[judgement.status.value] += 1
        self._settled += judgement.status.is_settled
        self._conflicts.update(conflict.kind.value for conflict in judgement.conflicts)
        self._outvoted.update(conflict.kind.value for conflict in judgement.outvoted)
        if judgement.status.is_releasable:
            self._regions.update(region.label for region in judgement.regions)

    def counted(self) -> Counted:
        return Counted(
            statuses=dict(sorted(self._statuses.items())),
            settled=self._settled,
            conflicts=dict(sorted(self._conflicts.items())),
            outvoted=dict(sorted(self._outvoted.items())),
            regions=dict(sorted(self._regions.items())),
        )
