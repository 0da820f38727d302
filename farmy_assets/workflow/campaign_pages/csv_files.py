"""The figures of a campaign as CSV files, the same columns as the tables of these names."""

import csv
import io

from farmy_assets.annotation.campaign_figures import CampaignFigures
from farmy_assets.annotation.figure_rows import ROWS
from farmy_assets.catalog.spreadsheets import without_formula
from farmy_assets.query.tables import TABLES


def csv_files(figures: CampaignFigures) -> dict[str, bytes]:
    """File name to content: UTF-8, texts that a spreadsheet would run marked as texts."""
    return {f"{name}.csv": _csv(name, figures) for name in ROWS}


def _csv(name: str, figures: CampaignFigures) -> bytes:
    columns = [column.name for column in TABLES[name].own_columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [without_formula(row[column]) for column in columns] for row in ROWS[name](figures)
    )
    return text.getvalue().encode()
