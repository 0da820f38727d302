"""Triage: a person is asked about each photograph that a check flagged, and the answer is read.

What people answer in Label Studio can be edited there at any time. Every change becomes a ruling
of its own, and the latest one stands; a deleted annotation takes the author's word back.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation, ResultReader
from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.removals import is_comparable, is_taken_back
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.checks import named
from farmy_assets.cleansing.rulings import Answer, Question, TriageDecision
from farmy_assets.cleansing.verdicts import CheckResult, Verdict

_NEXT_INSTANT = timedelta(microseconds=1)


class TriageQuestion(Record):
    """One flagged photograph in one person's triage inbox, with what the checks had found."""

    assignment: Assignment
    failed: tuple[CheckResult, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The checks that the person is asked about."""
        return tuple(result.check for result in self.failed)


def failed_checks(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Of an image's checks those that a person has to be asked about."""
    return tuple(result for result in results if result.verdict is Verdict.FAIL)


def in_words(result: CheckResult) -> str:
    """A failed check as a sentence, with value and threshold where it has them."""
    check = named(result.check)
    sentence = check.flagged or check.name.replace("_", " ")
    # Not capitalize(), which would lower the rest.
    sentence = f"{sentence[0].upper()}{sentence[1:]}"
    if result.value is None or result.threshold is None:
        return sentence
    side = "at most" if check.fails_above else "at least"
    return f"{sentence} is {result.value:.4g}; wanted: {side} {result.threshold:.4g}"


def rulings_from_task(
    task: AnsweredTask,
    *,
    inbox: Inbox,
    by: Collection[str],
    reasons: Sequence[str],
    known: Iterable[TriageDecision],
    reader: ResultReader,
    trusted_until: datetime | None = None,
) -> list[TriageDecision]:
    """The rulings in a triage task that are not among the known ones, in the order of authors.

    A skipped task, and one whose answer cannot be understood, says nothing: its question stays
    open, and an earlier word of that author is taken back. A task that is older than the author's
    latest word proves nothing (Label Studio was set back): the record stays as it is.

    Args:
        task: The task with everything Label Studio holds for it.
        inbox: The triage inbox that the task lies in.
        by: The addresses of the inbox's person, in lower case; nobody else's answer counts.
        reasons: The checks that the task tells of.
        known: Rulings recorded before; those on other images or questions are ignored.
        reader: Understands the results of the annotations.
        trusted_until: Recorded times later than this were told by a clock that was set back since.
    """
    latest: dict[str, TriageDecision] = {}
    for ruling in sorted(known, key=lambda r: (r.at, r.word is Answer.WITHDRAWN)):
        asked_of = (ruling.image_id, ruling.question) == (task.image_id, Question.USABLE)
        if asked_of and ruling.by in by:
            latest[ruling.by] = ruling
    present: dict[str, RawAnnotation] = {}
    for given in sorted(task.annotations, key=lambda a: (a.updated_at, a.annotation_id)):
        if given.email.strip().lower() in by:
            present[given.email.strip().lower()] = given
    found = []
    for author in sorted(present.keys() | latest.keys()):
        before, annotation = latest.get(author), present.get(author)
        is_given = annotation is not None and not annotation.skipped
        word = reader.triage_answer(annotation.result) if annotation and is_given else None
        if (word or Answer.WITHDRAWN) is (before.word if before else Answer.WITHDRAWN):
            continue
        at = _time_of(task, annotation, word, before, trusted_until)
        if at is None:
            continue
        identity = [inbox.key, task.task_key, author, word, at.isoformat()]
        found.append(
            TriageDecision(
                ruling_id=hashlib.sha256(json.dumps(identity).encode()).hexdigest(),
                image_id=task.image_id,
                question=Question.USABLE,
                word=word or Answer.WITHDRAWN,
                reasons=tuple(reasons),
                by=author,
                at=at,
            )
        )
    return found


def _time_of(
    task: AnsweredTask,
    annotation: RawAnnotation | None,
    word: Answer | None,
    before: TriageDecision | None,
    trusted_until: datetime | None,
) -> datetime | None:
    """When an author gave another word than before; None where the task does not show that."""
    at = annotation.updated_at if annotation and word else task.updated_at
    if before is None:
        return at
    if annotation is None and not is_taken_back(
        task, author=before.by, given_at=before.at, trusted_until=trusted_until
    ):
        return None
    if at >= before.at:
        return at
    if not is_comparable(before.at, trusted_until):
        return before.at + _NEXT_INSTANT
    # An older annotation that stands again counts from the task's last change.
    return task.updated_at if task.updated_at >= before.at else None
