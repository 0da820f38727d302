"""Where Label Studio is, who we are there, and which bucket its images come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from farmy_assets.errors import InvalidInputError

URL_VARIABLE = "FARMY_LABEL_STUDIO_URL"
TOKEN_VARIABLE = "FARMY_LABEL_STUDIO_TOKEN"  # noqa: S105  # the variable's name, not a token


@dataclass(frozen=True)
class StudioSettings:
    """What it takes to talk to Label Studio.

    Attributes:
        url: base address without a trailing slash, e.g. `http://127.0.0.1:8180`.
        token: a legacy token (40 characters) or a personal access token; never shown.
        cleansed_bucket: the S3 bucket whose images the tasks show.

    Raises:
        InvalidInputError: when the address is not http(s) or the token is empty.
    """

    url: str
    token: str = field(repr=False)
    cleansed_bucket: str

    def __post_init__(self) -> None:
        """Refuse what cannot work, and let addresses be joined by a slash."""
        address = urlsplit(self.url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            msg = f"{self.url!r} is not an address; write it like http://127.0.0.1:8180"
            raise InvalidInputError(msg)
        if not self.token:
            msg = f"no token for Label Studio at {self.url}; set {TOKEN_VARIABLE}"
            raise InvalidInputError(msg)
        object.__setattr__(self, "url", self.url.rstrip("/"))

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, cleansed_bucket: str
    ) -> "StudioSettings":
        """Read address and token from variables; the bucket belongs to the lake's settings.

        Raises:
            InvalidInputError: when a variable is missing, empty or not usable.
        """
        missing = [name for name in (URL_VARIABLE, TOKEN_VARIABLE) if not environment.get(name)]
        if missing:
            msg = f"not set: {', '.join(missing)}; `make up` writes them, or set them by hand"
            raise InvalidInputError(msg)
        return cls(environment[URL_VARIABLE], environment[TOKEN_VARIABLE], cleansed_bucket)
