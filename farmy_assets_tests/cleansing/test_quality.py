"""The verdict on one image: what is rejected, what is held for a person, what is fit."""

import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from farmy_assets.cleansing.checks import reading_checks, valued_checks
from farmy_assets.cleansing.judging import status_of
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality, assess
from farmy_assets.cleansing.sharpness import sharpness
from farmy_assets.cleansing.verdicts import CheckResult, Limit, Status, Verdict
from farmy_assets.cleansing.views import views_of
from farmy_assets_tests.cleansing.drawing import blurred, exposed, moved, plants, stored

POLICY = CleansingPolicy()
REAL_PHOTOGRAPHS = os.environ.get("FARMY_REAL_PHOTOGRAPHS", "")  # a folder of good photographs
SEEDS_OF_FILES = [
    stored(plants(size=(48, 40)), name) for name in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
]


def verdict(image: Image.Image, file_format: str = "JPEG") -> ImageQuality:
    return assess("one", stored(image, file_format), policy=POLICY)


def test_a_sharp_well_lit_photograph_is_fit() -> None:
    quality = verdict(plants())

    assert quality.status is Status.FIT
    assert quality.reasons == ()
    assert (quality.width_px, quality.height_px) == (400, 300)
    assert quality.rule_version == POLICY.rule_version


def test_an_image_that_the_raw_zone_lacks_is_rejected_as_missing() -> None:
    quality = assess("one", None, policy=POLICY)

    assert (quality.status, quality.reasons) == (Status.REJECTED, ("missing_from_raw",))
    assert quality.sha256 is None


def test_content_that_is_not_what_was_promised_is_rejected_unseen() -> None:
    content = stored(plants())
    digest = hashlib.sha256(content).hexdigest()

    changed = assess("one", content, policy=POLICY, promised_sha256="0" * 64)
    unchanged = assess("one", content, policy=POLICY, promised_sha256=digest)

    assert changed.reasons == ("content_changed",)
    assert changed.sha256 == unchanged.sha256 == digest
    assert unchanged.status is Status.FIT


def test_a_leaf_crop_of_224_px_is_large_enough_and_an_icon_is_not() -> None:
    assert verdict(plants(size=(224, 224))).status is Status.FIT
    assert "too_small" in verdict(plants(size=(600, 100))).reasons


@pytest.mark.parametrize("size", [(224, 224), (400, 533), (2000, 923)])
@pytest.mark.parametrize("share", [0.01, 0.02, 0.05])
def test_blur_is_found_at_every_size(size: tuple[int, int], share: float) -> None:
    quality = verdict(blurred(plants(size=size), share))

    assert quality.status is Status.HELD
    assert "blurry" in quality.reasons


@pytest.mark.parametrize("share", [0.02, 0.03])
def test_a_movement_is_blur_though_one_direction_stays_sharp(share: float) -> None:
    still = plants(size=(800, 600))

    assert sharpness(views_of(moved(still, share))) < 2
    assert sharpness(views_of(still)) > 2.4


def test_an_overexposed_photograph_is_clipped_before_all_of_it_is_white() -> None:
    sky = plants()
    sky.paste("white", (0, 0, 400, 150))

    assert "clipped" in verdict(sky).reasons


@pytest.mark.parametrize("share", [0.02, 0.05, 0.15])
def test_a_small_sharp_insect_or_stalk_makes_a_soft_photograph_of_use(share: float) -> None:
    width, height = 1600, 1200
    sharp, side = plants(size=(width, height)), round((share * width * height) ** 0.5)
    insect = (500, 430, 500 + side, 430 + side)
    stalk = (900, 60, 900 + round(share * width * height / 1080), 1140)

    for box in (insect, stalk):
        photograph = blurred(sharp, 0.02)
        assert "blurry" in verdict(photograph).reasons
        photograph.paste(sharp.crop(box), box[:2])
        assert "blurry" not in verdict(photograph).reasons


def test_a_speck_does_not_make_a_soft_photograph_sharp() -> None:
    sharp = plants(size=(1600, 1200))
    photograph = blurred(sharp, 0.02)
    photograph.paste(sharp.crop((0, 0, 30, 30)), (640, 520))

    assert "blurry" in verdict(photograph).reasons


def test_a_sharp_plant_before_a_soft_background_is_not_blurry() -> None:
    sharp = plants(size=(900, 700))
    photograph = blurred(sharp, 0.02)
    photograph.paste(sharp.crop((300, 230, 620, 480)), (300, 230))

    assert verdict(photograph).status is Status.FIT


def test_strong_under_and_over_exposure_are_held() -> None:
    dark, bright = verdict(exposed(plants(), 0.15)), verdict(exposed(plants(), 6))

    assert "dark" in dark.reasons
    assert "bright" in bright.reasons
    assert {dark.status, bright.status} == {Status.HELD}
    assert verdict(exposed(plants(), 0.7)).status is Status.FIT


@pytest.mark.parametrize(("colour", "reason"), [("black", "dark"), ("white", "bright")])
def test_a_blank_image_is_held_for_its_light_and_for_showing_nothing(
    colour: str, reason: str
) -> None:
    reasons = verdict(Image.new("RGB", (300, 300), colour), "PNG").reasons

    assert {reason, "low_information", "low_contrast"} <= set(reasons)


def test_blank_images_of_different_shape_have_different_pixel_hashes() -> None:
    wide, high = (verdict(Image.new("RGB", size), "PNG") for size in ((200, 100), (100, 200)))

    assert wide.pixel_hash != high.pixel_hash


def test_the_pixel_hash_survives_another_lossless_format() -> None:
    hashes = {verdict(plants(), name).pixel_hash for name in ("PNG", "BMP", "TIFF")}

    assert len(hashes) == 1


def test_the_rule_version_follows_the_thresholds() -> None:
    assert CleansingPolicy().rule_version == POLICY.rule_version
    assert CleansingPolicy(limits={"too_small": Limit(fail=10)}).rule_version != POLICY.rule_version


def test_a_rejection_outweighs_a_flag_and_a_flag_outweighs_none() -> None:
    blurry, unreadable = (
        CheckResult(check=check, verdict=Verdict.FAIL) for check in ("blurry", "unreadable")
    )
    green = CheckResult(check="little_vegetation", verdict=Verdict.WARN)

    assert status_of([blurry, unreadable]) is Status.REJECTED
    assert status_of([blurry, green]) is Status.HELD
    assert status_of([green]) is Status.FIT


def check_verdict(content: bytes) -> None:
    quality = assess("one", content, policy=POLICY)
    again = ImageQuality.model_validate_json(quality.to_json())

    assert again == quality
    assert quality.status is status_of(quality.checks)
    assert (quality.status is Status.REJECTED) == (quality.pixel_hash is None)
    if quality.status is Status.REJECTED:
        assert len(quality.reasons) == 1
        assert quality.reasons[0] in {check.name for check in reading_checks()}


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_get_exactly_one_verdict(content: bytes) -> None:
    check_verdict(content)


@given(st.sampled_from(SEEDS_OF_FILES), st.data())
@settings(max_examples=200, deadline=None)
def test_any_mutated_file_gets_exactly_one_verdict(content: bytes, data: st.DataObject) -> None:
    mutated = bytearray(content)
    places = st.integers(0, len(content) - 1)
    changes = st.lists(st.tuples(places | st.integers(0, 120), st.integers(0, 255)), max_size=8)
    for place, value in data.draw(changes):
        mutated[place] = value
    start = data.draw(places)
    cut = data.draw(st.sampled_from([0, 1, 4, len(content) // 2]))
    del mutated[start : start + cut]

    check_verdict(bytes(mutated))


@pytest.mark.skipif(not REAL_PHOTOGRAPHS, reason="FARMY_REAL_PHOTOGRAPHS names no folder")
def test_hardly_any_real_photograph_is_held() -> None:
    paths = sorted(path for path in Path(REAL_PHOTOGRAPHS).rglob("*.jpg") if path.stat().st_size)
    statuses = [assess(p.name, p.read_bytes(), policy=POLICY).status for p in paths]

    assert statuses.count(Status.FIT) >= 0.98 * len(statuses)


def test_a_photograph_of_12_megapixels_is_measured_like_a_small_one() -> None:
    large = plants(size=(1000, 750)).resize((4000, 3000), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    large.save(file, "JPEG", quality=90)

    quality = assess("one", file.getvalue(), policy=POLICY)

    assert quality.status is Status.FIT
    assert (quality.width_px, quality.height_px) == (4000, 3000)


def test_each_check_tells_its_value_its_threshold_and_its_verdict() -> None:
    by_check = {result.check: result for result in verdict(plants(size=(200, 200))).checks}

    small = by_check["too_small"]
    assert (small.value, small.threshold, small.verdict) == (200, 224, Verdict.WARN)
    assert set(by_check) == {check.name for check in valued_checks()}


def test_a_wrong_extension_is_reported_and_the_image_goes_on() -> None:
    content = stored(plants(), "PNG")

    wrong = assess("one", content, policy=POLICY, name="holiday.jpg")
    right = assess("one", content, policy=POLICY, name="holiday.PNG")
    silent = assess("one", content, policy=POLICY, name="holiday")

    assert "wrong_extension" in wrong.warnings
    assert wrong.status is Status.FIT
    assert "wrong_extension" not in (*right.warnings, *silent.warnings)


def test_a_film_is_held_and_its_first_frame_is_measured() -> None:
    frames = [plants(seed) for seed in range(3)]
    film = stored(frames[0], "PNG", save_all=True, append_images=frames[1:])

    quality = assess("one", film, policy=POLICY)

    assert quality.reasons == ("animated_or_multi_page",)
    assert quality.value_of("animated_or_multi_page") == 3
    assert quality.phash == verdict(frames[0], "PNG").phash
