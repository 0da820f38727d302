"""S3 and the DynamoDB catalog: the only room that knows AWS.

`from farmy_assets.lake import Lake` is the way in for people's own programs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farmy_assets.lake.lake import Lake

__all__ = ["Lake"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module's attribute is, only it knows
    """The lake, on first use: the Lambda imports this room too, and has not all it needs."""
    if name != "Lake":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from farmy_assets.lake.lake import Lake  # noqa: PLC0415 - as above

    return Lake
