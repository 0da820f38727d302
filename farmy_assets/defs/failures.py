"""How our errors end a step: with a clear text, and tried again only where that can help."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from farmy_assets.errors import FarmyError, LakeUnavailableError, StudioUnavailableError

TRANSIENT = (LakeUnavailableError, StudioUnavailableError)

# A short pause bridges a hiccup. A server that stays away fails the run; the sensor that asked for
# it asks again, later and later, until the work is done.
RETRY_ONCE = dg.RetryPolicy(max_retries=1, delay=2)


@contextmanager
def as_dagster_failure() -> Iterator[None]:
    """End the step with the error's own text; a rerun of the step only for passing troubles.

    Raises:
        dg.Failure: In place of any error of the platform's own.
    """
    try:
        yield
    except FarmyError as error:
        raise dg.Failure(
            description=str(error), allow_retries=isinstance(error, TRANSIENT)
        ) from error
