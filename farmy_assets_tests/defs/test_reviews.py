"""Sending back, reopening and reviews by sampling: from one inbox to the next, and to a release."""

from collections.abc import Mapping
from datetime import timedelta

import dagster as dg
import pytest

from farmy_assets.annotation.answers import RawAnnotation
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.reviews import by_person
from farmy_assets.annotation.versions import versions_of
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.new_tasks import ALL_VERSIONS, NewTask
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.label_studio.review_page import ONE_VERSION
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.reviews import reopen
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import SIZE, photograph, run_what_is_asked

CAMPAIGN = """
name: weeds
crop: maize
classes: [{id: 1, name: crop}, {id: 2, name: weed}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
"""
IN_PAIRS = CAMPAIGN + "overlap_share: 1.0\nreview: {rounds: 1}\n"
ALONE = CAMPAIGN + (
    "overlap_share: 0.0\nreview: {rounds: 2, share: 0.5}\n"
    "reviewers: [{name: emil, email: emil@example.com}]\n"
)
TRUE = Box(label="weed", x_min=100, y_min=80, x_max=200, y_max=160)
WRONG = TRUE.model_copy(update={"label": "crop"})
PLACE = {
    "from_name": "place", "to_name": "image", "type": "ellipselabels", "value": {
        "x": 37.5, "y": 40, "radiusX": 20, "radiusY": 15, "rotation": 0,
        "ellipselabels": ["look here"],
    },
}  # fmt: skip
Resources = Mapping[str, object]


class Played:
    """A campaign whose people answer, one look of the sensor after the other."""

    def __init__(
        self, lake: Lake, studio: StudioInMemory, instance: dg.DagsterInstance, resources: Resources
    ) -> None:
        self.lake, self.studio, self._instance, self._resources = lake, studio, instance, resources
        self._late = 0

    def begin(self, rules: str, photographs: int) -> list[str]:
        """Give photographs out; returns their ids."""
        self.lake.campaigns.apply(parse_campaign(rules))
        ids = bring(self.lake, {f"{n}.jpg": photograph(n) for n in range(1, photographs + 1)})
        assert run_what_is_asked(new_images_sensor, self._instance, self._resources)
        return sorted(ids.values())

    def tasks(self, phase: str, person: str) -> dict[str, NewTask]:
        project = self.studio.projects.get(f"farmy:weeds/{phase}/{person}")
        return self.studio.tasks.get(project or 0, {})

    def open_tasks(self, phase: str, person: str) -> list[NewTask]:
        project = self.studio.projects.get(f"farmy:weeds/{phase}/{person}") or 0
        there = self.tasks(phase, person)
        return [there[key] for key in there if (project, key) not in self.studio.answers]

    def submit(
        self, phase: str, person: str, task_key: str, *drawn: Region, choice: str = "",
        reason: str = "",
    ) -> None:  # fmt: skip
        self._late += 60
        when = NOON + timedelta(seconds=self._late)
        said = [
            {"from_name": "decision", "type": "choices", "value": {"choices": [choice]}},
        ] * bool(choice)
        said += [
            {"from_name": "reason", "type": "textarea", "value": {"text": [reason]}},
            PLACE,
        ] * (bool(reason))
        regions = [
            region_to_result(region, region_id=str(n), width_px=SIZE[0], height_px=SIZE[1])
            for n, region in enumerate(drawn)
        ]
        annotation = RawAnnotation(
            annotation_id=1, email=f"{person}@example.com", created_at=when, updated_at=when,
            skipped=False, lead_time_s=3.0, ground_truth=False, result=(*regions, *said),
        )  # fmt: skip
        self.studio.answer(f"farmy:weeds/{phase}/{person}", task_key, annotation)

    def run(self, looks: int = 3) -> list[str]:
        """What the sensor asks for in some looks."""
        sensor = annotation_completion_sensor
        return [
            each
            for _ in range(looks)
            for each in run_what_is_asked(sensor, self._instance, self._resources)
        ]

    def judgement(self, image_id: str) -> ImageConsensus:
        found = self.lake.evaluations.of_images("weeds", [image_id])[image_id].consensus
        assert found is not None
        return found

    def letter_of(self, person: str, image_id: str) -> str:
        """Which version is a person's, as the page calls it."""
        image = self.lake.evaluations.of_images("weeds", [image_id])[image_id]
        judged = [v for v in image.votes if v.vote_id in self.judgement(image_id).vote_ids]
        return next(k for k, vote in versions_of(judged).items() if vote.person == person)


@pytest.fixture
def played(
    lake: Lake, studio: StudioInMemory, instance: dg.DagsterInstance, resources: Resources
) -> Played:
    return Played(lake, studio, instance, resources)


def conflict(played: Played) -> tuple[str, str]:
    """An image that anna saw wrongly; its id, and the key of the adjudicator's task."""
    (image_id,) = played.begin(IN_PAIRS, 1)
    played.submit("annotation", "anna", image_id, WRONG)
    played.submit("annotation", "ben", image_id, TRUE)
    assert played.run(1) == ["votes_job: ok"]
    (task,) = played.open_tasks("adjudication", "dora")
    return image_id, task.task_key


def send_back(played: Played) -> str:
    """The same, sent back to anna; the image's id."""
    image_id, key = conflict(played)
    choice = f"send back {played.letter_of('anna', image_id)}"
    played.submit("adjudication", "dora", key, choice=choice, reason="look at the leaf's edge")
    assert played.run(1) == ["votes_job: ok"]
    return image_id


def test_an_answer_that_was_sent_back_comes_to_its_annotator_with_reason_and_place(
    played: Played,
) -> None:
    image_id = send_back(played)
    judgement = played.judgement(image_id)
    assert (judgement.status, judgement.waiting_for) == (ConsensusStatus.WAITING, ("anna",))
    (task,) = played.open_tasks("correction", "anna")
    assert task.task_key == f"{image_id}.anna.again1"
    assert task.data["reason"] == "look at the leaf's edge"
    (prediction,) = task.predictions
    assert [(r["from_name"], r["type"]) for r in prediction["result"]] == [
        ("place", "ellipselabels"), ("box", "rectanglelabels"),
    ]  # fmt: skip
    assert prediction["result"][1]["value"]["rectanglelabels"] == ["crop"]
    assert prediction["result"][0]["value"]["x"] == 37.5
    assert played.tasks("correction", "ben") == {}
    projects = played.studio.projects
    assert played.studio.shown == {
        projects["farmy:weeds/adjudication/dora"]: ALL_VERSIONS,
        projects["farmy:weeds/correction/anna"]: ONE_VERSION,
    }
    assert "dora" not in str(task.data)


def test_the_corrected_answer_takes_the_place_of_the_former_one_and_both_are_kept(
    played: Played,
) -> None:
    image_id = send_back(played)
    played.submit("correction", "anna", f"{image_id}.anna.again1", TRUE)
    assert "release_job: ok" in played.run()
    judgement = played.judgement(image_id)
    assert judgement.status is ConsensusStatus.AGREED
    version = played.lake.datasets.newest("weeds")
    assert version is not None
    assert [[r.label for r in image.regions] for image in version.images] == [["weed"]]
    by_anna = [v for v in played.lake.votes.all("weeds") if v.person == "anna"]
    assert sorted(r.label for v in by_anna for r in v.regions) == ["crop", "weed"]


def test_after_all_rounds_it_cannot_be_sent_back_any_more(played: Played) -> None:
    image_id = send_back(played)
    played.submit("correction", "anna", f"{image_id}.anna.again1", WRONG)
    played.run(1)
    (task,) = played.open_tasks("adjudication", "dora")
    assert not [c for c in task.data["decisions"] if c["value"].startswith("send back")]
    choice = f"send back {played.letter_of('anna', image_id)}"  # the page does not offer it
    played.submit("adjudication", "dora", task.task_key, choice=choice, reason="once more")
    played.run(1)
    (again,) = played.open_tasks("adjudication", "dora")
    assert "cannot be sent back any more" in again.data["differences"]
    assert list(played.tasks("correction", "anna")) == [f"{image_id}.anna.again1"]


def test_what_was_sent_back_to_somebody_who_leaves_goes_to_the_adjudicator_again(
    played: Played,
) -> None:
    image_id = send_back(played)
    left = IN_PAIRS.replace("{name: anna, email: anna@example.com}", "{name: eva, email: e@x.org}")
    played.lake.campaigns.apply(parse_campaign(left))
    played.run()
    assert played.judgement(image_id).status is ConsensusStatus.IN_CONFLICT
    assert played.tasks("correction", "anna") == {}
    (task,) = played.open_tasks("adjudication", "dora")
    assert "its author has left since" in task.data["differences"]
    assert not [c for c in task.data["decisions"] if "anna" in str(c)]
    letter = played.letter_of("ben", image_id)
    played.submit("adjudication", "dora", task.task_key, choice=f"version {letter}")
    assert "release_job: ok" in played.run()


def test_a_decision_that_is_changed_takes_the_open_correction_back(played: Played) -> None:
    image_id, key = conflict(played)
    letters = {name: played.letter_of(name, image_id) for name in ("anna", "ben")}
    choice = f"send back {letters['anna']}"
    played.submit("adjudication", "dora", key, choice=choice, reason="look again")
    played.run(1)
    assert len(played.open_tasks("correction", "anna")) == 1
    played.submit("adjudication", "dora", key, choice=f"version {letters['ben']}")
    played.run(1)
    assert played.tasks("correction", "anna") == {}
    assert played.judgement(image_id).status is ConsensusStatus.ADJUDICATED


def test_sending_back_without_a_reason_is_asked_again(played: Played) -> None:
    image_id, key = conflict(played)
    choice = f"send back {played.letter_of('anna', image_id)}"
    played.submit("adjudication", "dora", key, choice=choice)
    played.run(1)
    (task,) = played.open_tasks("adjudication", "dora")
    assert "no reason was given" in task.data["differences"]
    assert played.tasks("correction", "anna") == {}


@pytest.mark.parametrize("where", ["add_tasks", "show_prediction"])
def test_a_run_that_ends_while_handing_over_is_repeated_and_asks_once(
    played: Played, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    image_id, key = conflict(played)
    choice = f"send back {played.letter_of('anna', image_id)}"
    played.submit("adjudication", "dora", key, choice=choice, reason="look again")

    def killed(*_: object) -> None:
        raise InvalidInputError("killed")

    monkeypatch.setattr("farmy_assets.defs.requests.FIRST_PAUSE", timedelta(0))
    with monkeypatch.context() as patched:
        patched.setattr(played.studio, where, killed)
        assert played.run(1) == ["votes_job: failed"]
    assert played.run(1) == ["votes_job: ok"]
    assert list(played.tasks("correction", "anna")) == [f"{image_id}.anna.again1"]
    played.run(2)
    assert played.run(1) == []
    given = played.lake.assignments.adjudication("weeds").assignments
    assert sorted((a.phase.value, a.person) for a in given) == [
        ("adjudication", "dora"), ("correction", "anna"),
    ]  # fmt: skip


def test_a_settled_image_is_reopened_decided_again_and_released_again(played: Played) -> None:
    image_id, key = conflict(played)
    letters = {name: played.letter_of(name, image_id) for name in ("anna", "ben")}
    played.submit("adjudication", "dora", key, choice=f"version {letters['anna']}")
    assert "release_job: ok" in played.run()
    rules = played.lake.campaigns.named("weeds")
    assert reopen(played.lake, rules, [image_id], reason="it is a weed", now=NOON) == [image_id]
    assert reopen(played.lake, rules, [image_id], reason="it is a weed", now=NOON) == [image_id]
    assert played.judgement(image_id).status is ConsensusStatus.IN_CONFLICT
    assert set(played.run()) == {"votes_job: ok"}  # and no release
    (task,) = played.open_tasks("adjudication", "dora")
    assert "reopened: it is a weed" in task.data["differences"]
    assert len(played.lake.evaluations.of_images("weeds", [image_id])[image_id].reopenings) == 1
    letter = played.letter_of("ben", image_id)
    assert [c["value"] for c in task.data["decisions"] if c["value"].startswith("version")] == (
        sorted(f"version {played.letter_of(name, image_id)}" for name in ("anna", "ben"))
    )
    played.submit("adjudication", "dora", task.task_key, choice=f"version {letter}")
    assert "release_job: ok" in played.run()
    newest = played.lake.datasets.newest("weeds")
    assert newest is not None
    assert (newest.number, [r.label for i in newest.images for r in i.regions]) == (2, ["weed"])
    first = played.lake.datasets.before(newest)
    assert first is not None
    assert [r.label for i in first.images for r in i.regions] == ["crop"]


def test_what_people_agreed_on_can_be_reopened_too(played: Played) -> None:
    (image_id,) = played.begin(IN_PAIRS, 1)
    for person in ("anna", "ben"):
        played.submit("annotation", person, image_id, TRUE)
    played.run()
    rules = played.lake.campaigns.named("weeds")
    reopen(played.lake, rules, [image_id], reason="too large", now=NOON)
    assert played.judgement(image_id).status is ConsensusStatus.IN_REVIEW
    played.run(1)
    (task,) = played.open_tasks("adjudication", "dora")
    assert "reopened: too large" in task.data["differences"]
    played.submit("adjudication", "dora", task.task_key, choice="nothing there")
    played.run()
    judgement = played.judgement(image_id)
    assert (judgement.status, judgement.regions) == (ConsensusStatus.ADJUDICATED, ())


def test_only_what_the_campaign_has_settled_can_be_reopened(played: Played) -> None:
    image_id, _ = conflict(played)
    rules = played.lake.campaigns.named("weeds")
    with pytest.raises(InvalidInputError, match="only what is settled can be reopened"):
        reopen(played.lake, rules, [image_id], reason="why not", now=NOON)
    with pytest.raises(InvalidInputError, match="has given out no such image: other"):
        reopen(played.lake, rules, ["other"], reason="why not", now=NOON)


def answered_alone(played: Played) -> dict[str, str]:
    """Images that one person each drew; image id to the person."""
    ids = played.begin(ALONE, 6)
    drawn_by = {}
    for person in ("anna", "ben"):
        for task in played.open_tasks("annotation", person):
            played.submit("annotation", person, task.task_key, WRONG)
            drawn_by[task.task_key] = person
    assert sorted(drawn_by) == ids
    played.run(1)
    return drawn_by


def test_a_share_of_each_persons_images_is_reviewed_before_a_release(played: Played) -> None:
    drawn_by = answered_alone(played)
    tasks = played.open_tasks("review", "emil")
    chosen = [drawn_by[t.data["image_id"]] for t in tasks]
    assert {name: chosen.count(name) for name in ("anna", "ben")} == {"anna": 2, "ben": 2}
    assert "release_job: ok" not in played.run()  # before they are reviewed
    first, second, third, fourth = tasks
    assert [c["value"] for c in first.data["decisions"]] == [
        "version A", "draw everything", "nothing there", "leave out", "send back A",
    ]  # fmt: skip
    played.submit("review", "emil", first.task_key, choice="version A")
    played.submit("review", "emil", second.task_key, TRUE, choice="draw everything")
    played.submit("review", "emil", third.task_key, choice="send back A", reason="a weed")
    played.submit("review", "emil", fourth.task_key, choice="leave out")
    played.run(1)
    sent_to = drawn_by[third.data["image_id"]]
    (back,) = played.open_tasks("correction", sent_to)
    played.submit("correction", sent_to, back.task_key, TRUE)
    played.run(1)
    (again,) = played.open_tasks("review", "emil")
    assert again.predictions[0]["result"][0]["value"]["rectanglelabels"] == ["weed"]
    played.submit("review", "emil", again.task_key, choice="version A")
    assert "release_job: ok" in played.run()
    version = played.lake.datasets.newest("weeds")
    assert version is not None
    labels = {image.image_id: [r.label for r in image.regions] for image in version.images}
    assert labels.pop(second.data["image_id"]) == ["weed"]
    assert labels.pop(third.data["image_id"]) == ["weed"]
    assert fourth.data["image_id"] not in labels
    assert list(labels.values()) == [["crop"]] * 3
    summary = played.lake.evaluations.summary("weeds")
    assert summary is not None
    counts = by_person(summary.counts.reviews)
    together = {r: sum(of[r] for of in counts.values()) for r in counts["anna"]}
    assert together == {"accepted": 2, "edited": 1, "rejected": 1, "left out": 1}


def test_evaluated_anew_everything_about_reviews_is_as_it_was(played: Played) -> None:
    answered_alone(played)
    before = {image.image_id: image for image in played.lake.evaluations.images("weeds")}
    inputs, _ = played.lake.evaluations.inputs("weeds")
    assert inputs is not None
    rules = played.lake.campaigns.named("weeds")
    anew = bring_up_to_date(played.lake, rules, anew=True)
    assert {image.image_id: image for image in played.lake.evaluations.images("weeds")} == before
    assert (anew.sampling, anew.counts) == (inputs.sampling, inputs.counts)


def test_without_a_share_any_more_nobody_waits_for_reviews(played: Played) -> None:
    answered_alone(played)
    played.lake.campaigns.apply(parse_campaign(ALONE.replace("share: 0.5", "share: 0")))
    assert "release_job: ok" in played.run()
    assert played.tasks("review", "emil") == {}
