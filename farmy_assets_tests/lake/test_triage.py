from datetime import timedelta

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.sharing_counters import Earlier
from farmy_assets.annotation.triage import TriageQuestion
from farmy_assets.cleansing.rulings import Answer, Question, TriageDecision
from farmy_assets.cleansing.verdicts import CheckResult, Verdict
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.triage import OverturnReport
from farmy_assets_tests.arrivals import NOON

BATCH = "000001-20260514T120000Z"
OTHER_BATCH = "000002-20260514T130000Z"


def question(image_id: str, batch_id: str = BATCH) -> TriageQuestion:
    given = Assignment(
        campaign="weeds", phase=Phase.TRIAGE, image_id=image_id, person="dora",
        task_key=image_id, batch_id=batch_id,
    )  # fmt: skip
    dark = CheckResult(check="dark", value=0.1, threshold=0.3, verdict=Verdict.FAIL)
    return TriageQuestion(assignment=given, failed=(dark,))


def ruling(image_id: str, word: Answer, *, late: int = 0) -> TriageDecision:
    return TriageDecision(
        ruling_id=f"{image_id} {word} {late}", image_id=image_id, question=Question.USABLE,
        word=word, reasons=("dark",), by="dora@example.com",
        at=NOON + timedelta(seconds=late),
    )  # fmt: skip


def ask(lake: Lake, *image_ids: str, batch_id: str = BATCH) -> tuple[TriageQuestion, ...]:
    def share(earlier: Earlier) -> list[TriageQuestion]:
        return [question(i, batch_id) for i in image_ids if i not in earlier.in_batch]

    return lake.triage.add_questions("weeds", batch_id, share=share)


def test_a_question_is_asked_once_and_later_ones_are_added(lake: Lake) -> None:
    assert ask(lake, "a") == (question("a"),)
    assert ask(lake, "a", "b") == ask(lake, "a", "b") == (question("a"), question("b"))
    assert ask(lake, "c", batch_id=OTHER_BATCH) == (question("c", OTHER_BATCH),)
    assert [q.assignment.image_id for q in lake.triage.questions("weeds")] == ["a", "b", "c"]


def test_a_batch_without_flagged_images_leaves_no_page(lake: Lake) -> None:
    assert ask(lake) == ()
    assert list(lake.records.bucket.keys(keys.triage_questions("weeds"))) == []


def test_of_two_who_ask_at_once_the_second_sees_what_the_first_has_asked(lake: Lake) -> None:
    rounds = []

    def slowly(earlier: Earlier) -> list[TriageQuestion]:
        rounds.append(sorted(earlier.in_batch))
        if len(rounds) == 1:
            ask(lake, "a")
        return [question(i) for i in ("a", "b") if i not in rounds[-1]]

    found = lake.triage.add_questions("weeds", BATCH, share=slowly)
    assert rounds == [[], ["a"]]
    assert found == (question("a"), question("b"))


def test_rulings_are_kept_for_good_each_once_however_often_copied(lake: Lake) -> None:
    yes, no = ruling("a", Answer.YES), ruling("a", Answer.NO, late=5)
    lake.triage.add_rulings("weeds", [yes])
    lake.triage.add_rulings("weeds", [no, yes])
    lake.triage.add_rulings("weeds", [yes, no])
    lake.triage.add_rulings("weeds", [])
    assert set(lake.triage.rulings("weeds")) == {yes, no}
    assert len(lake.triage.rulings("weeds")) == 2
    assert lake.triage.current_decisions("weeds").discards("a")
    assert len(list(lake.records.bucket.keys(keys.rulings("weeds")))) == 2


def test_the_digest_differs_whenever_somebody_rules_and_only_then(lake: Lake) -> None:
    assert lake.triage.digest("weeds") == ""
    lake.triage.add_rulings("weeds", [ruling("a", Answer.NO)])
    first = lake.triage.digest("weeds")
    lake.triage.add_rulings("weeds", [ruling("a", Answer.NO)])
    assert lake.triage.digest("weeds") == first != ""
    lake.triage.add_rulings("weeds", [ruling("a", Answer.WITHDRAWN, late=1)])
    assert lake.triage.digest("weeds") not in {first, ""}
    assert lake.triage.digest("weed") == ""


def test_the_overturn_rates_are_kept_as_a_record(lake: Lake) -> None:
    ask(lake, "a", "b")
    lake.triage.add_rulings("weeds", [ruling("a", Answer.YES), ruling("b", Answer.NO)])
    report = lake.triage.report_overturns("weeds")
    (dark,) = report.rates
    assert (dark.check, dark.flagged, dark.ruled, dark.rate) == ("dark", 2, 2, 0.5)
    assert lake.records.read(keys.overturn_rates("weeds"), OverturnReport) == report
