"""Data set versions: numbered and frozen among the records, laid out for people in their bucket.

The folder of a version holds its manifest, its card and, once, its pictures; each format has a
folder with its label files below it. What an export takes of the version's pictures is said in the
export's own manifest. Exports of earlier releases hold copies of the pictures themselves.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import Field, ValidationError

from farmy_assets.catalog.records import Record
from farmy_assets.datasets.formats import FORMATS, ExportFormat
from farmy_assets.datasets.versions import DatasetVersion, ReleasedImage
from farmy_assets.errors import LakeDamagedError, LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.released import ReleasedVersion

MANIFEST = "MANIFEST.json"
CONTENT_FILE = "manifest.json"
CARD_FILE = "README.md"
_PICTURES = "images/"
_OWN_FILES = (CONTENT_FILE, CARD_FILE)


class ExportManifest(Record):
    """All files of one export; written last, so that an export with a manifest is whole."""

    version_id: str
    files: dict[str, str]
    """Path to sha256; pictures carry the digest of the cleansed copy."""
    pictures: dict[str, str] = Field(default_factory=dict)
    """Path in the export to the path of the picture in the version's folder, where it lies."""

    def has_the_files_of(self, other: "ExportManifest") -> bool:
        """Whether both list the same files of the same version, wherever the pictures lie."""
        return (self.version_id, self.files) == (other.version_id, other.files)


@dataclass(frozen=True)
class DatasetRepository:
    """The versions of all campaigns' data sets."""

    records: RecordStore
    bucket: Bucket
    cleansed: Bucket

    def newest(self, campaign: str) -> DatasetVersion | None:
        """The newest version, or None before the first."""
        found = self.records.bucket.keys(keys.dataset_versions(campaign))
        numbers = keys.numbers(found, partial(keys.dataset_version, campaign))
        read = (
            self.records.ours(keys.dataset_version(campaign, number), DatasetVersion)
            for number in reversed(numbers)
        )
        return next((version for version in read if version), None)

    def before(self, version: DatasetVersion) -> DatasetVersion | None:
        """The version before this one, or None when it is the first."""
        key = keys.dataset_version(version.campaign, version.number - 1)
        return self.records.find(key, DatasetVersion)

    def freeze(self, version: DatasetVersion) -> bool:
        """Keep a new version under its number; False when somebody else took the number."""
        return self.records.write_once(
            keys.dataset_version(version.campaign, version.number), version
        )

    def freeze_as_newest(self, version: DatasetVersion) -> None:
        """Keep a version under its number, where it may lie already.

        Raises:
            LakeUnavailableError: Somebody else released another version under that number.
        """
        if self.freeze(version):
            return
        key = keys.dataset_version(version.campaign, version.number)
        if self.records.read(key, DatasetVersion).version_id != version.version_id:
            msg = (
                f"another run released version {version.number} of {version.campaign} meanwhile; "
                "run again to release what is new"
            )
            raise LakeUnavailableError(msg)

    def lay_out(self, version: DatasetVersion, files: Mapping[str, bytes]) -> str:
        """Write what a version's own folder lacks: its files, its pictures, its manifest last.

        What is listed there is neither written nor copied again, as far as the folder's manifest,
        if there is one, has the same digest of it. Whatever is there was put there for this
        version: the folder's name is made from the digests of its pictures.

        Args:
            version: The version.
            files: Path inside the folder to bytes.

        Returns:
            Where it lies, as an s3:// address.
        """
        own = self.export_manifest(version, "")
        pictures = {_picture(image): image for image in version.images}
        digests = _digests(files) | {path: image.sha256 for path, image in pictures.items()}
        there = self._listed(version)
        known = own.files if own else {path: digests[path] for path in there & pictures.keys()}
        lacking = [p for p, digest in digests.items() if p not in there or known.get(p) != digest]
        self._put(version, "", {path: files[path] for path in lacking if path in files})
        in_threads(
            lambda path: self.bucket.copy_from(
                self.cleansed,
                keys.cleansed_image(pictures[path].image_id),
                self._key(version, path),
            ),
            [path for path in lacking if path in pictures],
        )
        if own is None or own.files != digests:
            return self._finish(version, "", digests, {})
        return self._address(version, "")

    def export(
        self, version: DatasetVersion, name: str, form: ExportFormat, files: Mapping[str, bytes]
    ) -> str:
        """Write a version in one format: its label files, and its manifest last.

        The pictures are those of the version's folder; they are copied there if it has none.

        Args:
            version: The version.
            name: The format's name, and that of its folder.
            form: The format.
            files: Its label files by path, as `form.files_of` makes them.

        Returns:
            Where it lies, as an s3:// address.
        """
        own = self.export_manifest(version, "")
        if own is None or not own.files.keys() >= {_picture(image) for image in version.images}:
            there = {path: self.bucket.find(self._key(version, path)) for path in _OWN_FILES}
            self.lay_out(version, {path: found for path, found in there.items() if found})
        self._put(version, f"{name}/", files)
        digests = {form.picture_path(image): image.sha256 for image in version.images}
        pictures = {form.picture_path(image): _picture(image) for image in version.images}
        return self._finish(version, name, _digests(files) | digests, pictures)

    def _put(self, version: DatasetVersion, prefix: str, files: Mapping[str, bytes]) -> None:
        in_threads(
            lambda item: self.bucket.put(
                self._key(version, prefix + item[0]), item[1], media_type="text/plain"
            ),
            files.items(),
        )

    def _finish(
        self,
        version: DatasetVersion,
        folder: str,
        digests: Mapping[str, str],
        pictures: Mapping[str, str],
    ) -> str:
        manifest = ExportManifest(
            version_id=version.version_id,
            files=dict(sorted(digests.items())),
            pictures=dict(sorted(pictures.items())),
        )
        self.bucket.put(self._manifest_key(version, folder), manifest.to_json())
        return self._address(version, folder)

    def _listed(self, version: DatasetVersion) -> set[str]:
        """The paths of the version's own files and pictures; one request for 1,000 of them."""
        folder = self._key(version, "")
        found = (*self.bucket.keys_at(folder), *self.bucket.keys(self._key(version, _PICTURES)))
        return {key.removeprefix(folder) for key in found}

    def _address(self, version: DatasetVersion, folder: str) -> str:
        return f"s3://{self.bucket.name}/{self._key(version, folder)}"

    def has_export(self, version: DatasetVersion | ReleasedVersion, folder: str) -> bool:
        """Whether an export of this version is whole."""
        return self.bucket.size_bytes(self._manifest_key(version, folder)) is not None

    def all(self, campaign: str) -> list[DatasetVersion]:
        """Every version of a campaign, oldest first; reads each of them whole."""
        found = self.records.bucket.keys(keys.dataset_versions(campaign))
        return in_threads(lambda key: self.records.read(key, DatasetVersion), found)

    def exported_formats(self, version: DatasetVersion) -> list[str]:
        """The formats in which a version is there, whole."""
        return [name for name in FORMATS if self.has_export(version, name)]

    def export_manifest(self, version: DatasetVersion, folder: str) -> ExportManifest | None:
        """All files of one export, or None while it is not whole.

        Raises:
            LakeDamagedError: It cannot be read.
        """
        content = self.bucket.find(self._manifest_key(version, folder))
        if content is None:
            return None
        try:
            return ExportManifest.model_validate_json(content)
        except ValidationError as error:
            msg = f"the manifest of {version.version_id}, {folder}, cannot be read"
            raise LakeDamagedError(msg) from error

    def exported_file(self, version: DatasetVersion, folder: str, path: str) -> bytes:
        """The bytes of one file of a folder of the version; of its own folder for an empty name.

        Raises:
            ObjectMissingError: It is not there.
        """
        return self.bucket.get(self._key(version, f"{folder}/{path}" if folder else path))

    def _manifest_key(self, version: DatasetVersion | ReleasedVersion, folder: str) -> str:
        return self._key(version, f"{folder}/{MANIFEST}" if folder else MANIFEST)

    def _key(self, version: DatasetVersion | ReleasedVersion, path: str) -> str:
        return keys.dataset(version.campaign, version.version_id, path)


def _picture(image: ReleasedImage) -> str:
    """Where a picture lies in the version's folder."""
    return f"{_PICTURES}{image.file_name}"


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
