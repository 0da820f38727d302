"""Recorded answers put back into Label Studio: looked for, shown, and only then written."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.submissions import Submission
from farmy_assets.annotation.votes import Outcome
from farmy_assets.defs.inboxes import existing_inboxes
from farmy_assets.defs.putting_back import put_back
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.label_studio.restoring import PutBackAnswer
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.vote_history import RecordedAnswer, WantedAnswers, recorded_answers


@dataclass(frozen=True)
class LostAnswer:
    """A recorded answer that Label Studio does not hold.

    Attributes:
        answer: What is recorded.
        project_id: Its inbox; None when that is not there.
        task_id: Its task; None when that is not there.
        problem: Why it cannot be put back; empty when it can.
    """

    answer: RecordedAnswer
    project_id: int | None
    task_id: int | None
    problem: str = ""


class LostAnswers:
    """Finds and puts back the lost answers of a campaign.

    Args:
        lake: The records.
        studio: Where answers are missing.
        campaign: The present rules.
    """

    def __init__(self, lake: Lake, studio: Studio, campaign: Campaign) -> None:
        self._lake = lake
        self._studio = studio
        self._campaign = campaign

    def find(self, wanted: WantedAnswers) -> list[LostAnswer]:
        """The recorded answers that are asked for and not in Label Studio; changes nothing.

        Lists the tasks of the inboxes concerned, and looks into each task that has an answer only
        where images or votes are named.
        """
        bring_up_to_date(self._lake, self._campaign)
        by_inbox: dict[str, list[RecordedAnswer]] = defaultdict(list)
        for answer in recorded_answers(self._lake, self._campaign.name, wanted):
            by_inbox[answer.inbox.key].append(answer)
        inboxes = [some[0].inbox for some in by_inbox.values()]
        projects = {i.key: p for i, p in existing_inboxes(self._studio, inboxes)}
        is_named = bool(wanted.image_ids or wanted.vote_ids)
        found: list[LostAnswer] = []
        for key, answers in sorted(by_inbox.items()):
            project_id = projects.get(key)
            found += self._lost_of(answers, project_id, looks_inside=is_named)
        return found

    def _lost_of(
        self, answers: Iterable[RecordedAnswer], project_id: int | None, *, looks_inside: bool
    ) -> Iterable[LostAnswer]:
        present = self._studio.inventory.tasks(project_id) if project_id is not None else ()
        # Of several tasks with one key the answered one.
        ordered = sorted(present, key=lambda task: task.is_answered)
        tasks = {task.key: task for task in ordered if task.key}
        for answer in answers:
            task = tasks.get(answer.vote.task_key)
            if task and task.is_answered:
                is_other = answer.vote.person != answer.vote.inbox_person
                if not (looks_inside or is_other) or self._studio.has_answer(
                    task.task_id, answer.vote.email
                ):
                    continue
            yield LostAnswer(
                answer, project_id, task.task_id if task else None,
                _problem(answer, is_task_there=task is not None),
            )  # fmt: skip

    def put_back(self, lost: Iterable[LostAnswer]) -> int:
        """Put answers back under their authors' names; returns how many were not there.

        Tasks that are gone are placed first, as they were. What is there already is left alone, so
        that the same call again does nothing twice.

        Raises:
            InvalidInputError: An author has no account any more.
            StudioUnavailableError: What was put back so far stays; run it again.
        """
        wanted = [each for each in lost if not each.problem]
        self._place([each for each in wanted if each.task_id is None])
        votes = [each.answer.vote for each in wanted]
        submissions = self._lake.submissions.find(self._campaign.name, votes)
        count = 0
        for each in wanted:
            task_id = each.task_id if each.task_id is not None else self._task_id(each.answer)
            behind = submissions.get(each.answer.vote.vote_id)
            count += self._studio.put_answer(task_id, _as_given(each.answer, behind))
        return count

    def _place(self, lost: Iterable[LostAnswer]) -> None:
        wanted = {(e.answer.inbox.key, e.answer.vote.task_key) for e in lost}
        if not wanted:
            return
        given: list[Assignment] = [
            assignment
            for page in self._lake.assignments.pages(self._campaign.name)
            for assignment in page.assignments
            if (assignment.inbox.key, assignment.task_key) in wanted
        ]
        put_back(self._lake, self._studio, self._campaign, given)

    def _task_id(self, answer: RecordedAnswer) -> int:
        ((_, project_id),) = existing_inboxes(self._studio, [answer.inbox])
        key = answer.vote.task_key
        return self._studio.find_task_ids(project_id, [key])[key]


def _problem(answer: RecordedAnswer, *, is_task_there: bool) -> str:
    """Why an answer cannot be put back; empty when it can."""
    if not answer.is_asked:
        return f"{answer.vote.inbox_person} is not asked about it any more"
    if not is_task_there and answer.vote.phase is Phase.ADJUDICATION:
        return "its task is gone: run farmy studio reconcile, and try again when it is back"
    if not is_task_there and answer.size_px is None:
        return "its task is gone, and the image has left the cleansed set"
    return ""


def _as_given(answer: RecordedAnswer, behind: Submission | None) -> PutBackAnswer:
    """The answer in Label Studio's form: word for word, or made anew of what was understood."""
    vote = answer.vote
    if behind is not None:
        result = list(behind.result)
    elif vote.decision is not None or vote.problems or answer.size_px is None:
        msg = (
            f"vote {vote.vote_id} was copied before answers were kept word for word, and cannot be "
            "put back as it was; ask its author to answer again"
        )
        raise InvalidInputError(msg)
    else:
        width_px, height_px = answer.size_px
        result = [
            region_to_result(
                region, region_id=f"{vote.vote_id[:8]}-{number}",
                width_px=width_px, height_px=height_px,
            )
            for number, region in enumerate(vote.regions, start=1)
        ]  # fmt: skip
    return PutBackAnswer(
        email=vote.email,
        result=result,
        is_skipped=vote.outcome is Outcome.SKIPPED,
        lead_time_s=vote.lead_time_s,
    )
