"""A consensus that `farmy conflicts` wrote is imported by the real Label Studio, and read back."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from farmy_assets.cli.main import app
from farmy_assets.label_studio.export_answers import read_answer
from farmy_assets.label_studio.exports import exported_task, task_entries
from farmy_assets.label_studio.read_configs import read_config
from farmy_assets_tests.label_studio.test_studio_on_a_real_server import Platform

pytestmark = pytest.mark.integration

CONFIG = """<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="tool" toName="image"><Label value="weed"/></RectangleLabels>
  <Choices name="quality" toName="image"><Choice value="good"/><Choice value="bad"/></Choices>
</View>"""


@pytest.fixture
def server(platform: Platform) -> Iterator[httpx.Client]:
    token = {"Authorization": f"Token {platform.label_studio_token}"}
    with httpx.Client(base_url=platform.label_studio_url, headers=token, timeout=60) as client:
        yield client


def posted(server: httpx.Client, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
    answer = server.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


def test_a_consensus_is_imported_and_exported_again_as_it_was(
    server: httpx.Client, tmp_path: Path
) -> None:
    def region(x: float) -> dict[str, object]:
        value = {"x": x, "y": 10, "width": 20, "height": 30, "rotation": 0}
        return {
            "id": "r", "type": "rectanglelabels", "from_name": "tool", "to_name": "image",
            "original_width": 400, "original_height": 300, "image_rotation": 0,
            "value": {**value, "rectanglelabels": ["weed"]},
        }  # fmt: skip

    choice = {"id": "q", "type": "choices", "from_name": "quality", "to_name": "image",
              "value": {"choices": ["good"]}}  # fmt: skip
    answers = [
        {"completed_by": n, "result": [region(10 + n), choice], "was_cancelled": False}
        for n in (1, 2)
    ]
    task = {"id": 1, "data": {"image": "/data/a.jpg"}, "annotations": answers}
    (tmp_path / "export.json").write_text(json.dumps([task]))
    (tmp_path / "config.xml").write_text(CONFIG)
    done = CliRunner().invoke(
        app,
        ["conflicts", str(tmp_path / "export.json"), "--label-config", str(tmp_path / "config.xml"),
         "--out", str(tmp_path / "out")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    consensus = json.loads((tmp_path / "out/consensus.json").read_text())

    body = {"title": "consensus of the tests", "label_config": CONFIG}
    project = posted(server, "/api/projects/", body)["id"]
    imported = posted(server, f"/api/projects/{project}/import?return_task_ids=1", consensus)
    assert imported["annotation_count"] == 1
    exported = server.get(f"/api/projects/{project}/export", params={"exportType": "JSON"})
    exported.raise_for_status()
    (found,) = map(exported_task, task_entries(BytesIO(exported.content)))
    (answer,) = found.answers
    drawn = read_answer(answer.results, read_config(CONFIG))[0]
    assert drawn.problems == ()
    assert drawn.choices == {"quality": ("good",)}
    (agreed,) = drawn.regions
    assert agreed.region.bounds_px == pytest.approx((46, 30, 126, 120))
