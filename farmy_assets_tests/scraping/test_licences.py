import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.scraping.licences import judge_licence, named_licence
from farmy_assets.scraping.records import RefusalReason
from farmy_assets.scraping.scraper_file import LicenceRule

RULE = LicenceRule(
    selector="a::attr(href)",
    allowed=("CC-BY-4.0", "etalab-2.0"),
    names={"Licence  Ouverte 2.0": "etalab-2.0"},
)


@pytest.mark.parametrize(
    ("statement", "licence"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("http://www.creativecommons.org/licenses/by/4.0/deed.en", "CC-BY-4.0"),
        ("//creativecommons.org/licenses/by-nc-sa/3.0/de/", "CC-BY-NC-SA-3.0-DE"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("CC BY 4.0", "CC-BY-4.0"),
        ("Licensed under: CC-BY-SA 4.0 International licence.", "CC-BY-SA-4.0"),
        ("cc0", "CC0-1.0"),
        ("ETALAB-2.0", "etalab-2.0"),
        ("licence ouverte 2.0", "etalab-2.0"),
        ("CC BY", None),
        ("CC BY 4.0, but not for money", None),
        ("https://example.org/creativecommons.org/licenses/by/4.0/", None),
        ("https://creativecommons.org.example.org/licenses/by/4.0/", None),
        ("All rights reserved", None),
    ],
)
def test_a_statement_is_a_licence_only_if_it_is_nothing_else(
    statement: str, licence: str | None
) -> None:
    assert named_licence(statement, RULE) == licence


def test_two_licences_on_one_picture_are_unclear() -> None:
    found = judge_licence(["CC BY 4.0", "CC BY-NC 4.0"], RULE)
    assert (found.licence, found.problem) == (None, RefusalReason.LICENCE_UNCLEAR)
    assert judge_licence(["CC BY 4.0", " CC  BY 4.0 "], RULE).licence == "CC-BY-4.0"


def test_a_pattern_cuts_the_licence_out_of_a_caption() -> None:
    rule = RULE.model_copy(update={"pattern": r"Photo: .* / (CC [A-Z0-9. -]+)$"})
    assert judge_licence(["Photo: Ana Ferrer / CC BY 4.0"], rule).licence == "CC-BY-4.0"
    found = judge_licence(["Photo: Ana Ferrer"], rule)
    assert found.problem is RefusalReason.LICENCE_MISSING


@given(st.lists(st.text(max_size=60) | st.just("CC BY 4.0"), max_size=3))
def test_whatever_a_page_says_only_allowed_licences_come_out(statements: list[str]) -> None:
    found = judge_licence(statements, RULE)
    assert (found.licence is None) == (found.problem is not None)
    assert found.licence in {None, *RULE.allowed}
