"""A campaign of any size, written straight into the records; and a Label Studio that records.

Nothing is decoded or shared out: the records are those that the platform writes, with 30 in 100
images given to two people, and one in ten of these in conflict.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation
from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign, LabelClass, Person
from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Vote
from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.label_studio import InboxActivity, InboxProgress, Studio, StudioSettings, results
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads

BEGAN = datetime(2026, 6, 1, 8, tzinfo=UTC)
IMAGES_A_BATCH = 500
SIZE = (1600, 1200)
_GIVEN_TWICE = 0.3
_VOTES_AN_OBJECT = 500


class SyntheticCampaign:
    """So many images, given to so many people; every answer follows from image and person."""

    def __init__(self, name: str, *, images: int, people: int) -> None:
        self.campaign = Campaign(
            name=name,
            version=1,
            crop="maize",
            classes=(LabelClass(id=1, name="crop"), LabelClass(id=2, name="weed")),
            annotators=tuple(
                Person(name=f"p{n}", email=f"p{n}@example.com") for n in range(people)
            ),
            adjudicator=Person(name="judge", email="judge@example.com"),
            overlap_share=_GIVEN_TWICE,
        )
        self.image_ids = [_image_id(name, number) for number in range(images)]

    def people_of(self, number: int) -> list[str]:
        """Who is asked about the image with this number."""
        people = [person.name for person in self.campaign.annotators]
        first = number % len(people)
        both = [people[first], people[(first + 1 + number // len(people)) % len(people)]]
        return sorted(set(both)) if number % 10 < 10 * _GIVEN_TWICE else both[:1]

    def write_batches(self, lake: Lake) -> None:
        """Store the rules, the cleansed sets and the assignments."""
        lake.records.write_once(keys.campaign_version(self.campaign.name, 1), self.campaign)
        in_threads(
            lambda start: self._write_batch(lake, start),
            range(0, len(self.image_ids), IMAGES_A_BATCH),
        )

    def _write_batch(self, lake: Lake, start: int) -> None:
        name = self.campaign.name
        batch_id = f"{start // IMAGES_A_BATCH + 1:06d}-20260601T080000Z-{name}"
        numbers = range(start, min(start + IMAGES_A_BATCH, len(self.image_ids)))
        kept = [
            KeptImage(
                image_id=self.image_ids[n], sha256=hashlib.sha256(b"%d" % n).hexdigest(),
                width_px=SIZE[0], height_px=SIZE[1],
            )
            for n in numbers
        ]  # fmt: skip
        images = CleansedSet(
            batch_id=batch_id, campaign=name, rule_version="1", kept=tuple(kept), excluded=()
        )
        lake.cleansed_sets.write(images)
        page = BatchAssignments(
            batch_id=batch_id, campaign=name, campaign_version=1,
            assignments=tuple(
                Assignment(
                    campaign=name, phase=Phase.ANNOTATION, image_id=self.image_ids[n],
                    person=person, task_key=self.image_ids[n], batch_id=batch_id,
                )
                for n in numbers
                for person in self.people_of(n)
            ),
        )  # fmt: skip
        lake.records.replace(keys.assignments(name, batch_id), page)

    def answers(self, numbers: Iterable[int]) -> Iterator[tuple[Inbox, AnsweredTask]]:
        """Everybody's answer on the images with these numbers."""
        for number in numbers:
            for place, person in enumerate(self.people_of(number)):
                inbox = Inbox(campaign=self.campaign.name, phase=Phase.ANNOTATION, person=person)
                yield inbox, self.answer(number, person, is_other=bool(place and not number % 10))

    def answer(
        self, number: int, person: str, *, is_other: bool = False, later_s: int = 0
    ) -> AnsweredTask:
        """One person's answer on one image: two boxes, of which one has another class or not."""
        when = BEGAN + timedelta(seconds=number % 86_400 + later_s)
        boxes = [
            Box(label="weed" if is_other and not place else "crop", x_min=100 + 400 * place,
                y_min=100, x_max=400 + 400 * place, y_max=400 + later_s % 7)
            for place in range(2)
        ]  # fmt: skip
        annotation = RawAnnotation(
            annotation_id=number, email=f"{person}@example.com", created_at=when, updated_at=when,
            skipped=False, lead_time_s=20.0, ground_truth=False,
            result=tuple(
                region_to_result(b, region_id=str(n), width_px=SIZE[0], height_px=SIZE[1])
                for n, b in enumerate(boxes)
            ),
        )  # fmt: skip
        image_id = self.image_ids[number]
        return AnsweredTask(
            task_id=number, task_key=image_id, image_id=image_id, width_px=SIZE[0],
            height_px=SIZE[1], updated_at=when, annotations=(annotation,),
        )  # fmt: skip

    def write_votes(self, lake: Lake) -> int:
        """Store everybody's answer on every image as votes; returns how many there are."""
        count = 0
        cast = (
            vote
            for inbox, task in self.answers(range(len(self.image_ids)))
            for vote in votes_from_task(
                task, inbox=inbox, campaign=self.campaign, known=(), reader=results
            )
        )
        for some in in_chunks(cast, _VOTES_AN_OBJECT):
            count += len(some)
            self._write_votes(lake, some, number=-(-count // _VOTES_AN_OBJECT))
        return count

    def _write_votes(self, lake: Lake, votes: Sequence[Vote], *, number: int) -> None:
        lake.records.append_lines(keys.vote_log(self.campaign.name, number), list(votes))


def _image_id(campaign: str, number: int) -> str:
    digest = hashlib.sha256(f"{campaign} {number}".encode()).hexdigest()
    return f"{digest[:32]}-{digest[32:40]}"


class RecordingStudio(Studio):
    """Answers about the inboxes of a campaign as Label Studio would, and records what it is told.

    It holds the tasks that changed lately; of the others, only how many there are.
    """

    def __init__(self, synthetic: SyntheticCampaign, *, is_answered: bool) -> None:
        super().__init__(StudioSettings("http://127.0.0.1:1", "x" * 40, "cleansed"))
        name = synthetic.campaign.name
        given = defaultdict[str, int](int)
        for number in range(len(synthetic.image_ids)):
            for person in synthetic.people_of(number):
                given[f"farmy:{name}/annotation/{person}"] += 1
        self.projects = {key: number for number, key in enumerate(sorted(given), 1)}
        self.tasks = {self.projects[key]: count for key, count in given.items()}
        self.answered = dict(self.tasks) if is_answered else dict.fromkeys(self.tasks, 0)
        self.changed: dict[int, list[AnsweredTask]] = defaultdict(list)
        self.changed_at: dict[int, datetime] = dict.fromkeys(self.tasks, BEGAN + timedelta(days=2))
        self.added: dict[int, dict[str, NewTask]] = defaultdict(dict)

    def submit(self, inbox: Inbox, task: AnsweredTask, *, at: datetime) -> None:
        """Somebody changes an answer."""
        project_id = self.projects[inbox.key]
        annotations = [a.model_copy(update={"updated_at": at}) for a in task.annotations]
        self.changed[project_id].append(
            task.model_copy(update={"updated_at": at, "annotations": tuple(annotations)})
        )
        self.changed_at[project_id] = max(at, self.changed_at[project_id])

    def check(self) -> str:
        return "recording"

    def find_inboxes(self, prefix: str = "") -> dict[str, int]:
        return {key: i for key, i in self.projects.items() if key.startswith(prefix)}

    def give_inboxes(self, owners: Mapping[str, str]) -> int:
        del owners
        return 0

    def ensure_inbox(
        self, inbox: Inbox, *, label_config: str, instructions: str, owner: str | None = None
    ) -> int:
        del label_config, instructions, owner
        number = self.projects.setdefault(inbox.key, len(self.projects) + 1)
        self.tasks.setdefault(number, 0)
        self.answered.setdefault(number, 0)
        self.changed_at.setdefault(number, BEGAN)
        return number

    def add_tasks(self, project_id: int, new_tasks: Sequence[NewTask]) -> int:
        there = self.added[project_id]
        new = {task.task_key: task for task in new_tasks if task.task_key not in there}
        there.update(new)
        self.tasks[project_id] += len(new)
        return len(new)

    def remove_unanswered(self, project_id: int, task_keys: Collection[str]) -> int:
        return sum(self.added[project_id].pop(key, None) is not None for key in task_keys)

    def stop_opening_instructions(self, project_id: int) -> None:
        del project_id

    def activity(self, project_id: int) -> InboxActivity:
        return InboxActivity(
            self.changed_at[project_id], self.tasks[project_id], self.answered[project_id]
        )

    def progress(self, project_ids: Iterable[int]) -> dict[int, InboxProgress]:
        return {
            i: InboxProgress(self.tasks[i], self.answered[i], self.answered[i]) for i in project_ids
        }

    def changed_tasks(self, project_id: int, *, since: datetime | None) -> Iterator[AnsweredTask]:
        return (t for t in self.changed[project_id] if since is None or t.updated_at >= since)
