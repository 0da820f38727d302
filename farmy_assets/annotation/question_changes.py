"""What a new version of a campaign changes in its questions and kinds, and what it must not change.

A vote keeps what was drawn and answered. A kind of region, a question or a value that votes hold
therefore stays in the campaign: without it nobody could understand them, or settle a conflict.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.question_answers import AnswerValue, value_in
from farmy_assets.annotation.questions import CHOICE, Question, RegionAttribute, kind_of
from farmy_assets.annotation.votes import Vote, current_votes
from farmy_assets.catalog.wording import counted

_IMAGE, _REGION = "choice", "attribute"


def may_orphan(before: Campaign, after: Campaign) -> bool:
    """Whether a new version takes anything away that votes could hold; without reading any."""
    return bool(set(before.regions) - set(after.regions)) or any(
        _lost(was, _of_name(after, what, was.name), None) for what, was in _questions(before)
    )


def orphaned_answers(before: Campaign, after: Campaign, votes: Iterable[Vote]) -> tuple[str, ...]:
    """What a new version takes away although votes hold it: a sentence each.

    Args:
        before: The present version.
        after: What is to come.
        votes: All votes of the campaign; those that were withdrawn or replaced do not count.
    """
    current = current_votes(votes)
    return (*_orphaned_kinds(before, after, current), *_orphaned_questions(before, after, current))


def _orphaned_kinds(before: Campaign, after: Campaign, votes: Iterable[Vote]) -> Iterator[str]:
    gone = [kind for kind in before.regions if kind not in after.regions]
    used = Counter(r.kind for vote in votes for r in vote.regions if r.kind in gone)
    for kind in gone:
        if used[kind]:
            regions = counted(used[kind], "region")
            yield f"the kind of region {kind} would be removed, and there are {regions} of it"


def _orphaned_questions(before: Campaign, after: Campaign, votes: Iterable[Vote]) -> Iterator[str]:
    given = list(votes)
    for what, was in _questions(before):
        now = _of_name(after, what, was.name)
        reasons: Counter[str] = Counter()
        for vote in given:
            answers = [vote.choices] if what == _IMAGE else [r.attributes for r in vote.regions]
            for each in answers:
                value = value_in(each, was.name)
                reason = _lost(was, now, value) if value is not None else ""
                reasons[reason] += bool(reason)
        for reason in sorted(reason for reason, count in reasons.items() if count):
            answers_told = counted(reasons[reason], "answer")
            yield f"the {what} {was.name} {reason}, and votes hold {answers_told} of it"


def _lost(was: Question, now: Question | None, value: AnswerValue | None) -> str:
    """Why an answer to a question could not be understood any more; empty when it could.

    Args:
        was: The question as it is.
        now: As it is to be; None without it.
        value: The answer; None for any that could have been given.
    """
    if now is None:
        return "would be removed"
    if kind_of(now) != kind_of(was):
        return f"would become a {kind_of(now)}"
    if kind_of(was) != CHOICE:
        return ""
    if was.several and not now.several and (value is None or len(_values(value)) > 1):
        return "would take one value alone"
    gone = [each for each in was.values if each not in now.values]
    lost = [each for each in gone if value is None or each in _values(value)]
    return f'would lose the value "{lost[0]}"' if lost else ""


def _values(value: AnswerValue) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _questions(campaign: Campaign) -> Iterator[tuple[str, Question]]:
    for choice in campaign.choices:
        yield _IMAGE, choice
    for attribute in campaign.attributes:
        yield _REGION, attribute


def _of_name(campaign: Campaign, what: str, name: str) -> Question | None:
    found = (
        question for of, question in _questions(campaign) if (of, question.name) == (what, name)
    )
    return next(found, None)


def described_questions(before: Campaign, after: Campaign) -> Iterator[str]:
    """Each difference between the questions of two versions, as a line for people."""
    old = {(what, question.name): question for what, question in _questions(before)}
    new = {(what, question.name): question for what, question in _questions(after)}
    for what, name in sorted(old.keys() | new.keys()):
        was, now = old.get((what, name)), new.get((what, name))
        if was is None and now:
            yield f"the {what} {name} is new: {_in_words(now)}"
        elif now is None:
            yield f"the {what} {name} is gone"
        elif was and was != now:
            yield f"the {what} {name}: {_in_words(was)} -> {_in_words(now)}"
    if list(old) != list(new) and old.keys() == new.keys():
        yield "the questions are asked in another order"
    if before.agreement.number_tolerance != after.agreement.number_tolerance:
        yield f"agreement.number_tolerance: {_tolerances(before)} -> {_tolerances(after)}"


def _in_words(question: Question) -> str:
    parts = [kind_of(question)]
    if question.values:
        parts.append(f"{'several' if question.several else 'one'} of {', '.join(question.values)}")
    if isinstance(question, RegionAttribute):
        low, high = question.min, question.max
        parts += [f"from {low:g}"] if low is not None else []
        parts += [f"up to {high:g}"] if high is not None else []
        parts += [f"of {', '.join(question.classes)}"] if question.classes else []
    return ", ".join([*parts, *(["required"] if question.required else [])])


def _tolerances(campaign: Campaign) -> str:
    pairs = sorted(campaign.agreement.number_tolerance.items())
    return ", ".join(f"{name} {value:g}" for name, value in pairs) or "none"
