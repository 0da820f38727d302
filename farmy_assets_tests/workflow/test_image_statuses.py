"""What farmy campaign status counts: the same with counts alone as with every page read."""

from collections.abc import Callable

import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import image_statuses as counting
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.image_statuses import ImageStatuses, image_statuses
from farmy_assets_tests.annotation.examples import campaign, person
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.test_evaluation import (
    BATCHES,
    IMAGES,
    NAME,
    answer,
    cleanse,
    move,
    place,
)

FIRST, SECOND, _ = BATCHES


def seen(lake: Lake) -> ImageStatuses:
    sets = lake.cleansed_sets.all(NAME)
    return image_statuses(
        lake, lake.campaigns.named(NAME), given=lake.assignments.all(NAME),
        kept={image.image_id for page in sets for image in page.kept},
        members=lake.campaigns.members(NAME),
    )  # fmt: skip


def of_all_pages(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> ImageStatuses:
    """The same, as if no count could be relied on."""
    with monkeypatch.context() as patch:
        patch.setattr(counting, "are_known_batches_current", lambda *_: False)
        return seen(lake)


@pytest.fixture
def bucket() -> BucketInMemory:
    return BucketInMemory()


@pytest.fixture
def lake(bucket: BucketInMemory) -> Lake:
    """A campaign: of its first batch one image is agreed, one in conflict, one waits."""
    made = lake_in_memory(bucket)
    made.campaigns.apply(campaign())
    place(made, FIRST)
    agreed, disputed, half = IMAGES[FIRST]
    made.votes.add(NAME, [answer(agreed, name, 1) for name in ("anna", "ben")])
    made.votes.add(NAME, [answer(disputed, "anna", 1), answer(disputed, "ben", 1, label="crop")])
    made.votes.add(NAME, [answer(half, "anna", 1)])
    bring_up_to_date(made, made.campaigns.named(NAME))
    return made


def pages_read(
    bucket: BucketInMemory, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]
) -> int:
    """How many pages of evaluations an act reads."""
    read: list[str] = []
    real = BucketInMemory.get_with_etag

    def noted(self: BucketInMemory, key: str) -> tuple[bytes, str]:
        read.append(key)
        return real(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(BucketInMemory, "get_with_etag", noted)
        act()
    return sum(key.startswith(keys.evaluation_pages(NAME, "")) for key in read)


def test_no_page_is_read_while_the_counts_speak_of_the_present_batches(
    lake: Lake, bucket: BucketInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pages_read(bucket, monkeypatch, lambda: seen(lake)) == 0
    found = seen(lake)
    assert {status: n for status, n in found.counts.items() if n} == {
        "agreed": 1, "in_conflict": 1, "waiting": 1,
    }  # fmt: skip
    assert pages_read(bucket, monkeypatch, lambda: of_all_pages(lake, monkeypatch)) > 0
    assert of_all_pages(lake, monkeypatch) == found


def newer_batch(lake: Lake) -> None:
    place(lake, SECOND)


def image_leaves(lake: Lake) -> None:
    cleanse(lake, FIRST, IMAGES[FIRST][1:])


def task_moves(lake: Lake) -> None:
    move(lake, FIRST, "ben", "cara")


def never_evaluated(lake: Lake) -> None:
    for key in list(lake.records.bucket.keys(keys.EVALUATIONS)):
        lake.records.bucket.delete(key)


@pytest.mark.parametrize(
    ("change", "waiting"),
    [(newer_batch, 4), (image_leaves, 1), (task_moves, 1), (never_evaluated, 3)],
)
def test_what_changed_since_the_evaluation_gives_the_same_counts(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, change: Callable[[Lake], None], waiting: int
) -> None:
    change(lake)
    found = seen(lake)
    assert found == of_all_pages(lake, monkeypatch)
    assert found.counts["waiting"] == waiting


def rules(adjudicator: str) -> Campaign:
    return campaign().model_copy(update={"adjudicator": person(adjudicator)})


@pytest.mark.parametrize(("adjudicator", "undecidable"), [("dora", 0), ("ben", 1)])
def test_a_conflict_among_whose_annotators_the_adjudicator_is_cannot_be_decided(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, adjudicator: str, undecidable: int
) -> None:
    changed = rules(adjudicator).model_copy(update={"annotators": (person("anna"), person("zoe"))})
    lake.campaigns.apply(changed)
    found = seen(lake)
    assert found.undecidable == undecidable
    assert found == of_all_pages(lake, monkeypatch)
