"""What an annotation says, understood: what was drawn, answered and decided, and what is wrong."""

from typing import NamedTuple

from farmy_assets.annotation.answers import (
    AnsweredTask,
    RawAnnotation,
    ReadChoices,
    ReadRegions,
    ResultReader,
)
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import (
    ANSWERED,
    DRAWN,
    NO_DECISION,
    NO_REASON,
    Decision,
    DecisionKind,
    asks_for_a_decision,
)
from farmy_assets.annotation.inboxes import DECIDING, Phase
from farmy_assets.annotation.votes import Outcome
from farmy_assets.errors import InvalidInputError


class Understood(NamedTuple):
    """What one annotation says.

    Attributes:
        outcome: Submitted or skipped.
        drawn: The regions; nothing where the decision needs none.
        choices: What was answered about the image.
        decision: What an adjudicator chose.
        problems: Everything that could not be understood, or is missing.
    """

    outcome: Outcome
    drawn: ReadRegions
    choices: ReadChoices
    decision: Decision | None
    problems: tuple[str, ...]


def understood(
    task: AnsweredTask,
    annotation: RawAnnotation,
    *,
    phase: Phase,
    campaign: Campaign,
    reader: ResultReader,
) -> Understood:
    """What an annotation says, by the rules of a campaign.

    Args:
        task: The task that it answers.
        annotation: As Label Studio holds it.
        phase: What was asked.
        campaign: The rules.
        reader: Understands the results.
    """
    drawn, choices = ReadRegions((), (), ()), ReadChoices((), ())
    decision: Decision | None = None
    problems: list[str] = []
    decides = phase in DECIDING
    shows_more = phase is not Phase.ANNOTATION  # than what the person draws
    if decides and not annotation.skipped:
        decision, problems = _decision(task.task_key, annotation, reader)
    if annotation.skipped or (decision and decision.kind is DecisionKind.LEAVE_OUT):
        return Understood(Outcome.SKIPPED, drawn, choices, decision, tuple(problems))
    given = reader.drawn_in(annotation.result) if shows_more else annotation.result
    if decision is None or decision.kind in DRAWN:
        drawn = reader.regions_from_results(
            given, campaign=campaign, width_px=task.width_px, height_px=task.height_px
        )
    if not decides or (decision and decision.kind in ANSWERED):
        choices = reader.choices_from_results(given, campaign=campaign)
    problems += (*drawn.problems, *choices.problems)
    if decision and decision.kind in DRAWN and not problems and not drawn.regions:
        problems += _nothing_done(campaign, decision.kind, is_answered=bool(choices.choices))
    return Understood(Outcome.SUBMITTED, drawn, choices, decision, tuple(problems))


def _nothing_done(campaign: Campaign, kind: DecisionKind, *, is_answered: bool) -> list[str]:
    """Why a decision to draw is none without anything drawn.

    Where only the answers about the image differ there is nothing to draw: whether that is so,
    `versions.py` knows, which has the votes.
    """
    if not campaign.regions:
        return [] if is_answered else ["nothing was answered, although the choice was to answer"]
    if kind is DecisionKind.DIFFERENCES and is_answered:
        return []
    return ["nothing was drawn, although the choice was to draw"]


def _decision(
    task_key: str, annotation: RawAnnotation, reader: ResultReader
) -> tuple[Decision | None, list[str]]:
    """What an adjudicator chose, and what is wrong with that."""
    try:
        decision = reader.decision_of(annotation.result)
    except InvalidInputError as error:
        return None, [f"the decision {error}"]
    if decision is None and asks_for_a_decision(task_key):
        return None, [NO_DECISION]
    if decision and decision.kind is DecisionKind.SEND_BACK and not decision.reason:
        return decision, [NO_REASON]
    return decision, []
