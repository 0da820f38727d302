"""Blocking checks: what an asset claims of its data, and how it fails when that does not hold.

An asset whose claim fails is not materialized: the check is recorded as failed, and the step ends
with an error that names the claim and the first examples.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from farmy_assets.defs.metadata import Materialized

EXAMPLES = 3

Events = Iterator[Materialized | dg.AssetCheckResult]


def concluded(
    result: Materialized,
    check_name: str,
    *,
    broken: Sequence[str],
    what: str,
    metadata: dict[str, Any] | None = None,
) -> Events:
    """The events that end an asset with one blocking check.

    Args:
        result: The result to report when the claim holds.
        check_name: The check, as its spec names it.
        broken: What breaks the claim, each in a few words; empty when it holds.
        what: What those are, for the error: "3 images without an entry".
        metadata: Of the check.

    Raises:
        dg.Failure: The claim does not hold. A rerun of the step alone does not help.
    """
    check = dg.AssetCheckResult(
        passed=not broken, check_name=check_name, metadata=metadata or {"broken": len(broken)}
    )
    if not broken:
        yield Materialized(
            metadata=result.metadata, data_version=result.data_version, check_results=[check]
        )
        return
    yield check
    shown = "; ".join(broken[:EXAMPLES]) + ("; ..." if len(broken) > EXAMPLES else "")
    raise dg.Failure(
        description=f"the check {check_name} failed: {what}: {shown}", allow_retries=False
    )
