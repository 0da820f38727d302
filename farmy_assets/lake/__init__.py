"""Storage: the S3 buckets, the DynamoDB catalog, and one repository for each kind of record.

`from farmy_assets.lake import Lake` is the way in for people's own programs; to ask the lake they
hand it to `farmy_assets.query.layer.QueryLayer`.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module's attribute is, only it knows
    """The lake, on first use: the Lambda imports this room too, and has not all that it needs."""
    if name != "Lake":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("farmy_assets.lake.lake").Lake
