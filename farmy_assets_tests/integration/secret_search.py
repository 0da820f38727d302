"""Where tokens and passwords of a platform lie in clear text, besides the files made for them."""

from collections.abc import Collection
from pathlib import Path

from farmy_assets.local.settings import LocalSettings, load_secrets


def files_with(folder: Path, texts: Collection[str]) -> set[tuple[str, Path]]:
    """Each of the texts with each file below a folder that holds it."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            found |= {(text, path) for text in texts if text.encode() in content}
    return found


def platform_secrets_found(settings: LocalSettings, more: Collection[str] = ()) -> set[Path]:
    """Files of Dagster, of the logs and of the lake that hold a secret of the platform.

    Args:
        settings: Where the platform lies.
        more: Further secrets, as those of people.
    """
    known = load_secrets(settings)
    secrets = {known.label_studio_token, known.label_studio_password, *more}
    found = files_with(settings.home / "ministack", {*secrets, known.aws_secret_access_key})
    # MiniStack keeps the users' keys, as AWS does.
    secrets |= {known.aws_secret_access_key, known.label_studio_secret_access_key}
    for folder in (settings.dagster_home, settings.logs):
        found |= files_with(folder, secrets)
    return {path for _, path in found}
