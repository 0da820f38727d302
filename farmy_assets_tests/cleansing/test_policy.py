"""Thresholds: one policy, changed by a file, for all photographs or for one source."""

import pytest

from farmy_assets.catalog.metadata import Source
from farmy_assets.cleansing.judging import judge
from farmy_assets.cleansing.policy import CleansingPolicies, CleansingPolicy, parse_policy
from farmy_assets.cleansing.verdicts import Limit, Verdict
from farmy_assets.errors import InvalidInputError

SOUND = {
    "too_small": 400.0, "odd_aspect_ratio": 0.75, "dark": 0.9, "bright": 0.1,
    "clipped": 0.0, "blurry": 20.0, "low_information": 7.0, "low_contrast": 0.6,
    "no_colour": 1.0, "screenshot": 0.0, "little_vegetation": 0.5,
}  # fmt: skip


def verdict_on(check: str, value: float, limit: Limit) -> tuple[Verdict, float | None]:
    policy = CleansingPolicy.model_validate({check: limit})
    results = judge({**SOUND, check: value}, policy=policy)
    found = next(result for result in results if result.check is check)
    return found.verdict, found.threshold


def test_an_empty_file_changes_nothing() -> None:
    assert parse_policy("") == CleansingPolicies()


def test_a_source_differs_only_in_what_the_file_says_of_it() -> None:
    policies = parse_policy(
        """
        default: {blurry: {warn: 9, fail: 4}, jpeg_quality: 80}
        by_source: {scraper: {blurry: {fail: 5}, too_small: {warn: 500, fail: 300}}}
        """
    )

    mobile, scraper = policies.for_source(Source.MOBILE), policies.for_source(Source.SCRAPER)
    assert mobile == policies.default == policies.for_source(None)
    assert (mobile.limit("blurry"), scraper.limit("blurry")) == (
        Limit(warn=9, fail=4),
        Limit(warn=9, fail=5),
    )
    assert (scraper.limit("too_small"), scraper.jpeg_quality) == (Limit(warn=500, fail=300), 80)
    assert scraper.rule_version != mobile.rule_version


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("default: {blury: {fail: 1}}", "blury"),
        ("default: {blurry: {warn: 1, fail: 4}}", "warn 1 lies beyond fail 4"),
        ("default: {bright: {warn: 0.9, fail: 0.4}}", "warn 0.9 lies beyond fail 0.4"),
        ("default: {dark: {fail: .nan}}", "dark"),
        ("default: [1]", "needs names with values"),
        ("by_source: {drone: {}}", "drone"),
        ("blurry: {fail: 1}", "default"),
        ("- a", "default"),
        ("a: [", "not readable YAML"),
    ],
)
def test_a_wrong_file_is_refused_and_the_place_is_named(text: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        parse_policy(text)


def test_a_value_is_held_against_the_limits_from_its_own_side() -> None:
    falling, rising = Limit(warn=0.4, fail=0.3), Limit(warn=0.6, fail=0.7)

    assert verdict_on("dark", 0.2, falling) == (Verdict.FAIL, 0.3)
    assert verdict_on("dark", 0.35, falling) == (Verdict.WARN, 0.4)
    assert verdict_on("dark", 0.4, falling) == (Verdict.PASS, 0.4)
    assert verdict_on("bright", 0.8, rising) == (Verdict.FAIL, 0.7)
    assert verdict_on("bright", 0.65, rising) == (Verdict.WARN, 0.6)
    assert verdict_on("bright", 0.1, rising) == (Verdict.PASS, 0.6)


def test_a_check_without_limits_always_passes() -> None:
    assert verdict_on("blurry", 0.0, Limit()) == (Verdict.PASS, None)
