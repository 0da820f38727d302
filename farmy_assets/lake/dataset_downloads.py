"""A released data set on a person's disk: exactly the files that its manifest lists, each proven.

A download that was interrupted goes on where it stopped: what is there with the right sha256 is not
fetched again. The manifest is written last, so a folder that has one is whole.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import ValidationError

from farmy_assets.catalog.records import Record
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.errors import InvalidInputError, LakeDamagedError
from farmy_assets.lake.datasets import MANIFEST, DatasetRepository, ExportManifest
from farmy_assets.lake.objects import PIECE_BYTES, in_threads

UNDER_WAY = ".farmy-pull.json"
Kind = TypeVar("Kind", bound=Record)


class Pull(Record):
    """Which download a folder belongs to; there until the folder is whole."""

    version_id: str
    format: str


@dataclass(frozen=True)
class DatasetDownload:
    """One export of one version, on its way into a folder."""

    repository: DatasetRepository
    version: DatasetVersion
    format: str
    manifest: ExportManifest

    @classmethod
    def of(
        cls, repository: DatasetRepository, version: DatasetVersion, format_name: str
    ) -> "DatasetDownload":
        """Look up what has to be fetched.

        Raises:
            InvalidInputError: The version was not exported in this format.
            LakeDamagedError: The export's manifest cannot be read, or names a place outside.
        """
        manifest = repository.export_manifest(version, format_name)
        if manifest is None:
            there = ", ".join(repository.exported_formats(version)) or "none yet"
            msg = (
                f"{version.campaign} {version.version_id} was not exported as {format_name}; "
                f"formats that are there: {there}"
            )
            raise InvalidInputError(msg)
        for name in (*manifest.files, *manifest.pictures.values()):
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.name or "\\" in name:
                msg = f"the manifest of {version.version_id} names {name!r}, a place outside"
                raise LakeDamagedError(msg)
        return cls(repository, version, format_name, manifest)

    def into(self, folder: Path, on_file: Callable[[int], None]) -> int:
        """Fetch what is missing in the folder.

        Args:
            folder: New, empty, or begun by an earlier call for the same version and format.
            on_file: Told after each file: the bytes that were fetched for it, 0 if it was there.

        Returns:
            How many files were fetched.

        Raises:
            InvalidInputError: The folder holds something else, or cannot be written to.
            LakeDamagedError: An object is not what the manifest says; the folder has no manifest.
        """
        try:
            self._begin(folder)
            fetched = in_threads(
                lambda item: self._fetch(folder, *item, on_file), self.manifest.files.items()
            )
            _write(folder / MANIFEST, self.manifest.to_json())
            (folder / UNDER_WAY).unlink()
        except OSError as error:
            msg = f"{error.filename or folder} cannot be written: {error.strerror}"
            raise InvalidInputError(msg) from error
        return sum(fetched)

    def _begin(self, folder: Path) -> None:
        mark = folder / UNDER_WAY
        wanted = Pull(version_id=self.version.version_id, format=self.format)
        folder.mkdir(parents=True, exist_ok=True)
        if _read(mark, Pull) == wanted:
            return
        there = _read(folder / MANIFEST, ExportManifest)
        if not (there and there.has_the_files_of(self.manifest)) and any(folder.iterdir()):
            msg = f"{folder} holds something else: name a new or an empty folder"
            raise InvalidInputError(msg)
        _write(mark, wanted.to_json())

    def _fetch(self, folder: Path, name: str, sha256: str, on_file: Callable[[int], None]) -> bool:
        target = folder / name
        if target.is_file() and _sha256_of(target) == sha256:
            on_file(0)
            return False
        picture = self.manifest.pictures.get(name)
        content = self.repository.exported_file(
            self.version, "" if picture else self.format, picture or name
        )
        if hashlib.sha256(content).hexdigest() != sha256:
            repair = (
                f"delete {picture} from the version's folder, then materialize dataset_version"
                if picture
                else f"materialize {self.format}_dataset"
            )
            version = self.version.version_id
            msg = f"{name} of {version} is not what the manifest says: {repair} again"
            raise LakeDamagedError(msg)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, content)
        on_file(len(content))
        return True


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _read(path: Path, kind: type[Kind]) -> Kind | None:
    """The record that a file holds; None where there is no such file, or something else."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(content)
    draft.replace(path)
