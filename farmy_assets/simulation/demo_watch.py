"""How far the demo's campaign is, looked up in the records and in Label Studio, never remembered.

The demo starts no run and moves no image: it only looks, until there is nothing left to do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.cleansing.cleansed_set import ExclusionStatus
from farmy_assets.defs.inboxes import inbox_states
from farmy_assets.label_studio import Studio
from farmy_assets.lake.evaluations import EvaluationSummary
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.votes import InboxState
from farmy_assets.workflow.progress import Progress

SOMETIMES_EMPTY = ("flagged ones ruled on", "conflicts decided")
PATIENCE_SECONDS = 180.0
Clock = Callable[[], float]


class Stage(NamedTuple):
    """One line of progress; a total of 0 means that it is not known yet."""

    name: str
    done: int
    total: int
    note: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether everything that is known of is done."""
        return 0 < self.total <= self.done


@dataclass(frozen=True)
class Look:
    """How far a campaign is at one moment, in images unless the name says otherwise.

    Attributes:
        arrived: Photographs in the raw zone.
        catalogued: Of these, known to the catalog.
        examined: Kept, or excluded with a reason.
        kept: Fit to annotate.
        flagged: Put before people in triage.
        ruled: Of these, with a decision that the cleansed sets follow.
        placed: With tasks in Label Studio.
        answers: Of the annotators, in Label Studio.
        tasks: Of the annotators, in Label Studio.
        disputed: Ever in conflict.
        decided: Of these, decided by the adjudicator, in Label Studio.
        judged: Settled, in the records.
        released: In the newest data set version.
        unlabellable: Excluded by the adjudicator.
        is_finished: Everything that arrived is settled, released and exported whole.
    """

    arrived: int
    catalogued: int = 0
    examined: int = 0
    kept: int = 0
    flagged: int = 0
    ruled: int = 0
    placed: int = 0
    answers: int = 0
    tasks: int = 0
    disputed: int = 0
    decided: int = 0
    judged: int = 0
    released: int = 0
    unlabellable: int = 0
    is_finished: bool = False

    @property
    def is_hopeless(self) -> bool:
        """Whether every photograph was examined, and none was kept: nothing will follow."""
        everything_is_ruled = self.ruled >= self.flagged
        return self.examined >= self.arrived and self.kept == 0 and everything_is_ruled

    def stages(self) -> tuple[Stage, ...]:
        """The lines of progress, in the order in which an image passes through them."""
        excluded = self.examined - self.kept
        kept_note = f"{self.kept} kept, {excluded} excluded" if self.examined else ""
        judged_note = f"{self.judged} settled" if self.answers else ""
        label = self.kept - self.unlabellable
        return (
            Stage("catalogued", self.catalogued, self.arrived),
            Stage("cleansed", self.examined, self.arrived, kept_note),
            Stage("in the inboxes", self.placed, self.kept),
            Stage("flagged ones ruled on", self.ruled, self.flagged),
            Stage("answers given", self.answers, self.tasks, judged_note),
            Stage("conflicts decided", self.decided, self.disputed),
            Stage("released", min(self.released, label) if self.is_finished else 0, label),
        )


def look(lake: Lake, studio: Studio, campaign: Campaign, image_ids: frozenset[str]) -> Look:
    """How far the campaign is now.

    Args:
        lake: Its records.
        studio: Its inboxes.
        campaign: As it stands.
        image_ids: What this demo brought in; the campaign may hold more.

    Raises:
        LakeUnavailableError: The lake does not answer.
        StudioUnavailableError: Label Studio does not answer.
    """
    sets = lake.cleansed_sets.all(campaign.name)
    kept = {image.image_id for found in sets for image in found.kept}
    examined = kept | {item.image_id for found in sets for item in found.excluded}
    arrived = image_ids | examined
    placed = sum(
        len(found.kept)
        for found in sets
        if lake.assignments.placement(campaign.name, found.batch_id)
    )
    flagged = {q.assignment.image_id for q in lake.triage.questions(campaign.name)}
    held = {
        item.image_id
        for found in sets
        for item in found.excluded
        if item.status is ExclusionStatus.HELD
    }
    inboxes = inbox_states(studio, campaign=campaign.name).get(campaign.name, {})
    state = lake.evaluations.summary(campaign.name)
    newest = lake.datasets.newest(campaign.name)
    answers, tasks = _counts(inboxes, Phase.ANNOTATION)
    statuses = state.statuses() if state else {}
    return Look(
        arrived=len(arrived),
        catalogued=len(examined) + len(lake.catalog.entries(sorted(arrived - examined))),
        examined=len(examined),
        kept=len(kept),
        flagged=len(flagged | held),
        ruled=len(flagged - held),
        placed=placed,
        answers=answers,
        tasks=tasks,
        disputed=state.counts.disputed if state else 0,
        decided=_counts(inboxes, Phase.ADJUDICATION)[0],
        judged=sum(n for name, n in statuses.items() if ConsensusStatus(name).is_settled),
        released=newest.image_count if newest else 0,
        unlabellable=statuses.get(ConsensusStatus.EXCLUDED.value, 0),
        is_finished=arrived == examined and _is_released(lake, campaign, inboxes, state),
    )


def _counts(inboxes: Mapping[str, InboxState], phase: Phase) -> tuple[int, int]:
    """Answers and tasks in the inboxes of a phase."""
    of_phase = [state for key, state in inboxes.items() if f"/{phase.value}/" in key]
    return sum(s.annotations for s in of_phase), sum(s.tasks for s in of_phase)


def _is_released(
    lake: Lake,
    campaign: Campaign,
    inboxes: Mapping[str, InboxState],
    state: EvaluationSummary | None,
) -> bool:
    """Whether the campaign's newest version holds everything settled, and its exports are whole."""
    if state is None or not state.is_settled:
        return False
    batches = Progress.of(lake).of_batches()
    undone = sum(batch.campaign == campaign.name and not batch.is_done for batch in batches)
    progress = Progress.of(lake).of_campaign(campaign, inboxes, 0)
    held = Progress.of(lake).flagged(campaign.name).held
    return not (undone or held or progress.to_redo or progress.next_step)


@dataclass
class StageTimer:
    """What the looks of one demo showed: when each stage was complete, and when nothing moved.

    Attributes:
        clock: Tells seconds.
        began: When the first look was taken.
        moved: When something was last seen to move.
        completed: Stage to the second at which it was (last) seen to become complete.
    """

    clock: Clock
    began: float = field(init=False)
    moved: float = field(init=False)
    completed: dict[str, float] = field(default_factory=dict)
    _last: object = None

    def __post_init__(self) -> None:
        """Begin now."""
        self.began = self.moved = self.clock()

    def note(self, seen: Look, *signs: object) -> None:
        """Take notice of a look, and of other signs of life."""
        now = self.clock()
        if (seen, signs) != self._last:
            self.moved, self._last = now, (seen, signs)
        for stage in seen.stages():
            if not stage.is_complete:
                self.completed.pop(stage.name, None)
            else:
                self.completed.setdefault(stage.name, now)

    @property
    def seconds(self) -> float:
        """Since the first look."""
        return self.clock() - self.began

    @property
    def is_stuck(self) -> bool:
        """Whether nothing has moved for so long that nothing will."""
        return self.clock() - self.moved > PATIENCE_SECONDS

    def stage_seconds(self) -> dict[str, float]:
        """How long each stage was the one that was waited for, in the order of the stages."""
        before, waits = self.began, {}
        for name, moment in sorted(self.completed.items(), key=lambda pair: pair[1]):
            waits[name] = moment - before
            before = moment
        return waits


def waiting_for(seen: Look) -> str:
    """A sentence on the first stage that is not complete."""
    for stage in seen.stages():
        if not stage.is_complete and not (stage.name in SOMETIMES_EMPTY and not stage.total):
            of = f"{stage.done} of {stage.total}" if stage.total else "none so far"
            return f"{stage.name}: {of}"
    return "the last votes to be copied out and the exports to be whole"
