"""The versions of an image in conflict: which vote is version A, and what a decision adopts."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import find_conflicts
from farmy_assets.annotation.decisions import DecisionKind, adjudication_key
from farmy_assets.annotation.fusing import middle, without_doubles
from farmy_assets.annotation.inboxes import ANSWERING
from farmy_assets.annotation.matching import RegionGroup, group_regions, match_regions
from farmy_assets.annotation.question_answers import Pairs, answers_of
from farmy_assets.annotation.quorum import settled_groups
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.errors import InvalidInputError

_MIN_TO_AGREE = 2


def versions_of(judged: Iterable[Vote]) -> dict[str, Vote]:
    """Letter to vote: the same letters whenever the same votes are judged.

    Which vote is version A follows from a hash of the votes' ids, which hold the moment of their
    submission: the order changes from image to image, and names do not tell it. Of an
    adjudicator's earlier answers that could not be used, the last one is a version.
    """
    votes = sorted(judged, key=lambda vote: (vote.submitted_at, vote.vote_id))
    key = adjudication_key(votes[0].image_id if votes else "", (vote.vote_id for vote in votes))
    last = {vote.voter: vote for vote in votes}
    mixed = sorted(
        last.values(),
        key=lambda vote: hashlib.sha256(f"{key}\x00{vote.vote_id}".encode()).digest(),
    )
    return {_letters(number): vote for number, vote in enumerate(mixed)}


def can_be_chosen(vote: Vote) -> bool:
    """Whether a version can be said to be right: there is one, and all of it can be shown."""
    if vote.outcome is not Outcome.SUBMITTED:
        return False
    decision = vote.decision
    if decision and decision.kind is not DecisionKind.WHOLE_IMAGE and not vote.problems:
        return False  # an earlier decision: what it drew is not all that it said
    return vote.is_clean or bool(vote.regions or vote.choices)


def agreed_groups(judged: Iterable[Vote], policy: AgreementPolicy) -> tuple[RegionGroup, ...]:
    """The objects that two or more annotators drew, all of them alike; none of a single one."""
    clean = _comparable(judged)
    if len(clean) < _MIN_TO_AGREE:
        return ()
    disputed = {
        (voter, region)
        for conflict in find_conflicts(clean, policy)
        for voter, region in zip(conflict.people, conflict.regions, strict=True)
    }
    groups = group_regions({vote.voter: vote.regions for vote in clean}, policy=policy)
    settled = settled_groups(groups, people=len(clean), policy=policy)
    return tuple(
        group
        for group in groups
        if (len(group) == len(clean) and not disputed.intersection(group.items()))
        or group in settled
    )


def agreed_choices(judged: Iterable[Vote]) -> Pairs:
    """What two or more annotators answered about the image, all of them the same."""
    clean = _comparable(judged)
    if len(clean) < _MIN_TO_AGREE:
        return ()
    first, *others = (set(vote.choices) for vote in clean)
    return answers_of(dict(first.intersection(*others)))


def decided_choices(decision: Vote, judged: Sequence[Vote]) -> Pairs:
    """The answers about the image that a decision says are true: of a version, or its own.

    Raises:
        InvalidInputError: The decision names a version that there is not.
    """
    choice = decision.decision
    if choice is not None and choice.kind is DecisionKind.VERSION:
        return _chosen(versions_of(judged), choice.version).choices
    return decision.choices


def decided_regions(
    decision: Vote, judged: Sequence[Vote], policy: AgreementPolicy
) -> tuple[Region, ...]:
    """The regions that a decision says are there, from the recorded votes that it was made on.

    Args:
        decision: The adjudicator's answer; without a choice (the former page) its regions count.
        judged: The votes that the page has shown.
        policy: When two regions are the same object.

    Raises:
        InvalidInputError: The decision names a version that there is not, or is to draw what
            differs, and nothing is drawn although regions differ.
    """
    choice = decision.decision
    if choice is None or choice.kind is DecisionKind.WHOLE_IMAGE:
        return without_doubles(decision.regions)
    if choice.kind is DecisionKind.VERSION:
        return without_doubles(_chosen(versions_of(judged), choice.version).regions)
    if choice.kind is DecisionKind.DIFFERENCES:
        groups = agreed_groups(judged, policy)
        if not decision.regions and _are_regions_left(judged, groups):
            msg = "draws nothing, although regions differ"
            raise InvalidInputError(msg)
        agreed = [middle(group) for group in groups]
        drawn_anew = {i for i, _ in match_regions(agreed, decision.regions, policy=policy)}
        stays = [region for number, region in enumerate(agreed) if number not in drawn_anew]
        return without_doubles((*stays, *decision.regions))
    return ()


def _comparable(judged: Iterable[Vote]) -> list[Vote]:
    return [vote for vote in judged if vote.is_clean and vote.phase in ANSWERING]


def _are_regions_left(judged: Iterable[Vote], agreed: Iterable[RegionGroup]) -> bool:
    """Whether an annotator drew a region that is not agreed on."""
    everybody = {pair for group in agreed for pair in group.items()}
    drawn = ((v.voter, r) for v in judged if v.phase in ANSWERING for r in v.regions)
    return any(pair not in everybody for pair in drawn)


def _chosen(versions: Mapping[str, Vote], letters: str) -> Vote:
    vote = versions.get(letters)
    if vote is None or not can_be_chosen(vote):
        msg = f"chooses version {letters[:10]!r}, which cannot be chosen"
        raise InvalidInputError(msg)
    return vote


def _letters(number: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    while number >= 0:
        letters = chr(ord("A") + number % 26) + letters
        number = number // 26 - 1
    return letters
