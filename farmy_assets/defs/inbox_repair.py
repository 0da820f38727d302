"""Label Studio made to agree with the records: what has one right answer is done, the rest is told.

Everything is looked at before it is changed, and put right by the code that does it at any other
time, so that a repeated or a killed repair does nothing twice. No answer is ever deleted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inbox_drift import (
    DriftKind,
    ExpectedInbox,
    PresentProject,
    TaskDrift,
    compare_inbox,
    compare_tasks,
)
from farmy_assets.annotation.inboxes import inboxes_of, triage_inboxes_of
from farmy_assets.annotation.people import Role
from farmy_assets.catalog.records import Record
from farmy_assets.defs import days
from farmy_assets.defs.inboxes import open_inbox
from farmy_assets.defs.putting_back import put_back
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.people import Account
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.inbox_expectations import Expectations, expectations
from farmy_assets.workflow.inbox_reading import OVERLAP

EXAMPLES = 5
_BY_SETTINGS = (
    DriftKind.OTHER_LABEL_CONFIG,
    DriftKind.OTHER_SETTINGS,
    DriftKind.OTHER_OWNER,
    DriftKind.WITHOUT_IMAGES,
)


class StudioDrift(Record):
    """Where a campaign's inboxes differed from the records.

    Attributes:
        campaign: The campaign.
        inboxes: How many of its inboxes are in Label Studio.
        tasks: How many tasks these have.
        found: How many differences of each kind there were.
        healed: How many of them were put right.
        examples: A few of each kind that was found.
        refused: What Label Studio objected to, in its words.
    """

    campaign: str
    inboxes: int
    tasks: int
    found: dict[str, int]
    healed: dict[str, int]
    examples: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        """How many differences are left for people."""
        return sum(self.found.values()) - sum(self.healed.values())


class InboxRepair:
    """Compares and repairs campaigns, one after the other; projects and accounts are listed once.

    Args:
        lake: The records.
        studio: What is compared with them.
        is_dry: Whether it only looks.
    """

    def __init__(self, lake: Lake, studio: Studio, *, is_dry: bool = False) -> None:
        self.lake = lake
        self.studio = studio
        self.is_dry = is_dry
        self._projects: Sequence[PresentProject] = studio.inventory.projects()
        self._accounts: Sequence[Account] = studio.people.accounts()

    def reconcile(self, campaign: Campaign) -> StudioDrift:
        """Compare a campaign's inboxes with the records, and put right what can be.

        Raises:
            StudioUnavailableError: What was put right so far stays; run it again.
        """
        bring_up_to_date(self.lake, campaign)
        return _Pass(self, campaign, expectations(self.lake, campaign, today=days.today())).run()

    def projects_of(self, campaign: str) -> list[PresentProject]:
        """The projects of a campaign's inboxes, and those that are nobody's inbox."""
        return [
            p for p in self._projects if not p.key or p.key.split("/")[0] == f"farmy:{campaign}"
        ]

    def account(self, email: str) -> Account | None:
        """The account with an address; None where there is none that can be used."""
        return next((a for a in self._accounts if a.email.lower() == email), None)


class _Pass:
    """One campaign, compared and repaired."""

    def __init__(self, repair: InboxRepair, campaign: Campaign, expected: Expectations) -> None:
        self._lake, self._studio, self._is_dry = repair.lake, repair.studio, repair.is_dry
        self._repair, self._campaign, self._expected = repair, campaign, expected
        self._found: dict[DriftKind, list[str]] = defaultdict(list)
        self._healed: Counter[DriftKind] = Counter()
        self._refused: list[str] = []
        self._missing: list[Assignment] = []
        self._copied = self._lake.votes.copied(campaign.name).inboxes
        self._inboxes = {
            inbox.key: inbox for inbox in (*inboxes_of(campaign), *triage_inboxes_of(campaign))
        }

    def run(self) -> StudioDrift:
        projects = self._repair.projects_of(self._campaign.name)
        inboxes = tasks = 0
        self._compare_people()
        for key, inbox in sorted(self._expected.inboxes.items()):
            project_id = self._compare_project(inbox, projects)
            if project_id is not None:
                inboxes += 1
                tasks += self._compare_tasks(key, project_id)
        self._healed[DriftKind.TASKS_MISSING] += put_back(
            self._lake, self._studio, self._campaign, self._missing
        )
        return StudioDrift(
            campaign=self._campaign.name,
            inboxes=inboxes,
            tasks=tasks,
            found={kind.value: len(self._found[kind]) for kind in DriftKind},
            healed={kind.value: self._healed[kind] for kind in DriftKind if self._healed[kind]},
            examples={
                kind.value: tuple(self._found[kind][:EXAMPLES])
                for kind in DriftKind
                if self._found[kind]
            },
            refused=tuple(self._refused),
        )

    def _compare_people(self) -> None:
        campaign = self._campaign
        for person in {p.email: p for p in (*campaign.annotators, campaign.adjudicator)}.values():
            account = self._repair.account(person.email)
            if account is None:
                self._found[DriftKind.WITHOUT_ACCOUNT].append(person.email)
            elif account.role is Role.LEAD and person in campaign.annotators:
                self._found[DriftKind.READS_ALL].append(person.email)

    # ------------------------------------------------------------------ projects

    def _compare_project(
        self, inbox: ExpectedInbox, projects: Sequence[PresentProject]
    ) -> int | None:
        """The inbox's project, put right or made; None when there is none, or none is needed."""
        project, found = compare_inbox(inbox, projects)
        for kind, told in found.items():
            self._found[kind] += told
        if project is None and inbox.is_needed:
            return self._find_again(inbox, projects)
        if project is None or self._is_dry:
            return project.project_id if project else None
        if DriftKind.INBOXES_RENAMED in found:
            self._studio.inventory.rename(project.project_id, inbox.title)
            self._healed[DriftKind.INBOXES_RENAMED] += 1
        if DriftKind.INBOXES_DOUBLED in found:
            others = [p for p in projects if p.key == inbox.key and p != project]
            self._remove_second(inbox, others)
        by_settings = [kind for kind in _BY_SETTINGS if kind in found]
        if by_settings and self._open(inbox.key) is not None:
            self._healed.update(by_settings)
        return project.project_id

    def _find_again(self, inbox: ExpectedInbox, projects: Sequence[PresentProject]) -> int | None:
        """The project of an inbox that has lost its key, known by its tasks; else a new one."""
        for project in projects:
            if project.key or project.title != inbox.title:
                continue
            first = next(iter(self._studio.inventory.tasks(project.project_id)), None)
            if first and first.key in self._expected.tasks[inbox.key]:
                self._found[DriftKind.INBOXES_MISSING].remove(inbox.key)
                self._found[DriftKind.INBOXES_WITHOUT_KEY].append(inbox.key)
                if not self._is_dry:
                    self._studio.inventory.put_key(project.project_id, inbox.key, owner=inbox.owner)
                    self._healed[DriftKind.INBOXES_WITHOUT_KEY] += 1
                return project.project_id
        missing = [k for k, task in self._expected.tasks[inbox.key].items() if task.is_wanted]
        if self._is_dry:
            lost = [k for k in missing if self._expected.tasks[inbox.key][k].is_answered]
            self._found[DriftKind.ANSWERS_LOST] += lost
            self._found[DriftKind.TASKS_MISSING] += [k for k in missing if k not in set(lost)]
            return None
        project_id = self._open(inbox.key)
        if project_id is not None:
            self._healed[DriftKind.INBOXES_MISSING] += 1
        return project_id

    def _open(self, key: str) -> int | None:
        try:
            return open_inbox(self._studio, self._campaign, self._inboxes[key])
        except StudioUnavailableError:
            raise
        except StudioError as error:
            self._refused.append(str(error))
            return None

    def _remove_second(self, inbox: ExpectedInbox, others: Iterable[PresentProject]) -> None:
        """Take open tasks out of second projects, and remove those that hold nothing then."""
        for project in others:
            known = self._expected.tasks[inbox.key]
            there = [t for t in self._studio.inventory.tasks(project.project_id) if t.key in known]
            self._studio.remove_unanswered(project.project_id, [t.key for t in there if t.key])
            self._studio.inventory.remove_if_empty(project.project_id, inbox.key)
            self._healed[DriftKind.INBOXES_DOUBLED] += (
                project.project_id not in self._studio.progress([project.project_id])
            )

    # ------------------------------------------------------------------ tasks

    def _compare_tasks(self, key: str, project_id: int) -> int:
        """Compare an inbox's tasks, and put them right; returns how many there were."""
        present = list(self._studio.inventory.tasks(project_id))
        copied = self._copied.get(key)
        read_up_to = copied.changed_at - OVERLAP if copied and copied.changed_at else None
        drift = compare_tasks(self._expected.tasks[key], present, read_up_to=read_up_to)
        for kind, told in drift.by_kind().items():
            self._found[kind] += told
        if not self._is_dry:
            self._repair_tasks(key, project_id, drift)
        return len(present)

    def _repair_tasks(self, key: str, project_id: int, drift: TaskDrift) -> None:
        studio, healed = self._studio, self._healed
        given = self._expected.assignments[key]
        self._missing += [given[k] for k in drift.missing]
        if drift.doubled:
            studio.remove_copies(project_id, drift.doubled)
            healed[DriftKind.TASKS_DOUBLED] += len(drift.doubled)
        if drift.left_over:
            gone = studio.remove_unanswered(project_id, drift.left_over)
            healed[DriftKind.TASKS_LEFT_OVER] += min(gone, len(drift.left_over))
        for task_id, shown in drift.altered.items():
            studio.inventory.put_data(task_id, shown)
        healed[DriftKind.TASKS_ALTERED] += min(len(drift.altered), len(drift.altered_keys))
        if drift.not_copied:
            self._read_anew(key)
            healed[DriftKind.ANSWERS_NOT_COPIED] += len(drift.not_copied)

    def _read_anew(self, key: str) -> None:
        """Forget that an inbox was read, so that the next copying of votes reads all of it."""
        copied = self._lake.votes.copied(self._campaign.name)
        left = {k: state for k, state in copied.inboxes.items() if k != key}
        read = {k: at for k, at in copied.read_up_to.items() if k != key}
        begun = {k: at for k, at in copied.begun.items() if k != key}
        self._lake.votes.write_copied(
            copied.model_copy(update={"inboxes": left, "read_up_to": read, "begun": begun})
        )
        summary = self._lake.evaluations.summary(self._campaign.name)
        if summary and key in summary.inboxes:
            states = {k: state for k, state in summary.inboxes.items() if k != key}
            self._lake.evaluations.write_summary(summary.model_copy(update={"inboxes": states}))


def totals(drifts: Iterable[StudioDrift]) -> Mapping[str, int]:
    """What was found and healed over all campaigns, as numbers for people and alarms."""
    found: Counter[str] = Counter()
    healed = 0
    for drift in drifts:
        found.update(drift.found)
        healed += sum(drift.healed.values())
    return {**{kind.value: found[kind.value] for kind in DriftKind}, "healed": healed}
