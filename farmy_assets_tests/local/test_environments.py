import sys
from pathlib import Path

import pytest

from farmy_assets.local.environments import environment_folder, python_of
from farmy_assets.local.label_studio import label_studio_server
from farmy_assets.local.ministack import functions_python
from farmy_assets.local.settings import read_settings

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    "line", ["version_info = 3.12.1", "version = 3.12.1"], ids=["made by uv", "made by venv"]
)
def test_an_environment_says_by_which_python_it_was_made(tmp_path: Path, line: str) -> None:
    (tmp_path / "pyvenv.cfg").write_text(f"home = /usr/bin\n{line}\ninclude-system = false\n")
    assert python_of(tmp_path) == "3.12"


def test_one_that_is_not_made_yet_will_be_made_by_this_python(tmp_path: Path) -> None:
    assert python_of(tmp_path) == OWN


def test_functions_and_label_studio_go_by_the_python_of_their_environments(tmp_path: Path) -> None:
    settings = read_settings({"FARMY_HOME": str(tmp_path), "FARMY_SETUP_DIR": str(tmp_path)})
    for name, version in (("ministack", "3.13.0"), ("label-studio", "3.12.1")):
        folder = environment_folder(settings.setup, name)
        folder.mkdir(parents=True)
        (folder / "pyvenv.cfg").write_text(f"version_info = {version}\n")
    assert functions_python(settings) == "3.13"
    command = " ".join(label_studio_server(settings).command)
    assert "/lib/python3.12/site-packages/label_studio" in command
