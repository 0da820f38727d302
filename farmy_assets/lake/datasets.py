"""Data set versions: numbered and frozen among the records, laid out for people in their bucket."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from farmy_assets.annotation.campaign import ExportFormat
from farmy_assets.catalog.records import Record
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.errors import LakeDamagedError, LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.released import ReleasedVersion

MANIFEST = "MANIFEST.json"


class ExportManifest(Record):
    """All files of one export; written last, so that an export with a manifest is whole."""

    version_id: str
    files: dict[str, str]
    """Path to sha256; pictures carry the digest of the cleansed copy."""


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

    def lay_out(
        self,
        version: DatasetVersion,
        folder: str,
        *,
        files: Mapping[str, bytes],
        pictures: Mapping[str, str] | None = None,
    ) -> str:
        """Write one export: its files, copies of its pictures, and its manifest last.

        Args:
            version: Whose export it is.
            folder: Name of the export's folder; empty for the version's own folder.
            files: Path inside the folder to bytes.
            pictures: Path inside the folder to image id.

        Returns:
            Where the export lies, as an s3:// address.
        """
        prefix = f"{folder}/" if folder else ""

        def put(item: tuple[str, bytes]) -> None:
            self.bucket.put(self._key(version, prefix + item[0]), item[1], media_type="text/plain")

        def copy(item: tuple[str, str]) -> None:
            self.bucket.copy_from(
                self.cleansed, keys.cleansed_image(item[1]), self._key(version, prefix + item[0])
            )

        in_threads(put, files.items())
        in_threads(copy, (pictures or {}).items())
        sha256 = {image.image_id: image.sha256 for image in version.images}
        digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
        digests |= {path: sha256[image_id] for path, image_id in (pictures or {}).items()}
        manifest = ExportManifest(
            version_id=version.version_id, files=dict(sorted(digests.items()))
        )
        self.bucket.put(self._key(version, f"{prefix}{MANIFEST}"), manifest.to_json())
        return f"s3://{self.bucket.name}/{self._key(version, folder)}"

    def has_export(self, version: DatasetVersion | ReleasedVersion, folder: str) -> bool:
        """Whether an export of this version is whole."""
        return self.bucket.size_bytes(self._key(version, f"{folder}/{MANIFEST}")) is not None

    def all(self, campaign: str) -> list[DatasetVersion]:
        """Every version of a campaign, oldest first; reads each of them whole."""
        found = self.records.bucket.keys(keys.dataset_versions(campaign))
        return in_threads(lambda key: self.records.read(key, DatasetVersion), found)

    def exported_formats(self, version: DatasetVersion) -> list[str]:
        """The formats in which a version is there, whole."""
        return [name.value for name in ExportFormat if self.has_export(version, name.value)]

    def export_manifest(self, version: DatasetVersion, folder: str) -> ExportManifest | None:
        """All files of one export, or None while it is not whole.

        Raises:
            LakeDamagedError: It cannot be read.
        """
        content = self.bucket.find(self._key(version, f"{folder}/{MANIFEST}"))
        if content is None:
            return None
        try:
            return ExportManifest.model_validate_json(content)
        except ValidationError as error:
            msg = f"the manifest of {version.version_id}, {folder}, cannot be read"
            raise LakeDamagedError(msg) from error

    def exported_file(self, version: DatasetVersion, folder: str, path: str) -> bytes:
        """The bytes of one file of an export.

        Raises:
            ObjectMissingError: It is not there.
        """
        return self.bucket.get(self._key(version, f"{folder}/{path}"))

    def _key(self, version: DatasetVersion | ReleasedVersion, path: str) -> str:
        return keys.dataset(version.campaign, version.version_id, path)
