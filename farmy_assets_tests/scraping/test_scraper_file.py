from pathlib import Path

import pytest

from farmy_assets.errors import InvalidInputError
from farmy_assets.scraping.scraper_file import parse_scraper

EXAMPLE = (Path(__file__).parents[2] / "docs/scrapers/example.yaml").read_text()
START = "https://photos.example.org/maize/"


def test_the_example_in_the_documents_is_valid() -> None:
    scraper = parse_scraper(EXAMPLE)
    assert scraper.start_pages == (START,)
    assert scraper.user_agent == "farmy-scraper/1.0 (+data@farm.example)"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (START, "ftp://photos.example.org", "start_pages.0: must be an address like"),
        (START, "https://a:b@photos.example.org", "without a name or password"),
        (START, "https://elsewhere.net/", "is not in allowed_domains"),
        ("contact: data@farm.example", "contact: somebody", "contact: must be a mail address"),
        ("a.next", "a..next", "follow.0: 'a..next' is no CSS selector"),
        ("allowed: [CC-BY-4.0", "allow: [CC-BY-4.0", "licence.allowed: Field required"),
        ("delay_seconds: 1", "delay_seconds: -1", "rate.delay_seconds"),
        ("minutes: 50", "minutes: 600", "limits.minutes"),
        ("name: maize-gallery", "name: ../maize", "name: String should match pattern"),
        ("name: maize-gallery", "names: x", "names: Extra inputs are not permitted"),
        ("pattern: null", 'pattern: "("', "is no regular expression"),
    ],
)
def test_each_mistake_is_reported_with_its_place(before: str, after: str, said: str) -> None:
    assert before in EXAMPLE
    with pytest.raises(InvalidInputError) as told:
        parse_scraper(EXAMPLE.replace(before, after))
    assert said in str(told.value)


@pytest.mark.parametrize("text", ["", "[]", "name: [", "a" * 70_000, "!!python/object:os.system x"])
def test_what_is_no_file_of_fields_is_reported(text: str) -> None:
    with pytest.raises(InvalidInputError, match="the scraper file"):
        parse_scraper(text)


def test_subdomains_belong_to_the_site_and_lookalikes_do_not() -> None:
    scraper = parse_scraper(EXAMPLE)
    assert scraper.is_on_site("https://cdn.photos.example.org/a.jpg")
    assert not scraper.is_on_site("https://evilphotos.example.org/a.jpg")
    assert not scraper.is_on_site("https://photos.example.org.evil.net/a.jpg")
    assert not scraper.is_on_site("https://photos.example.org@evil.net/a.jpg")
