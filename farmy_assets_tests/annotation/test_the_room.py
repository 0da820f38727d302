"""The room knows nothing of the form that Label Studio gives to configs and results."""

from pathlib import Path

import farmy_assets.annotation

FORM = ("from_name", "to_name", "toName", "rectanglelabels", "polygonlabels", "<View", "</")


def test_no_config_and_no_result_of_label_studio_is_written_or_read_here() -> None:
    (folder,) = map(Path, farmy_assets.annotation.__path__)
    found = {
        (path.name, text)
        for path in folder.rglob("*.py")
        for text in FORM
        if text in path.read_text()
    }
    assert found == set()
