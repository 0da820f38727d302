"""The Lambdas' package, unpacked beside boto3 and nothing else, as AWS's runtime has it."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from farmy_assets.local.ministack import functions_python
from farmy_assets.local.packaging import HANDLER_MODULES, build_package, vendor_libraries
from farmy_assets.local.settings import read_settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

IMPORT = """
import importlib, sys
sys.path[:0] = sys.argv[1:3]
for name in sys.argv[3:]:
    assert callable(importlib.import_module(name).handler)
foreign = {"dagster", "PIL", "numpy", "pandas", "pyarrow", "daft", "duckdb"} & set(sys.modules)
print("foreign:", sorted(foreign))
"""


def test_it_imports_in_a_clean_environment_and_holds_no_dagster(tmp_path: Path) -> None:
    settings = read_settings()
    python = functions_python(settings)
    package = build_package(settings.root, vendor_libraries(settings.root, settings.setup, python))
    assert not [name for name in package.files if "dagster" in name.lower()]
    for name, content in package.files.items():
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    runtime = tmp_path / "runtime"
    uv = str(settings.setup / "env" / "uv" / "bin" / "uv")
    wanted = f"boto3=={version('boto3')}"
    install = [uv, "pip", "install", "--quiet", "--target", str(runtime), wanted]
    subprocess.run([*install, "--python", sys.executable], check=True, capture_output=True)
    assert f"{sys.version_info.major}.{sys.version_info.minor}" == python
    # -I -S: neither this environment's packages nor anybody's variables.
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT, str(tmp_path / "code"), str(runtime),
         *HANDLER_MODULES],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "foreign: []"
