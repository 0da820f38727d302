"""A campaign's page: made from what changed, for the lead; scorecards with nobody else's name."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import IMAGES_A_PAGE
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.lake import campaign_pages, keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.table_sources import table_sources
from farmy_assets.query.tables import TABLES
from farmy_assets.workflow.campaign_figures import refresh_figures
from farmy_assets.workflow.campaign_pages.making import make_page, publish_page
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets_tests.annotation.examples import vote
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.lake.rules import campaign as campaign_named
from farmy_assets_tests.workflow.campaign_pages.played_campaign import (
    NAME,
    PEOPLE,
    asked,
    image_id,
    play,
)

LAST = date(2026, 6, 10)
NOW = datetime(2026, 6, 14, 9, tzinfo=UTC)
IMAGES = IMAGES_A_PAGE + 40  # more than one page


class CountingBucket(BucketInMemory):
    """Remembers which keys were read."""

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        self.objects.setdefault("read", b"")
        self.objects["read"] += key.encode() + b"\n"
        return super().get_with_etag(key)

    def read_pages(self) -> set[str]:
        read = self.objects.pop("read", b"").decode().splitlines()
        return {key for key in read if "/pages/" in key}


@pytest.fixture(scope="module")
def played() -> dict[str, dict[str, bytes]]:
    """The objects of a played campaign: playing it takes seconds."""
    lake = lake_in_memory(BucketInMemory())
    play(lake, images=IMAGES, until=LAST)
    return {"records": lake.records.bucket.objects, "cleansed": lake.cleansed.objects}  # type: ignore[attr-defined]


@pytest.fixture
def bucket(played: dict[str, dict[str, bytes]]) -> CountingBucket:
    made = CountingBucket()
    made.objects.update(played["records"])
    return made


@pytest.fixture
def lake(bucket: CountingBucket, played: dict[str, dict[str, bytes]]) -> Lake:
    made = lake_in_memory(bucket)
    made.cleansed.objects.update(played["cleansed"])  # type: ignore[attr-defined]
    return made


@pytest.fixture
def campaign(lake: Lake) -> Campaign:
    return lake.campaigns.named(NAME)


def test_only_pages_of_which_something_is_new_are_read_again(
    lake: Lake, bucket: CountingBucket, campaign: Campaign
) -> None:
    refresh_figures(lake, campaign)
    assert len(bucket.read_pages()) == 16
    refresh_figures(lake, campaign)
    assert bucket.read_pages() == set()
    number = next(n for n in range(IMAGES - 1, 0, -1) if "ben" in asked(n))
    new = vote(
        "ben", image_id=image_id(number), task_key=image_id(number), vote_id="new",
        submitted_at=NOW,
    )  # fmt: skip
    lake.votes.add(NAME, [new])
    bring_up_to_date(lake, campaign)
    bucket.read_pages()
    figures = refresh_figures(lake, campaign)
    assert len(bucket.read_pages()) == 1
    assert figures == refresh_figures(lake, campaign, anew=True)
    assert figures.answers_by_day(phase=Phase.ANNOTATION)["2026-06-14"] == 1


def test_pages_that_were_laid_out_anew_are_counted_anew(lake: Lake, campaign: Campaign) -> None:
    before = refresh_figures(lake, campaign)
    bring_up_to_date(lake, campaign, anew=True)
    assert refresh_figures(lake, campaign) == before


def test_what_another_version_counted_is_counted_again(
    lake: Lake, campaign: Campaign, bucket: CountingBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh_figures(lake, campaign)
    bucket.read_pages()
    monkeypatch.setattr(campaign_pages, "COUNTED_BY", 2)
    refresh_figures(lake, campaign)
    assert len(bucket.read_pages()) == 16


def test_the_figures_agree_with_what_the_evaluation_counts(lake: Lake, campaign: Campaign) -> None:
    figures = refresh_figures(lake, campaign)
    summary = lake.evaluations.summary(NAME)
    assert summary is not None
    assert sum(figures.settled_on.values()) == summary.counts.releasable_images
    assert sum(figures.in_conflict_since.values()) == summary.statuses()["in_conflict"]
    given = sum(len(page.assignments) for page in lake.assignments.pages(NAME))
    answered = sum(r.answers for r in figures.days if r.phase == "annotation")
    assert figures.open_tasks == given - answered
    phases = figures.phases()
    assert sum(phases.values()) == IMAGES + 4 * len(lake.cleansed_sets.all(NAME))


def test_the_page_needs_nothing_else_and_names_what_the_lead_needs(
    lake: Lake, campaign: Campaign
) -> None:
    page = make_page(lake, campaign, now=NOW).files["index.html"].decode()
    assert not re.search(r"""(src|href)=["'](https?:)?//""", page)
    assert "<script" not in page
    for name in PEOPLE:
        assert f'<a href="scorecards/{name}.html">{name}</a>' in page
    assert page.count("<polygon") > 20
    assert "data:image/jpeg;base64," in page


def test_a_scorecard_holds_no_other_name(lake: Lake, campaign: Campaign) -> None:
    files = make_page(lake, campaign, now=NOW).files
    for name in PEOPLE:
        card = files[f"scorecards/{name}.html"].decode()
        others = {*PEOPLE, "dora"} - {name}
        text = re.sub(r"data:image/jpeg;base64,[^\"]*", "", card)
        assert not [other for other in others if other in text]
        assert "What was corrected" in card
    assert files["scorecards/ben.html"].decode().count("<figure>") >= 1


def test_names_of_classes_are_texts_and_no_markup(bucket: CountingBucket, lake: Lake) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    for key in [k for k in bucket.objects if NAME in k and not k.startswith("campaign-")]:
        content = bucket.objects[key].replace(b'"weed"', b'"%s"' % hostile.encode())
        bucket.objects[key] = content
    bring_up_to_date(lake, lake.campaigns.named(NAME), anew=True)
    files = make_page(lake, lake.campaigns.named(NAME), now=NOW).files
    for path in ("index.html", "scorecards/ben.html"):
        page = files[path].decode()
        assert hostile not in page
        assert "&lt;img src=x" in page


def test_csv_files_hold_the_rows_of_the_tables(lake: Lake, campaign: Campaign) -> None:
    page = publish_page(lake, campaign, now=NOW)
    sources = table_sources(lake)
    for name in ("annotator_days", "annotator_classes", "campaign_progress"):
        (source,) = sources[name].sources()
        rows = list(sources[name].rows(source))
        columns = [column.name for column in TABLES[name].own_columns]
        expected = [[str(row[column]) for column in columns] for row in rows]
        read = list(csv.reader(io.StringIO(page.files[f"{name}.csv"].decode())))
        assert read == [columns, *expected]
        assert set(rows[0]) == {column.name for column in TABLES[name].columns}


def test_a_class_that_a_spreadsheet_would_run_is_a_text_in_csv(
    bucket: CountingBucket, lake: Lake
) -> None:
    for key in [k for k in bucket.objects if NAME in k]:
        bucket.objects[key] = bucket.objects[key].replace(b'"weed"', b'"=1+1"')
    bring_up_to_date(lake, lake.campaigns.named(NAME), anew=True)
    files = make_page(lake, lake.campaigns.named(NAME), now=NOW).files
    assert b",'=1+1," in files["annotator_classes.csv"]


def test_a_published_page_is_found_with_its_files_and_no_others(
    lake: Lake, campaign: Campaign
) -> None:
    assert lake.campaign_pages.file(NAME, "index.html") is None
    page = publish_page(lake, campaign, now=NOW)
    assert lake.campaign_pages.file(NAME, "index.html") == page.files["index.html"]
    assert lake.campaign_pages.file(NAME, "MADE.json") is None
    assert lake.campaign_pages.made(NAME) == page.made
    assert lake.records.bucket.find(keys.campaign_page(NAME, "scorecards/anna.html"))


def test_killed_before_its_record_a_page_is_made_anew_and_until_then_the_former_one_counts(
    lake: Lake, campaign: Campaign, bucket: CountingBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish_page(lake, campaign, now=NOW)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(lake.records), "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            publish_page(lake, campaign, now=NOW + timedelta(days=1))
    assert lake.campaign_pages.made(NAME) == before.made
    after = publish_page(lake, campaign, now=NOW + timedelta(days=1))
    assert lake.campaign_pages.made(NAME) == after.made
    assert lake.campaign_pages.file(NAME, "index.html") == after.files["index.html"]


def test_a_campaign_without_any_answer_has_a_page_as_well() -> None:
    lake = lake_in_memory(BucketInMemory())
    rules = campaign_named(name="new")
    lake.campaigns.apply(rules)
    page = publish_page(lake, lake.campaigns.named("new"), now=NOW)
    assert "Nobody has answered yet" in page.files["index.html"].decode()
    assert (page.made.images, page.made.days_left) == (0, 0.0)
