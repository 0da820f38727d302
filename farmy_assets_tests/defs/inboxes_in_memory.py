"""A campaign with its inboxes, on a lake in memory and a Label Studio in memory."""

from dataclasses import dataclass, field
from typing import Any

from farmy_assets.annotation.believed import Differences
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import DRAWING, Inbox, Phase
from farmy_assets.defs import days
from farmy_assets.defs.copied_votes import Copied, copy_new_votes
from farmy_assets.defs.inboxes import inbox_states
from farmy_assets.defs.placing import place_tasks
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.lake.assignments import Placement
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets_tests.annotation.examples import campaign, region
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow import test_evaluation as records

NAME = campaign().name
PEOPLE = ("anna", "ben")


@dataclass
class InboxesInMemory:
    """Two batches of three images, each with anna and ben, and one round of the platform's work."""

    server: FakeLabelStudio = field(default_factory=FakeLabelStudio)
    bucket: BucketInMemory = field(default_factory=BucketInMemory)

    def __post_init__(self) -> None:
        self.lake: Lake = lake_in_memory(self.bucket)
        self.studio = self.connected()
        people = (*PEOPLE, "cara")
        self.server.users += [
            {"id": number, "email": f"{name}@example.com"} for number, name in enumerate(people, 2)
        ]
        self.rules: Campaign = self.lake.campaigns.apply(campaign())

    def connected(self) -> Studio:
        settings = StudioSettings("http://studio.test", "0" * 40, "cleansed")
        return Studio(settings, transport=self.server.transport)

    def place(self, *batches: str) -> None:
        """Give these batches out, and put their tasks into the inboxes."""
        for batch_id in batches:
            records.place(self.lake, batch_id)
            page = self.lake.assignments.of_batch(NAME, batch_id)
            assert page
            images = self.lake.cleansed_sets.read(NAME, batch_id)
            placed = place_tasks(
                self.lake, self.studio, self.rules, page.assignments, images, today=days.today()
            )
            self.lake.assignments.write_placement(
                Placement(batch_id=batch_id, campaign=NAME, tasks=placed.tasks, projects={})
            )

    def edit(self, person: str, image_id: str, *, x: int) -> None:
        """Somebody moves the box of an answer, or draws one where the task was skipped."""
        task = self.tasks(person)[image_id]
        now = self.server.now()
        for annotation in self.server.annotations.values():
            if annotation["task"] == task["id"]:
                annotation["result"], annotation["updated_at"] = [region(x=x)], now
                annotation["was_cancelled"] = False
        task |= {"updated_at": now, "updated_by": [{"user_id": self._user(person)}]}

    def delete(self, person: str, image_id: str) -> None:
        """Somebody deletes an answer."""
        task = self.tasks(person)[image_id]
        annotations = self.server.annotations
        for number in [n for n, a in annotations.items() if a["task"] == task["id"]]:
            del annotations[number]
        by = [{"user_id": self._user(person)}]
        task |= {"updated_at": self.server.now(), "updated_by": by, "counted": False}

    def _user(self, person: str) -> int:
        found = (u["id"] for u in self.server.users if u["email"].startswith(f"{person}@"))
        return int(next(found))

    def project(self, person: str) -> int:
        key = Inbox(campaign=NAME, phase=Phase.ANNOTATION, person=person).key
        return self.studio.find_inboxes(key)[key]

    def tasks(self, person: str) -> dict[str, dict[str, Any]]:
        """Task key to the first task with it in a person's inbox."""
        project_id = self.project(person)
        found: dict[str, dict[str, Any]] = {}
        for task in self.server.tasks.values():
            if task["project"] == project_id:
                found.setdefault(task["data"].get("asset_key"), task)
        return found

    def answer(self, person: str, image_id: str, *, x: int = 10, skipped: bool = False) -> int:
        """Somebody draws one box, or skips; the annotation's id."""
        task = self.tasks(person)[image_id]
        number = self.server.add_annotation(task["id"], by=self._user(person), skipped=skipped)
        self.server.annotations[number]["result"] = [] if skipped else [region(x=x)]
        return number

    def copy(self, *, at_most: int | None = None) -> Copied:
        """What a run does: votes are copied out, noted, and evaluated."""
        members = self.lake.campaigns.members(NAME)
        seen = inbox_states(self.studio, campaign=NAME, phases=DRAWING).get(NAME, {})
        copied = copy_new_votes(
            self.lake, self.studio, self.rules, members=members,
            inboxes=members.inboxes(*DRAWING), differences=Differences(), seen=seen,
            at_most=at_most,
        )  # fmt: skip
        self.lake.votes.write_copied(copied.inboxes)
        bring_up_to_date(self.lake, self.rules)
        return copied
