import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from farmy_assets.errors import PlatformError
from farmy_assets.local.packaging import HANDLER_MODULES, build_package, own_sources, zip_bytes

ROOT = Path(__file__).parents[2]


def checkout(root: Path, **sources: str) -> Path:
    package = root / "farmy_assets"
    for name, text in {"__init__": "", **sources}.items():
        path = package / f"{name.replace('__of__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_same_files_are_the_same_zip_whatever_their_order() -> None:
    files = {"b.py": b"2", "a.py": b"1"}
    assert zip_bytes(files) == zip_bytes(dict(sorted(files.items())))
    archive = zipfile.ZipFile(BytesIO(zip_bytes(files)))
    assert archive.namelist() == ["a.py", "b.py"]
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_package_is_named_after_its_contents(tmp_path: Path) -> None:
    vendored = tmp_path / "vendored"
    vendored.mkdir()
    checkout(tmp_path, handler="X = 1")
    first = build_package(tmp_path, vendored, ["farmy_assets.handler"])
    assert first.key == build_package(tmp_path, vendored, ["farmy_assets.handler"]).key
    checkout(tmp_path, handler="X = 2")
    assert build_package(tmp_path, vendored, ["farmy_assets.handler"]).key != first.key


def test_only_what_the_handler_imports_travels(tmp_path: Path) -> None:
    checkout(
        tmp_path,
        handler="from farmy_assets.lake__of__keys import x".replace("__of__", "."),
        lake__of____init__="",
        lake__of__keys="from farmy_assets import errors",
        lake__of__studio="import label_studio_sdk",
        errors="",
    )
    assert set(own_sources(tmp_path, ["farmy_assets.handler"])) == {
        "farmy_assets/__init__.py",
        "farmy_assets/handler.py",
        "farmy_assets/errors.py",
        "farmy_assets/lake/__init__.py",
        "farmy_assets/lake/keys.py",
    }


@pytest.mark.parametrize(
    "source",
    [
        "import numpy",
        "def late():\n    from numpy import array",
        "try:\n    import numpy.linalg\nexcept ImportError:\n    pass",
    ],
    ids=["at the top", "inside a function", "in a try"],
)
def test_a_library_that_the_package_would_lack_is_reported_by_name(
    tmp_path: Path, source: str
) -> None:
    checkout(tmp_path, handler=source)
    with pytest.raises(PlatformError, match="numpy"):
        build_package(tmp_path, tmp_path / "vendored", ["farmy_assets.handler"])


def test_imports_for_the_type_checker_alone_do_not_count(tmp_path: Path) -> None:
    checkout(
        tmp_path,
        handler="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mypy_boto3_s3",
    )
    build_package(tmp_path, tmp_path / "vendored", ["farmy_assets.handler"])


def test_the_real_handlers_need_three_libraries_and_what_these_need(tmp_path: Path) -> None:
    for library in ("fastapi", "mangum", "pydantic", "starlette"):
        (tmp_path / library).mkdir()
        (tmp_path / library / "__init__.py").touch()
    package = build_package(ROOT, tmp_path, HANDLER_MODULES)
    assert "farmy_assets/lambda_handler.py" in package.files
    assert "farmy_assets/ingestion/uploads/page/upload.html" in package.files
    assert not any(name.startswith("farmy_assets/defs") for name in package.files)


def test_the_libraries_are_locked_with_hashes_and_without_an_index() -> None:
    for lock in sorted((ROOT / "deploy" / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert text.count("==") <= text.count("--hash=sha256:"), lock.name
        assert "://" not in text
        assert not [line for line in text.splitlines() if line.startswith("-")]
        assert "file:" not in text
