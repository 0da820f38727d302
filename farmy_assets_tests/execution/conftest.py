"""Daft reads these once, when it is imported: tests draw no progress bars and report to nobody."""

import os

os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")
os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
