"""The ingestion layer: the one way by which photographs enter the lake.

Files are offered (`offers.py`) by a folder (`folder.py`), a list (`image_list.py`) or a bucket
(`foreign_bucket.py`), and brought in several at a time (`importing.py`).
"""

from farmy_assets.lake.ingestion.folder import files_in as files_in
from farmy_assets.lake.ingestion.folder import offers_of_folder as offers_of_folder
from farmy_assets.lake.ingestion.importing import import_folder as import_folder
from farmy_assets.lake.ingestion.importing import import_offers as import_offers
from farmy_assets.lake.ingestion.reports import IngestReport as IngestReport
from farmy_assets.lake.ingestion.reports import keep_report as keep_report
from farmy_assets.lake.raw_zone import Outcome as Outcome
from farmy_assets.lake.raw_zone import RawZone as RawZone
