"""The list of checks: what the folder has, in an order that stored tables rely on."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from farmy_assets.cleansing import checks
from farmy_assets.cleansing.check_kinds import Check, MeasuredCheck

CALIBRATION = Path(__file__).parents[2] / "docs" / "calibration.md"


def test_every_module_of_the_folder_is_in_the_list_under_its_own_name() -> None:
    modules = [module.name for module in iter_modules(checks.__path__)]

    assert sorted(checks.names()) == sorted(modules)
    for name in modules:
        assert checks.named(name) == import_module(f"{checks.__name__}.{name}").CHECK


def test_new_checks_come_after_those_of_earlier_releases() -> None:
    valued = [check.name for check in checks.valued_checks()]

    assert valued[:14] == [
        "damaged", "wrong_extension", "animated_or_multi_page", "too_small", "odd_aspect_ratio",
        "dark", "bright", "clipped", "blurry", "low_information", "low_contrast", "no_colour",
        "screenshot", "little_vegetation",
    ]  # fmt: skip


@pytest.mark.parametrize("check", checks.CHECKS, ids=checks.names())
def test_every_check_has_a_sentence_for_people(check: Check) -> None:
    assert check.title[0].isupper()
    assert check.sentence.endswith(".")
    assert check.form.format(1.0)
    assert bool(check.flagged) == (check in checks.valued_checks())


def test_a_result_of_a_check_that_is_no_more_can_still_be_reported() -> None:
    assert checks.named("too_windy").title == "too windy"


def test_the_document_of_limits_has_those_of_the_checks() -> None:
    told = re.findall(
        r"^\| (\w+) \|.*\| (below|above) ([\d.]+) \| (?:never|\w+ ([\d.]+)) \|$",
        CALIBRATION.read_text(),
        re.MULTILINE,
    )

    assert len(told) >= 9
    for name, side, warn, fail in told:
        check = checks.named(name)
        assert isinstance(check, MeasuredCheck), name
        assert check.fails_above == (side == "above"), name
        limits = (float(warn), float(fail) if fail else None)
        assert (check.limit.warn, check.limit.fail) == limits, name


def test_reading_a_policy_loads_neither_numpy_nor_pillow() -> None:
    code = "import sys, farmy_assets.cleansing.policy; print({'numpy', 'PIL'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
