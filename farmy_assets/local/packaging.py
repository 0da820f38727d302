"""The Lambdas' package: our own modules that the handlers need, and their libraries, in one zip.

The same sources and the same lock give the same bytes, and the digest of the contents is the
package's name: new code is a new key, and unchanged code changes nothing.
"""

import ast
import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from farmy_assets.errors import PlatformError

PACKAGE = "farmy_assets"
HANDLER_MODULES = (f"{PACKAGE}.lambda_handler", f"{PACKAGE}.upload_handler")
RUNTIME_PACKAGES = frozenset({"boto3", "botocore"})  # AWS's Python runtime brings these along
EPOCH = (1980, 1, 1, 0, 0, 0)
INSTALL_SECONDS = 300


@dataclass(frozen=True)
class Package:
    """A Lambda package: its files by path."""

    files: Mapping[str, bytes]

    @property
    def key(self) -> str:
        """Where it lies in the code bucket."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(hashlib.sha256(name.encode()).digest())
            digest.update(hashlib.sha256(self.files[name]).digest())
        return f"code/{digest.hexdigest()}.zip"

    @property
    def content(self) -> bytes:
        """The package as a zip."""
        return zip_bytes(self.files)


def build_package(root: Path, vendored: Path, handlers: Sequence[str] = HANDLER_MODULES) -> Package:
    """One package for all handler modules of the checkout `root`.

    Raises:
        PlatformError: A handler needs a library that neither the runtime nor the package has.
    """
    files = own_sources(root, handlers)
    for path in sorted(vendored.rglob("*")):
        parts = path.relative_to(vendored).parts
        if path.is_file() and "__pycache__" not in parts and parts[0] != "bin":
            files["/".join(parts)] = path.read_bytes()
    missing = _foreign_imports(files) - RUNTIME_PACKAGES - {name.split("/")[0] for name in files}
    missing -= {name.removesuffix(".py") for name in files if "/" not in name}
    if missing:
        msg = (
            f"the Lambdas need {', '.join(sorted(missing))}, which their package would lack: "
            "keep the import out of what the handlers use, or add the library to "
            "deploy/requirements/lambda.in"
        )
        raise PlatformError(msg)
    return Package(files)


def own_sources(root: Path, modules: Sequence[str]) -> dict[str, bytes]:
    """Modules of ours and all of ours that they import, with their web pages, by path."""
    found: dict[str, bytes] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        for path in _files_of(root, name):
            key = path.relative_to(root).as_posix()
            if key not in found:
                found[key] = path.read_bytes()
                waiting.extend(name for name in _imports(found[key]) if _is_ours(name))
                for page in path.parent.glob("page/*"):
                    found[page.relative_to(root).as_posix()] = page.read_bytes()
    return found


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip whose bytes depend on names and contents alone."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def vendor_libraries(root: Path, setup: Path, python: str) -> Path:
    """The folder of the libraries that travel in the package; installed once for each lock.

    Args:
        root: The checkout.
        setup: What `make setup` made.
        python: The version of the functions' Python, such as `3.13`: some libraries are compiled.

    Raises:
        PlatformError: uv is not there, or could not install them.
    """
    lock = root / "deploy" / "requirements" / "lambda.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    target = setup / "build" / "lambda" / f"{digest}-{python}"
    if target.exists():
        return target
    draft = target.with_name(f"{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    command = [
        *(str(setup / "env" / "uv" / "bin" / "uv"), "pip", "install", "--quiet"),
        *("--target", str(draft), "--requirements", str(lock), "--require-hashes", "--no-deps"),
        *("--python-version", python, "--python-platform", "x86_64-manylinux2014"),
        *("--only-binary", ":all:", "--no-compile-bytecode"),
    ]
    try:
        subprocess.run(  # noqa: S603  our own uv, with our own arguments
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        msg = f"the Lambda's libraries could not be installed from {lock}: {error.stderr[-500:]}"
        raise PlatformError(msg) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"the Lambda's libraries could not be installed ({error}): run `make setup`"
        raise PlatformError(msg) from error
    draft.replace(target)
    return target


def _files_of(root: Path, module: str) -> Iterator[Path]:
    """The module's file and its packages' `__init__.py`; nothing for a name inside a module."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:depth])
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                yield path


def _imports(source: bytes) -> Iterator[str]:
    """Every dotted name that the source imports when it runs, wherever the import stands."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting.extend(node.orelse)  # the rest is for the type checker alone
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _is_ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def _foreign_imports(files: Mapping[str, bytes]) -> set[str]:
    sources = (
        content
        for name, content in files.items()
        if name.startswith(f"{PACKAGE}/") and name.endswith(".py")
    )
    roots = {name.split(".")[0] for source in sources for name in _imports(source)}
    return roots - {PACKAGE} - sys.stdlib_module_names
