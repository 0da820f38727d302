"""farmy campaign as a person types it, on a lake in memory and with accounts in memory."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.people import Role
from farmy_assets.annotation.triage import TriageQuestion
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.cleansing.cleansed_set import (
    CleansedSet,
    Exclusion,
    ExclusionStatus,
    KeptImage,
)
from farmy_assets.cli import accounts, campaign, campaign_page, migrate
from farmy_assets.cli.main import app
from farmy_assets.errors import StudioUnavailableError
from farmy_assets.label_studio.people import Account, Invitation, People
from farmy_assets.lake import keys
from farmy_assets.lake.evaluations import CampaignState
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.annotation.examples import box, vote
from farmy_assets_tests.workflow.campaign_pages.played_campaign import NAME as PLAYED
from farmy_assets_tests.workflow.campaign_pages.played_campaign import play

CAMPAIGN = """
name: weeds-2026
crop: maize
classes: [{id: 1, name: crop}, {id: 2, name: weed}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: cara, email: cara@example.com}
"""
NAME = "weeds-2026"
BATCH = f"000001-20260601T120000Z-{NAME}"
NOW = datetime.now(UTC)
run = CliRunner().invoke


class PeopleInMemory(People):
    """The accounts of a Label Studio that is not there."""

    def __init__(self, *emails: str) -> None:
        self.emails = list(emails)
        self.invited: dict[str, Role] = {}

    def accounts(self) -> tuple[Account, ...]:
        return tuple(Account(email, "", Role.ANNOTATOR, True) for email in self.emails)

    def invite(self, email: str, *, role: Role, name: str | None = None) -> Invitation:
        self.invited[email] = role
        link = f"http://127.0.0.1:1/way-in/{len(self.invited)}"
        return Invitation(email, role, True, False, link, NOW)


@pytest.fixture
def people() -> PeopleInMemory:
    return PeopleInMemory("anna@example.com", "ben@example.com", "cara@example.com")


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, people: PeopleInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "open_lake", lambda: lake)
    monkeypatch.setattr(campaign_page, "open_lake", lambda: lake)
    monkeypatch.setattr(accounts, "open_people", lambda: people)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_is_terminal", lambda: True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weeds.yaml"
    path.write_text(CAMPAIGN)
    return path


def apply(file: Path, text: str = CAMPAIGN, *more: str, say: str | None = None) -> str:
    """What a person reads when a file with this text is applied."""
    file.write_text(text)
    told = run(app, ["campaign", "apply", str(file), *more], input=say)
    assert told.exit_code == 0, told.output
    return told.stdout + told.stderr


def images(count: int) -> list[str]:
    return [f"{n:032x}-{'0' * 12}" for n in range(count)]


def assigned(image_id: str, person: str) -> Assignment:
    return Assignment(
        campaign=NAME, phase=Phase.ANNOTATION, image_id=image_id, person=person,
        task_key=image_id, batch_id=BATCH,
    )  # fmt: skip


def answered(image_id: str, person: str, *, hours_ago: float = 0.5, label: str = "weed") -> Vote:
    return vote(
        person, box(0, 0, label=label), vote_id=f"{person} {image_id}", image_id=image_id,
        task_key=image_id, submitted_at=datetime.now(UTC) - timedelta(hours=hours_ago),
    )  # fmt: skip


def keep(
    lake: Lake, kept: list[str], *excluded: Exclusion, name: str = NAME, batch: str = BATCH
) -> None:
    found = CleansedSet(
        batch_id=batch, campaign=name, rule_version="1", excluded=excluded,
        kept=tuple(KeptImage(image_id=i, sha256="0" * 64, width_px=8, height_px=8) for i in kept),
    )  # fmt: skip
    lake.cleansed_sets.write(found)


def kept_by_beets(lake: Lake) -> str:
    """An image that another campaign keeps; its id."""
    image_id = "f" * 32 + "-" + "0" * 12
    batch = Batch(
        batch_id="000002-20260601T130000Z-beets", number=2, campaign="beets", sealed_at=NOW,
        image_ids=(image_id,),
    )  # fmt: skip
    lake.records.write_once(keys.batch(2), batch)
    known = CatalogEntry(image_id=image_id, state=EntryState.PRESENT, sequencer="1", metadata=None)
    lake.catalog.apply(known, now=NOW)
    lake.catalog.mark_sealed([image_id], batch.batch_id)
    keep(lake, [image_id], name="beets", batch=batch.batch_id)
    return image_id


def give(lake: Lake, rules: Campaign, *given: Assignment) -> None:
    lake.assignments.add(rules, BATCH, share=lambda _earlier: given)


def out(image_id: str, status: ExclusionStatus, *reasons: str, of: str | None = None) -> Exclusion:
    return Exclusion(image_id=image_id, status=status, reasons=reasons, duplicate_of=of)


# ---------------------------------------------------------------- apply


def test_rules_of_review_are_not_left_out_again_but_made_empty(file: Path, lake: Lake) -> None:
    file.write_text(CAMPAIGN + "review: {rounds: 1}\n")
    assert run(app, ["campaign", "apply", str(file)]).exit_code == 0
    file.write_text(CAMPAIGN)
    refused = run(app, ["campaign", "apply", str(file)])
    assert refused.exit_code == 1
    assert "write review: {rounds: 0, share: 0}" in refused.output
    file.write_text(CAMPAIGN + "review: {rounds: 0, share: 0}\n")
    told = run(app, ["campaign", "apply", str(file)])
    assert "review.rounds: 1 -> 0" in told.output
    assert lake.campaigns.named(NAME).rounds == 0


def test_a_campaign_is_applied_once_and_shown(file: Path) -> None:
    first = run(app, ["campaign", "apply", str(file)])
    assert f"campaign {NAME}, version 1: applied; 2 classes, 2 annotators" in first.stdout
    assert "it applies from the first batch on" in first.stdout
    again = run(app, ["campaign", "apply", str(file)])
    assert "version 1: unchanged" in again.stdout
    assert "holds" not in again.stdout
    assert first.stderr == again.stderr == ""
    (told,) = json.loads(run(app, ["campaign", "status", "--json"]).stdout)
    assert (told["campaign"], told["newest_version"]) == (NAME, None)
    assert f"{NAME} (newest version: none)" in run(app, ["campaign", "status"]).stdout


def test_counts_of_one_are_in_the_singular(file: Path) -> None:
    single = CAMPAIGN.replace(", {id: 2, name: weed}", "").replace(
        ", {name: ben, email: ben@example.com}", ""
    )
    told = apply(file, single + "overlap_share: 0\n")
    assert "1 class, 1 annotator" in told


def test_a_change_is_reported_with_the_batch_from_which_it_holds(file: Path, lake: Lake) -> None:
    apply(file)
    give(lake, lake.campaigns.named(NAME), assigned(images(1)[0], "anna"))
    told = apply(file, CAMPAIGN.replace("name: ben, email: ben@", "name: eva, email: eva@"))
    assert "version 2: applied" in told
    assert "annotator eva (eva@example.com) joins" in told
    assert "annotator ben leaves: what he or she has not labelled goes to others at once" in told
    assert f"query and overlap apply to batches after {BATCH}" in told


CLASSES = "[{id: 1, name: crop}, {id: 2, name: weed}]"


def test_a_class_with_votes_does_not_go_without_saying_what_becomes_of_it(
    file: Path, lake: Lake
) -> None:
    apply(file)
    lake.votes.add(NAME, [answered(i, "anna") for i in images(3)])
    file.write_text(CAMPAIGN.replace(CLASSES, "[{id: 1, name: crop}]"))
    told = run(app, ["campaign", "apply", str(file)])
    assert told.exit_code == 1
    assert 'class "weed"' in told.stderr
    assert "3 regions in 3 votes on 3 images" in told.stderr
    assert "`merges: [id]`" in told.stderr
    assert lake.campaigns.named(NAME).version == 1


def test_a_name_that_a_class_had_is_given_to_no_other_one(file: Path, lake: Lake) -> None:
    apply(file)
    renamed = "[{id: 1, name: crop}, {id: 2, name: grass}, {id: 3, name: weed}]"
    file.write_text(CAMPAIGN.replace(CLASSES, renamed))
    told = run(app, ["campaign", "apply", str(file)])
    assert told.exit_code == 1
    assert "classes.2.name: 'weed' was a name of classes.1 (grass)" in told.stderr
    assert lake.campaigns.named(NAME).version == 1


def test_what_becomes_of_classes_is_previewed_with_counts_and_then_applied(
    file: Path, lake: Lake
) -> None:
    apply(file)
    one, two = images(2)
    keep(lake, [one, two])
    give(lake, lake.campaigns.named(NAME), *(assigned(i, p) for i in (one, two)
                                             for p in ("anna", "ben")))  # fmt: skip
    votes = [answered(one, "anna"), answered(one, "ben", label="crop")]
    lake.votes.add(NAME, votes)
    run(app, ["campaign", "evaluate", NAME])
    merged = CAMPAIGN.replace(CLASSES, "[{id: 1, name: plant, merges: [2]}]")
    told = apply(file, merged, "--preview").splitlines()
    assert told[0] == f"{NAME}: version 1 -> 2, not stored"
    assert '  class "weed" (id 2) is merged into "plant"' in told
    use = "1 region in 1 vote on 1 image; these votes stay as they are"
    assert {f'  class "{name}" has {use}' for name in ("weed", "crop")} <= set(told)
    assert "  of 2 images: agreed 0 -> 1, in_conflict 1 -> 0" in told
    assert lake.campaigns.named(NAME).version == 1

    assert 'class "weed" (id 2) is merged into "plant"' in apply(file, merged)
    evaluated = run(app, ["campaign", "evaluate", NAME]).stdout
    assert evaluated == f"{NAME}: 2 images judged: 1 agreed, 1 waiting\n"
    assert [v.regions for v in lake.votes.all(NAME)] == [v.regions for v in votes]
    assert "would stay as it is" in apply(file, merged, "--preview")
    assert "unchanged" in apply(file, merged)


def test_every_mistake_in_a_campaign_file_is_reported_with_its_place(file: Path) -> None:
    file.write_text(CAMPAIGN.replace("ben@example.com", "ben").replace("id: 1", "id: one"))
    told = run(app, ["campaign", "apply", str(file)])
    assert told.exit_code == 1
    assert "annotators.1.email" in told.stderr
    assert "classes.0.id" in told.stderr


def test_a_campaign_file_that_is_not_there_is_named() -> None:
    told = run(app, ["campaign", "apply", "nowhere.yaml"])
    assert told.exit_code == 1
    assert "nowhere.yaml cannot be read" in told.stderr


# ---------------------------------------------------------------- accounts


def test_who_has_no_account_is_named_with_the_command_that_invites(
    file: Path, people: PeopleInMemory
) -> None:
    people.emails.remove("ben@example.com")
    people.emails.remove("cara@example.com")
    told = apply(file)
    assert "without an account: ben@example.com and cara@example.com" in told
    assert "farmy people invite ben@example.com --role annotator" in told
    assert "farmy people invite cara@example.com --role adjudicator" in told
    assert people.invited == {}


def test_invite_needs_no_question_and_shows_the_way_in(file: Path, people: PeopleInMemory) -> None:
    people.emails.clear()
    told = apply(file, CAMPAIGN, "--invite")
    assert people.invited == {
        "anna@example.com": Role.ANNOTATOR, "ben@example.com": Role.ANNOTATOR,
        "cara@example.com": Role.ADJUDICATOR,
    }  # fmt: skip
    assert "anna@example.com: http://127.0.0.1:1/way-in/1" in told


@pytest.mark.parametrize(("answer", "invited"), [("y\n", 1), ("n\n", 0)])
@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_invitation_is_offered(
    file: Path, people: PeopleInMemory, answer: str, invited: int
) -> None:
    people.emails = ["anna@example.com", "cara@example.com", "zoe@elsewhere.org"]
    assert "Invite them now?" in apply(file, CAMPAIGN, say=answer)
    assert len(people.invited) == invited


@pytest.mark.usefixtures("terminal")
def test_an_address_like_an_existing_one_is_asked_about_before_anything_is_applied(
    file: Path, people: PeopleInMemory, lake: Lake
) -> None:
    file.write_text(CAMPAIGN.replace("ben@example.com", "bem@example.com"))
    told = run(app, ["campaign", "apply", str(file)], input="n\n")
    assert told.exit_code == 1
    assert "bem@example.com has no account, and looks like ben@example.com" in told.stderr
    assert "nothing was applied" in told.stderr
    assert lake.campaigns.names() == []
    told = run(app, ["campaign", "apply", str(file)], input="y\nn\n")
    assert (told.exit_code, lake.campaigns.names()) == (0, [NAME])


def test_where_nobody_can_answer_a_doubtful_address_is_not_invited(
    file: Path, people: PeopleInMemory
) -> None:
    told = apply(file, CAMPAIGN.replace("ben@example.com", "bem@example.com"), "--invite")
    assert "looks like ben@example.com" in told
    assert people.invited == {}
    assert "farmy people invite bem@example.com" in told


def test_while_label_studio_is_down_the_campaign_is_applied_all_the_same(
    file: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> People:
        raise StudioUnavailableError("Label Studio does not answer")

    monkeypatch.setattr(accounts, "open_people", down)
    told = apply(file)
    assert "accounts could not be checked: Label Studio does not answer" in told
    assert lake.campaigns.names() == [NAME]


# ---------------------------------------------------------------- status


def status(name: str = NAME) -> dict[str, object]:
    (told,) = json.loads(run(app, ["campaign", "status", name, "--json"]).stdout)
    assert isinstance(told, dict)
    return told


def test_before_the_first_vote_everything_that_was_given_out_is_open(
    file: Path, lake: Lake
) -> None:
    apply(file)
    ids = images(5)
    keep(lake, ids)
    give(lake, lake.campaigns.named(NAME), *(assigned(i, "anna") for i in ids),
         *(assigned(i, "ben") for i in ids[:2]))  # fmt: skip
    told = status()
    assert told["images"]["waiting"] == 5  # type: ignore[index]
    assert {n: (p["given"], p["open"]) for n, p in told["annotators"].items()} == {  # type: ignore[attr-defined]
        "anna": (5, 5), "ben": (2, 2),
    }  # fmt: skip
    shown = run(app, ["campaign", "status"])
    assert "0 % done: 5 images given out, 7 tasks open" in shown.stdout
    assert "none of its images was annotated yet" in shown.stdout
    assert shown.stderr == ""


def test_open_work_is_counted_from_the_votes_and_not_from_the_last_evaluation(
    file: Path, lake: Lake
) -> None:
    apply(file)
    ids = images(4)
    keep(lake, ids)
    give(lake, lake.campaigns.named(NAME), *(assigned(i, "anna") for i in ids))
    lake.votes.add(NAME, [answered(i, "anna", hours_ago=2) for i in ids[:3]])
    told = status()
    anna = told["annotators"]["anna"]  # type: ignore[index]
    assert (anna["given"], anna["open"]) == (4, 1)
    assert (anna["pace"]["last_hour"], anna["pace"]["last_day"]) == (0, 3)
    assert anna["pace"]["per_hour"] == pytest.approx(1.5, rel=0.02)
    end = datetime.fromisoformat(str(told["expected_end"]))
    left = end - datetime.now(UTC)
    assert left == pytest.approx(timedelta(hours=1 / 1.5), abs=timedelta(minutes=3))


def test_status_tells_triage_left_out_and_duplicates(file: Path, lake: Lake) -> None:
    apply(file)
    ids = images(8)
    of_beets = kept_by_beets(lake)
    keep(
        lake, ids[:2],
        *(out(i, ExclusionStatus.HELD, "dark") for i in ids[2:4]),
        out(ids[4], ExclusionStatus.REJECTED, "truncated"),
        out(ids[5], ExclusionStatus.DUPLICATE, "near_duplicate", of=ids[0]),
        out(ids[6], ExclusionStatus.DUPLICATE, "exact_duplicate", of=of_beets),
        out(ids[7], ExclusionStatus.DISCARDED, "blurry"),
    )  # fmt: skip
    questions = [
        TriageQuestion(assignment=assigned(i, "cara").model_copy(update={"phase": Phase.TRIAGE}),
                       failed=())
        for i in ids[2:4]
    ]  # fmt: skip
    lake.triage.add_questions(NAME, BATCH, share=lambda _earlier: questions)
    told = status()
    assert told["triage"] == {"asked": 2, "open": 2, "open_by_person": {"cara": 2}}
    assert told["left_out"] == {
        "discarded: blurry": 1, "duplicate: exact_duplicate": 1, "duplicate: near_duplicate": 1,
        "rejected: truncated": 1,
    }  # fmt: skip
    assert told["duplicates"] == {NAME: 1, "beets": 1}
    assert isinstance(told["warnings"], list)
    (warning,) = told["warnings"]
    assert "left 1 photograph out as a duplicate of campaign beets's" in warning
    assert f"farmy duplicates restore --campaign {NAME} --all" in warning
    shown = run(app, ["campaign", "status", NAME]).stdout
    assert "triage: 2 of 2 open (cara 2)" in shown
    assert all(len(line) <= 100 or line.startswith("warning") for line in shown.splitlines())


def test_who_left_is_shown_with_what_he_or_she_answered(file: Path, lake: Lake) -> None:
    apply(file)
    ids = images(2)
    keep(lake, ids)
    give(lake, lake.campaigns.named(NAME), *(assigned(i, "anna") for i in ids))
    lake.votes.add(NAME, [answered(i, "anna") for i in ids])
    apply(file, CAMPAIGN.replace("name: anna, email: anna@", "name: eva, email: eva@"))
    told = run(app, ["campaign", "status"]).stdout
    assert "anna (left)" in told


def test_a_campaign_that_does_not_exist_is_reported_with_the_nearest_one(file: Path) -> None:
    told = run(app, ["campaign", "status", "pests"])
    assert told.exit_code == 1
    assert "there is no campaign pests; there are: none" in told.stderr
    apply(file)
    told = run(app, ["campaign", "status", "weeds-2062"])
    assert f"did you mean {NAME}?" in told.stderr


def test_choosing_without_a_query_or_without_images_is_reported(file: Path) -> None:
    apply(file)
    assert "has no image_query" in run(app, ["campaign", "choose", NAME]).stdout
    query = 'image_query: "SELECT image_id FROM images"'
    apply(file, f"{CAMPAIGN}{query}\n")
    assert "no kept image yet" in run(app, ["campaign", "choose", NAME]).stdout


def test_a_campaign_file_that_cannot_be_read_is_reported_once_and_why(tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    told = run(app, ["campaign", "apply", str(gone)]).stderr
    assert told.count(str(gone)) == 1
    assert "No such file" in told
    gone.write_bytes(CAMPAIGN.replace("crop: maize", "crop: R\u00fcbe").encode("latin-1"))
    assert "is not UTF-8" in run(app, ["campaign", "apply", str(gone)]).stderr
    gone.write_bytes(CAMPAIGN.encode("utf-8-sig"))
    assert run(app, ["campaign", "apply", str(gone)]).exit_code == 0


def test_no_campaign_at_all_is_reported_with_the_next_step() -> None:
    told = run(app, ["campaign", "status"])
    assert "farmy campaign apply FILE" in told.stderr
    assert json.loads(run(app, ["campaign", "status", "--json"]).stdout) == []


# ---------------------------------------------------------------- evaluate


def test_a_campaign_is_evaluated_and_made_anew_with_the_same_answer(
    file: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(file)
    rules, (one, two) = lake.campaigns.named(NAME), images(2)
    keep(lake, [one, two])
    give(lake, rules, assigned(one, "anna"), assigned(two, "ben"))
    lake.votes.add(NAME, [answered(one, "anna")])
    told = run(app, ["campaign", "evaluate", NAME]).stdout
    assert told == f"{NAME}: 2 images judged: 1 single, 1 waiting\n"
    assert run(app, ["campaign", "evaluate", NAME, "--anew"]).stdout == told

    monkeypatch.setattr(migrate, "open_lake", lambda: lake)
    assert "nothing to migrate" in run(app, ["migrate"]).stdout
    for key in list(lake.records.bucket.keys(keys.EVALUATIONS)):
        lake.records.bucket.delete(key)
    former = CampaignState(campaign=NAME, campaign_version=1, inboxes={}, judgements=())
    lake.records.replace(keys.campaign_state(NAME), former)
    told = run(app, ["migrate"]).stdout
    assert told == f"{NAME}: the evaluation of 2 images is in pages now\n"
    assert "nothing to migrate" in run(app, ["migrate"]).stdout


def test_page_writes_the_page_its_scorecards_and_csv_files(lake: Lake, tmp_path: Path) -> None:
    play(lake, images=12, until=date(2026, 6, 10))
    result = run(app, ["campaign", "page", PLAYED, "--out", str(tmp_path / "new" / "page")])
    assert (result.exit_code, result.output.splitlines()[-1].startswith("7 files: ")) == (0, True)
    written = {str(path.relative_to(tmp_path / "new" / "page")) for path in (tmp_path).rglob("*.*")}
    assert {"index.html", "scorecards/ben.html", "annotator_days.csv"} <= written
    assert lake.campaign_pages.made(PLAYED) is None
    assert run(app, ["campaign", "page", PLAYED]).exit_code == 0
    assert lake.campaign_pages.made(PLAYED) is not None


def test_page_names_the_campaign_that_may_be_meant_and_a_folder_that_cannot_be_written(
    lake: Lake, tmp_path: Path
) -> None:
    play(lake, images=12, until=date(2026, 6, 10))
    result = run(app, ["campaign", "page", "weed-2026"])
    assert (result.exit_code, "did you mean weeds-2026?" in result.output) == (1, True)
    (tmp_path / "file").write_text("")
    result = run(app, ["campaign", "page", PLAYED, "--out", str(tmp_path / "file" / "x")])
    assert (result.exit_code, "give another folder with --out" in result.output) == (1, True)
