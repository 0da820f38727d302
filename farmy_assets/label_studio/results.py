"""What the results of an annotation say, understood; nothing in them is believed to have a form.

The functions together are a `ResultReader` (`annotation/answers.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from farmy_assets.annotation.answers import ReadChoices, ReadRegions
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.question_answers import AnswerValue, Pairs, answers_of
from farmy_assets.annotation.questions import Question
from farmy_assets.annotation.region import Region
from farmy_assets.cleansing.rulings import Answer
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.controls import (
    CANNOT_LABEL,
    DECISION,
    PLACE,
    REASON,
    USABLE,
    VERSIONS,
)
from farmy_assets.label_studio.question_forms import answer_in
from farmy_assets.label_studio.regions import region_from_result
from farmy_assets.label_studio.sent_back import with_reason

_LONGEST_ID = 64

Entries = Sequence[Mapping[Any, Any]]


def regions_from_results(
    results: Iterable[object], *, campaign: Campaign, width_px: int, height_px: int
) -> ReadRegions:
    """The regions in some results with what was answered about them, and what is wrong.

    An answer about a region has the region's id. Every entry counts, except answers about the
    image as a whole.

    Args:
        results: As Label Studio holds them.
        campaign: What was asked.
        width_px: Width of the image that was shown.
        height_px: Height of the image that was shown.
    """
    drawn: list[object] = []
    answered: dict[str, list[Mapping[Any, Any]]] = defaultdict(list)
    attributes = {attribute.name for attribute in campaign.attributes}
    choices = {choice.name for choice in campaign.choices}
    for result in results:
        control = _control(result)
        if control in attributes and isinstance(result, Mapping):
            answered[_id_of(result)].append(result)
        elif control not in choices:
            drawn.append(result)
    found: list[tuple[Region, str]] = []
    problems: list[str] = []
    for number, result in enumerate(drawn, start=1):
        region_id = _id_of(result)
        try:
            region = region_from_result(
                result, kinds=campaign.regions, labels=campaign.known_labels,
                width_px=width_px, height_px=height_px,
            )  # fmt: skip
        except InvalidInputError as error:
            problems.append(f"region {number} {error}")
            continue
        given, wrong = _attributes_of(region, answered.get(region_id, ()), campaign)
        problems += [f"region {number}: {text}" for text in wrong]
        found.append(
            (region.model_copy(update={"attributes": given}) if given else region, region_id)
        )
    there = {_id_of(result) for result in drawn}
    lost = [entry for key, entries in answered.items() if key not in there for entry in entries]
    problems += [f"the attribute {_control(entry)} is of no region" for entry in lost]
    return ReadRegions(
        tuple(region for region, _ in found), tuple(key for _, key in found), tuple(problems)
    )


def choices_from_results(results: Iterable[object], *, campaign: Campaign) -> ReadChoices:
    """What some results answer about the image as a whole, and what is wrong with that."""
    entries = [result for result in results if isinstance(result, Mapping)]
    given, problems = _answers(entries, campaign.choices, what="choice")
    return ReadChoices(given, tuple(problems))


def _attributes_of(region: Region, entries: Entries, campaign: Campaign) -> tuple[Pairs, list[str]]:
    name = campaign.present_name(region.label)
    asked = [a for a in campaign.attributes if a.is_asked_of(name)]
    given, problems = _answers(entries, asked, what="attribute")
    names = {attribute.name for attribute in asked}
    problems += [
        f"the attribute {_control(entry)} is not asked of the class {region.label!r}"
        for entry in entries
        if _control(entry) not in names
    ]
    return given, problems


def _answers(entries: Entries, asked: Sequence[Question], *, what: str) -> tuple[Pairs, list[str]]:
    """The answers to these questions, and a problem for each that is missing or cannot be used."""
    found: dict[str, AnswerValue] = {}
    problems: list[str] = []
    for question in asked:
        mine = [entry for entry in entries if _control(entry) == question.name]
        try:
            value = _only_answer(mine, question)
        except InvalidInputError as error:
            problems.append(f"the {what} {question.name} {error}")
            continue
        if value is not None:
            found[question.name] = value
        elif question.required:
            problems.append(f"the {what} {question.name} is not answered")
    return answers_of(found), problems


def _only_answer(entries: Entries, question: Question) -> AnswerValue | None:
    values = {answer_in(entry, question) for entry in entries}
    if len(values) > 1:
        msg = f"has {len(entries)} answers that differ"
        raise InvalidInputError(msg)
    return values.pop() if values else None


def decision_of(result: Sequence[object]) -> Decision | None:
    """The choice in an answer; None when it holds none.

    Raises:
        InvalidInputError: There are several choices, or one that the page does not offer.
    """
    chosen = [choice for entry in result for choice in _choices(entry, of=DECISION)]
    if not chosen:
        return None
    if len(chosen) > 1:
        msg = "says more than one thing"
        raise InvalidInputError(msg)
    decision = Decision.of_choice(chosen[0])
    sends_back = decision.kind is DecisionKind.SEND_BACK
    return with_reason(decision, result) if sends_back else decision


def skip_reasons(result: Sequence[Any]) -> tuple[list[Any], list[str]]:
    """An annotator's results without those that say why the image cannot be labelled, and these."""
    rest = [entry for entry in result if _control(entry) != CANNOT_LABEL]
    return rest, [reason for entry in result for reason in _choices(entry, of=CANNOT_LABEL)]


def drawn_in(result: Sequence[Any]) -> list[Any]:
    """What a person has drawn: neither the choice, nor what the page shows, nor marked places."""
    others = {DECISION, VERSIONS, REASON, PLACE}
    return [entry for entry in result if _control(entry) not in others]


def triage_answer(result: Sequence[object]) -> Answer | None:
    """The answer to a triage question; None when there is none, or more than one."""
    given = {choice for entry in result for choice in _choices(entry, of=USABLE)}
    return Answer(given.pop()) if len(given) == 1 and given <= {Answer.YES, Answer.NO} else None


def _choices(entry: object, *, of: str) -> list[str]:
    """The choices in one result of a control, whatever it is."""
    if not isinstance(entry, Mapping) or _control(entry) != of:
        return []
    value = entry.get("value")
    choices = value.get("choices") if isinstance(value, Mapping) else None
    return [str(choice) for choice in choices] if isinstance(choices, list | tuple) else []


def _control(entry: object) -> object:
    name = entry.get("from_name") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else None


def _id_of(entry: object) -> str:
    """The id of the region that an entry is of; empty for one that has none."""
    found = entry.get("id") if isinstance(entry, Mapping) else None
    return found[:_LONGEST_ID] if isinstance(found, str) else ""
