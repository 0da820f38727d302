"""The documents name what exists, and leave nothing out."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.cli.main import app
from farmy_assets.definitions import defs
from farmy_assets.defs import resources
from farmy_assets.lake import settings as lake_settings
from farmy_assets.local.settings import PORT_SETTINGS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md"))


def test_the_readme_tours_every_asset_and_no_other() -> None:
    rows = re.findall(r"^\| (\w+) \| (`\w+`(?:, `\w+`)*) \|", README, re.MULTILINE)
    toured = {name: group for group, names in rows for name in re.findall(r"`(\w+)`", names)}
    graph = defs.resolve_asset_graph()
    found = {k.to_user_string(): graph.get(k).group_name for k in graph.get_all_asset_keys()}
    assert toured == found


def test_the_readme_names_every_variable_that_the_definitions_read() -> None:
    source = Path(resources.__file__).read_text()
    source += Path(lake_settings.__file__).read_text()
    read = set(re.findall(r'"((?:FARMY|AWS)_\w+)"', source)) | {
        name for name, _ in PORT_SETTINGS.values()
    }
    named = set(re.findall(r"`((?:FARMY|AWS)_\w+)`", README))
    assert read <= named
    code = "".join(
        path.read_text() for room in ("farmy_assets", "farmy_assets_tests") for path in
        (ROOT / room).rglob("*.py") if path != Path(__file__)
    )  # fmt: skip
    assert [name for name in sorted(named - read) if f'"{name}"' not in code] == []


def test_the_campaign_file_in_the_readme_is_valid() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert parse_campaign(block).name == "weeds-2026"


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_every_link_and_path_in_a_document_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
    modules = re.findall(r"`((?:farmy_assets|lake|defs|datasets|annotation|docs)/[\w/.-]+)`", text)
    missing = [
        m for m in modules if not any((b / m).exists() for b in (ROOT, ROOT / "farmy_assets"))
    ]
    assert missing == []


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*  ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        word
        for page in DOCUMENTS
        for word in re.findall(r"(?:^    |`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert named <= targets


def test_the_command_lines_in_the_readme_are_known_to_farmy() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert set(re.findall(r"farmy ([a-z]+)", README)) - {"assets"} <= set(commands)
