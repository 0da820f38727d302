"""What holds for every kind of region: from Label Studio into a vote, compared, fused, shown."""

import json
from itertools import combinations

import numpy as np
import pytest

from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.consensus import ConsensusStatus, judge_image
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.mask_runs import packed
from farmy_assets.annotation.matching import mean_the_same
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.keypoint import Keypoint
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.annotation.regions.rotated_box import RotatedBox
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import adjudication_task
from farmy_assets.label_studio.regions import FORMS, region_to_result
from farmy_assets_tests.annotation.examples import (
    HEIGHT_PX,
    IMAGE,
    WIDTH_PX,
    annotation,
    assignment,
    campaign,
    inbox,
    task,
    vote,
)

RULES = campaign().model_copy(update={"regions": tuple(REGION_KINDS)})


def mask(x: int, y: int) -> Mask:
    painted = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    painted[y : y + 40, x : x + 60] = True
    edges = packed(painted.T, HEIGHT_PX, (0, 0))
    return Mask.of_edges(edges, label="weed", size_px=(WIDTH_PX, HEIGHT_PX))


def examples(shift: int = 0) -> dict[str, Region]:
    """One region of each kind, all of them moved to the right by so many pixels."""
    x = 100 + shift
    corners = ((x, 300.0), (x + 60.0, 310.0), (x + 30.0, 360.0))
    several: list[Region] = [
        Box(label="weed", x_min=x, y_min=100, x_max=x + 60, y_max=140),
        RotatedBox(label="weed", x=x + 200, y=120, width=60, height=40, angle=30),
        Polygon(label="weed", points=corners),
        Keypoint(label="weed", x=x + 200, y=320),
        mask(x + 400, 100),
    ]
    return {region.kind: region for region in several}


def votes_with(**regions: Region) -> list[Vote]:
    return [
        vote(name).model_copy(update={"regions": (region,)}) for name, region in regions.items()
    ]


def test_there_is_an_example_of_every_kind() -> None:
    assert examples().keys() == REGION_KINDS.keys()


def test_what_is_drawn_in_one_answer_becomes_regions_of_all_kinds_in_one_vote() -> None:
    drawn = [
        region_to_result(region, region_id=kind, width_px=WIDTH_PX, height_px=HEIGHT_PX)
        for kind, region in examples().items()
    ]
    (found,) = votes_from_task(
        task(annotation("anna", *drawn)), inbox=inbox(), campaign=RULES, known=(), reader=results
    )
    assert not found.problems
    assert [region.kind for region in found.regions] == list(examples())
    for region, wanted in zip(found.regions, examples().values(), strict=True):
        assert region.bounds_px == pytest.approx(wanted.bounds_px, abs=1e-6)
    assert Vote.model_validate_json(found.to_json()) == found


def test_a_damaged_region_is_a_problem_of_its_vote_and_hides_no_other() -> None:
    drawn = [
        region_to_result(region, region_id=kind, width_px=WIDTH_PX, height_px=HEIGHT_PX)
        for kind, region in examples().items()
    ]
    damaged = [{**result, "value": {"weed": 1, FORMS[kind].RESULT_TYPE: ["weed"]}}
               for kind, result in zip(examples(), drawn, strict=True)]  # fmt: skip
    answer = annotation("anna", *damaged, *drawn)
    (found,) = votes_from_task(
        task(answer), inbox=inbox(), campaign=RULES, known=(), reader=results
    )
    assert len(found.problems) == len(found.regions) == len(REGION_KINDS)


@pytest.mark.parametrize("kind", REGION_KINDS)
def test_two_people_who_draw_alike_agree_on_something_between(kind: str) -> None:
    one, other = examples()[kind], examples(shift=3)[kind]
    votes = votes_with(anna=one, ben=other)
    found = judge_image(
        IMAGE, assignments=[assignment("anna"), assignment("ben")], votes=votes, campaign=RULES
    )
    assert found.status is ConsensusStatus.AGREED
    (region,) = found.regions
    assert region.kind == kind
    assert one.centre_px[0] <= region.centre_px[0] <= other.centre_px[0]
    assert not list(region.faults(WIDTH_PX, HEIGHT_PX))


@pytest.mark.parametrize("kind", REGION_KINDS)
def test_another_class_is_a_conflict_that_the_adjudicator_sees_by_an_outline(kind: str) -> None:
    one = examples()[kind]
    votes = votes_with(anna=one, ben=one.model_copy(update={"label": "crop"}))
    found = judge_image(
        IMAGE, assignments=[assignment("anna"), assignment("ben")], votes=votes, campaign=RULES
    )
    (conflict,) = found.conflicts
    assert conflict.kind is ConflictKind.OTHER_CLASS
    page = adjudication_task(
        found, votes=votes, policy=RULES.agreement, width_px=WIDTH_PX, height_px=HEIGHT_PX,
        image_uri="s3://cleansed/images/one.jpg",
    )  # fmt: skip
    shown = page.predictions[0]["result"]
    assert [result["type"] for result in shown] == ["polygonlabels"] * 2
    for result in shown:
        points = result["value"]["points"]
        assert len(points) >= 3
        assert all(0 <= each <= 100 for point in points for each in point)
    assert json.loads(page.to_json())


def test_regions_of_different_kinds_are_never_the_same_object() -> None:
    for one, other in combinations(examples().values(), 2):
        assert not mean_the_same(one, other, policy=RULES.agreement)


def test_a_campaign_of_all_kinds_has_a_tool_for_each_under_its_name() -> None:
    for phase in (Phase.ANNOTATION, Phase.ADJUDICATION):
        config = label_config(RULES, phase)
        for kind, region in REGION_KINDS.items():
            assert f'<{FORMS[kind].CONTROL} name="{kind}" toName="image"' in config
            assert f'<Header value="{region.plural.capitalize()}"' in config
    assert "Header value=" + '"Boxes"' not in label_config(campaign(), Phase.ANNOTATION)
