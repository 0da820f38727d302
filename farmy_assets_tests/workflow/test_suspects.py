"""Likely label errors of a version: ranked, drawn, and ready to be looked at again."""

import csv
import io

import pytest
from PIL import Image

from farmy_assets.annotation.campaign import Campaign, Splits
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictedRegion
from farmy_assets.datasets.versions import DatasetClass, DatasetVersion, LabelledImage, freeze
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.suspects import Suspects, as_csv, find_suspects, page
from farmy_assets_tests.annotation.examples import box, campaign

IDS = [f"{n:032x}-{n:012x}" for n in range(4)]
BATCH = "000001-20260601T120000Z"


def version() -> DatasetVersion:
    images = [
        LabelledImage(
            image_id=image_id, sha256=f"{n:064x}", width_px=800, height_px=600,
            regions=(box(10, 10),), settled_by="single", vote_ids=("v",), group=image_id,
        )
        for n, image_id in enumerate(IDS)
    ]  # fmt: skip
    return freeze(
        images, campaign="weeds-2026", campaign_version=1, shares=Splits(), number=1,
        classes=[DatasetClass(id=1, name="crop"), DatasetClass(id=2, name="weed")],
    )  # fmt: skip


@pytest.fixture
def rules(lake: Lake) -> Campaign:
    """The model agrees on the first image, and sees one more, another class, and nothing."""
    seen = [[box(10, 10)], [box(10, 10), box(300, 10)], [box(10, 10, label="crop")], []]
    found = [
        ImagePredictions(
            image_id=image_id,
            regions=tuple(PredictedRegion(region=region, score=0.9) for region in regions),
        )
        for image_id, regions in zip(IDS, seen, strict=True)
    ]
    lake.predictions.add("weeds-2026", "v1", BATCH, found)
    content = io.BytesIO()
    Image.new("RGB", (800, 600), (90, 120, 60)).save(content, "JPEG")
    lake.cleansed.put(keys.cleansed_image(IDS[3]), content.getvalue())
    return lake.campaigns.apply(campaign())


def suspects(lake: Lake, rules: Campaign, *, least: float = 0.5) -> Suspects:
    return find_suspects(lake, rules, version(), "v1", least=least, on_compared=lambda _count: None)


def test_images_with_likely_errors_are_ranked_and_sound_ones_left_out(
    lake: Lake, rules: Campaign
) -> None:
    found = suspects(lake, rules)
    assert [image.image_id for image in found.images] == [IDS[3], IDS[1], IDS[2]]
    assert found.kinds == {"extra": 1, "missed": 1, "other_class": 1}
    assert found.compared == 4
    assert [i.image_id for i in suspects(lake, rules, least=0.95).images] == [IDS[3]]


def test_the_table_has_every_likely_error(lake: Lake, rules: Campaign) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(suspects(lake, rules)))))
    columns = ("rank", "kind", "drawn_class", "predicted_class")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("1", "extra", "weed", ""), ("2", "missed", "", "weed"),
        ("3", "other_class", "weed", "crop"),
    ]  # fmt: skip
    assert (rows[1]["x_min"], rows[1]["x_max"]) == ("300.0", "400.0")


def test_the_page_draws_both_sides_and_escapes_what_others_wrote(
    lake: Lake, rules: Campaign
) -> None:
    text = page(lake, suspects(lake, rules), most=2).decode()
    assert text.count("<figure>") == 2
    assert "(the first 2 of 3)" in text
    assert text.count("data:image/jpeg;base64,") == 1
    assert 'class="suspect model" points="300,10 400,10 400,110 300,110"' in text
    assert "&#34;weed&#34;" in text
    assert "http" not in text


def test_a_model_without_predictions_is_told_with_those_that_there_are(
    lake: Lake, rules: Campaign
) -> None:
    with pytest.raises(InvalidInputError, match=r"v2 has no predictions.*farmy predict weeds-2026"):
        find_suspects(lake, rules, version(), "v2", least=0.5, on_compared=lambda _count: None)
