"""Which day it is: limits a day and leases count days of UTC."""

from datetime import UTC, date, datetime


def today() -> date:
    """The day of now."""
    return datetime.now(UTC).date()
