"""What the results of an annotation say, understood; nothing in them is believed to have a form.

The functions together are a `ResultReader` (`annotation/answers.py`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.region import Region
from farmy_assets.cleansing.rulings import Answer
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.controls import DECISION, PLACE, REASON, USABLE, VERSIONS
from farmy_assets.label_studio.regions import region_from_result
from farmy_assets.label_studio.sent_back import with_reason


def regions_from_results(
    results: Iterable[object],
    *,
    kinds: Collection[str],
    labels: Collection[str],
    width_px: int,
    height_px: int,
) -> tuple[list[Region], list[str]]:
    """The regions in some results, and for each result that cannot be understood the reason."""
    regions: list[Region] = []
    problems: list[str] = []
    for number, result in enumerate(results, start=1):
        try:
            region = region_from_result(
                result, kinds=kinds, labels=labels, width_px=width_px, height_px=height_px
            )
            regions.append(region)
        except InvalidInputError as error:
            problems.append(f"region {number} {error}")
    return regions, problems


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
