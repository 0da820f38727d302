"""The pages of a review, and of an answer that came back to its annotator.

On both the regions of one answer can be changed: they are one prediction, drawn with the controls
of the campaign's classes. Nothing here names a person.
"""

import hashlib
from typing import Any

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.questions import Question, kind_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio.controls import DECISION
from farmy_assets.label_studio.question_forms import results_of
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.label_studio.sent_back import choices_to_send_back

ONE_VERSION = "as it was drawn"
"""What the prediction is called that holds the regions of one answer."""

REVIEW_HEAD = f"""  <Header value="One person drew this. Is it right?" size="5"/>
  <Header value="$notes" size="6"/>
  <Choices name="{DECISION}" toName="image" choice="single" value="$decisions" required="true"
           requiredMessage="Choose first whether it is right, or skip the image."/>"""

CORRECTION_HEAD = """  <Header value="This came back to you. What is to be corrected:" size="5"/>
  <Header value="$reason" size="6" style="white-space: pre-line; color: #d62728"/>"""

_WORDS = {
    DecisionKind.WHOLE_IMAGE: ("I corrected it: what is drawn now is right", "w"),
    DecisionKind.NOTHING: ("There is nothing to draw here", "n"),
    DecisionKind.LEAVE_OUT: ("It cannot be labelled: leave it out", "x"),
}


def review_choices(letter: str, *, is_returnable: bool, is_empty: bool) -> list[dict[str, str]]:
    """The choices of a review; nothing is chosen beforehand.

    Args:
        letter: Of the version that is reviewed.
        is_returnable: Whether it can be sent back.
        is_empty: Whether nothing was drawn.
    """
    accept = Decision(kind=DecisionKind.VERSION, version=letter).choice
    words = "It is right: there is nothing to draw" if is_empty else "It is right as it was drawn"
    others = {k: v for k, v in _WORDS.items() if not (is_empty and k is DecisionKind.NOTHING)}
    return [
        {"value": accept, "html": words, "hotkey": "a"},
        *({"value": k.value, "html": text, "hotkey": key} for k, (text, key) in others.items()),
        *choices_to_send_back([letter] if is_returnable else (), named=False),
    ]


def former_answer(
    key: str, answer: Vote, campaign: Campaign, *, width_px: int, height_px: int
) -> list[dict[str, Any]]:
    """What was drawn and answered, as results that can be changed.

    Args:
        key: The key of the task that shows it; the regions' ids follow from it.
        answer: What was answered.
        campaign: What is asked; answers to other questions are left out.
        width_px: Width of the picture.
        height_px: Height of the picture.
    """
    asked: list[Question] = [*campaign.choices, *campaign.attributes]
    kinds = {question.name: kind_of(question) for question in asked}
    results: list[dict[str, Any]] = []
    for number, region in enumerate(answer.regions):
        drawn = region_to_result(
            region, region_id=_region_id(key, number), width_px=width_px, height_px=height_px
        )
        results += (drawn, *results_of(region.attributes, kinds, of=drawn))
    return [*results, *results_of(answer.choices, kinds)]


def _region_id(key: str, number: int) -> str:
    return hashlib.sha256(f"{key}\x00{number}".encode()).hexdigest()[:10]
