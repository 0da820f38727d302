"""What a campaign file says of people's work, and what does not fit together in it."""

import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.annotation.examples import campaign

FILE = """
name: weeds-2026
crop: maize
classes: [{id: 1, name: crop}]
annotators:
  - {name: anna, email: anna@example.com, tasks_a_day: 40, languages: [de],
     skills: [maize, thistle]}
  - {name: ben, email: ben@example.com, paused: true}
  - {name: eva, email: eva@example.com, languages: [pt-BR, en]}
adjudicator: {name: cara, email: cara@example.com}
"""


def test_a_file_says_how_much_of_what_people_are_given() -> None:
    found = parse_campaign(
        FILE
        + "overlap: 3\nlease_days: 4\nkeep_together: [field, near_duplicate]\nthird_opinion: no\n"
    )
    anna, ben, eva = found.annotators
    assert (anna.tasks_a_day, anna.skills, anna.languages) == (40, ("maize", "thistle"), ("de",))
    assert (ben.tasks_a_day, ben.skills, ben.paused) == (None, (), True)
    assert eva.languages == ("pt-BR", "en")
    assert [person.name for person in found.active_annotators] == ["anna", "eva"]
    assert (found.overlap, found.lease_days, found.third_opinion) == (3, 4, False)
    assert found.keep_together == ("field", "near_duplicate")
    assert Campaign.model_validate_json(found.to_json()) == found


def test_a_campaign_that_was_stored_before_is_read_as_it_was_meant() -> None:
    stored = campaign().model_dump(mode="json")
    for field in ("overlap", "lease_days", "keep_together", "third_opinion", "language"):
        del stored[field]
    for person in (*stored["annotators"], stored["adjudicator"]):
        for field in ("tasks_a_day", "skills", "languages", "paused"):
            del person[field]
    assert Campaign.model_validate(stored) == campaign()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("overlap: 4", "overlap: asks 4 people about an image, and there are 3"),
        ("overlap: 1", "overlap: Input should be greater than or equal to 2"),
        ("lease_days: 0", "lease_days: Input should be greater than or equal to 1"),
        ("keep_together: [plot]", "keep_together.0: Input should be 'field' or 'near_duplicate'"),
        ("language: fr", "annotators.0.languages: fr, the language of the instructions, is not"),
        ("third_opinion: true\noverlap: 3", "third_opinion: is asked for after two"),
        (
            "triagers: [{name: dan, email: dan@example.com, skills: [maize]}]",
            "triagers.0.skills: is for annotators alone",
        ),
        (
            "triagers: [{name: dan, email: dan@example.com, paused: true}]",
            "triagers: all of them are paused",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(more: str, problem: str) -> None:
    with pytest.raises(InvalidInputError, match="not valid") as caught:
        parse_campaign(f"{FILE}{more}\n")
    assert any(line.strip().startswith(problem) for line in str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("cara@example.com", "cara@example.com, paused: true", "adjudicator.paused: name somebody"),
        ("cara@example.com", "cara@example.com, tasks_a_day: 5", "adjudicator.tasks_a_day: is for"),
        ("tasks_a_day: 40", "tasks_a_day: 0", "annotators.0.tasks_a_day: Input should be greater"),
        ("languages: [de]", "languages: [German]", "annotators.0.languages.0: String should match"),
        ("ben@example.com", "b@x.org, language: de", "annotators.1.language"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_somebodys_work_is_named(before: str, after: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_campaign(FILE.replace(before, after))
    assert any(line.strip().startswith(problem) for line in str(caught.value).splitlines())


def test_a_third_opinion_needs_a_third_annotator() -> None:
    two = "\n".join(line for line in FILE.splitlines() if "eva" not in line)
    with pytest.raises(InvalidInputError, match="third_opinion: needs three annotators"):
        parse_campaign(f"{two}\nthird_opinion: true\n")


def test_the_language_of_the_instructions_may_be_a_regional_form_of_what_somebody_reads() -> None:
    assert parse_campaign(FILE.replace("[de]", "[pt]") + "language: pt-PT\n").language == "pt-PT"
