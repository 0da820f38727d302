"""Rows of conflicts with what became of them, from the pages of evaluations."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.conflict_history import (
    ConflictState,
    TrackedConflict,
    conflict_history,
    conflict_id,
)
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.judging_rules import needs_skills
from farmy_assets.annotation.question_answers import in_plain_words
from farmy_assets.lake import keys
from farmy_assets.lake.evaluations import CampaignState
from farmy_assets.lake.lake import Lake

Row = dict[str, Any]


@dataclass(frozen=True)
class ConflictRows:
    """Reads the conflicts of a page by the rules of its campaign."""

    lake: Lake

    def __call__(self, content: bytes, key: str) -> Iterator[Row]:
        """One row a difference that there is, and one that there was: of that only its history."""
        if key.startswith(keys.FORMER_EVALUATIONS):
            for judgement in judgements(content, key):
                yield from _rows(judgement, {})
            return
        campaign = self.lake.campaigns.named(key.split("/")[1])
        known = self.lake.agreements.skills(campaign.name) if needs_skills(campaign) else (None, "")
        for line in content.splitlines():
            image = EvaluatedImage.model_validate_json(line)
            if image.consensus:
                history = conflict_history(image, campaign, known[0])
                yield from _rows(image.consensus, {each.conflict_id: each for each in history})
                yield from _gone(image.consensus, history, campaign)


def judgements(content: bytes, key: str) -> Iterable[ImageConsensus]:
    """The judgements in a page, or in a whole evaluation of an older version."""
    if key.startswith(keys.FORMER_EVALUATIONS):
        return CampaignState.model_validate_json(content).judgements
    images = (EvaluatedImage.model_validate_json(line) for line in content.splitlines())
    return [image.consensus for image in images if image.consensus]


def utc(moment: datetime) -> datetime:
    """Without its zone: the tables' moments are all in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _rows(judgement: ImageConsensus, history: dict[str, TrackedConflict]) -> Iterator[Row]:
    is_open = judgement.status is ConsensusStatus.IN_CONFLICT
    for conflict in (*judgement.conflicts, *judgement.outvoted):
        name = conflict_id(conflict)
        state = ConflictState.OPEN if is_open else ConflictState.SETTLED
        yield {
            "conflict_id": name,
            "image_id": conflict.image_id,
            "campaign": judgement.campaign,
            "kind": conflict.kind.value,
            "state": state.value,
            "people": conflict.people,
            "labels": sorted({region.label for region in conflict.regions if region}),
            "iou": conflict.likeness,
            "sentence": conflict.sentence,
            "question": conflict.question or None,
            "answers": [in_plain_words(value) for value in conflict.answers],
            **(_history(history[name]) if name in history else {}),
        }


def _gone(
    judgement: ImageConsensus, history: Iterable[TrackedConflict], campaign: Campaign
) -> Iterator[Row]:
    """Conflicts that are none any more, because an answer was changed."""
    present = {conflict_id(c) for c in (*judgement.conflicts, *judgement.outvoted)}
    for each in history:
        if each.conflict_id not in present:
            yield {
                "conflict_id": each.conflict_id,
                "image_id": judgement.image_id,
                "campaign": campaign.name,
                "kind": each.kind.value,
                "people": each.people,
                **_history(each),
            }


def _history(found: TrackedConflict) -> Row:
    return {
        "state": found.state.value,
        "settled_how": found.settled_how.value if found.settled_how else None,
        "settled_by": found.settled_by,
        "opened_at": utc(found.opened_at),
        "settled_at": utc(found.settled_at) if found.settled_at else None,
        "times_reopened": found.times_reopened,
    }
