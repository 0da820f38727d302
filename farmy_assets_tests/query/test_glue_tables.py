"""Glue's tables: every column told, and switched to the next generation by one call."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from farmy_assets.lake.lake import Lake
from farmy_assets.query.glue_tables import GlueTables
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.snapshots import SnapshotRepository
from farmy_assets.query.table_sources import table_sources
from farmy_assets.query.tables import TABLES
from farmy_assets_tests.query.test_snapshots import bring


@pytest.fixture
def glue(lake: Lake) -> Iterator[GlueTables]:
    settings = lake.settings.model_copy(update={"glue_database": "farmy"})
    tables = QueryLayer(Lake.connect(settings)).glue_tables
    assert tables is not None
    with mock_aws():
        tables.client.create_database(DatabaseInput={"Name": "farmy"})
        yield tables


def files_of(lake: Lake, glue: GlueTables, table: str) -> list[str]:
    """The files that Athena would read."""
    found = glue.client.get_table(DatabaseName="farmy", Name=table)["Table"]
    place = found["StorageDescriptor"]["Location"].removeprefix(f"s3://{lake.records.bucket.name}/")
    lists = list(lake.records.bucket.keys(place))
    return [line for key in lists for line in lake.records.bucket.get(key).decode().splitlines()]


def test_without_a_database_nothing_is_registered(lake: Lake) -> None:
    assert QueryLayer(lake).glue_tables is None


def test_a_table_consists_of_its_manifests_files_and_tells_its_columns(
    lake: Lake, glue: GlueTables
) -> None:
    bring(lake, "a.jpg", 10)
    manifest = SnapshotRepository(lake.records).take(table_sources(lake)["images"]).manifest
    assert glue.register(TABLES["images"], manifest)
    bucket = lake.records.bucket.name
    assert files_of(lake, glue, "images") == [f"s3://{bucket}/{f.key}" for f in manifest.files]
    table = glue.client.get_table(DatabaseName="farmy", Name="images")["Table"]
    told = {c["Name"]: c["Comment"] for c in table["StorageDescriptor"]["Columns"]}
    assert told == {c.name: c.meaning for c in TABLES["images"].columns}
    assert table["Description"] == TABLES["images"].meaning


def test_the_next_generation_takes_over_and_the_same_one_changes_nothing(
    lake: Lake, glue: GlueTables
) -> None:
    snapshots, table_source = SnapshotRepository(lake.records), table_sources(lake)["images"]
    glue.register(TABLES["images"], snapshots.manifest("images"))
    assert files_of(lake, glue, "images") == []
    bring(lake, "a.jpg", 10)
    first = snapshots.take(table_source).manifest
    assert glue.register(TABLES["images"], first)
    assert not glue.register(TABLES["images"], first)
    bring(lake, "b.jpg", 20)
    second = snapshots.take(table_source).manifest
    assert glue.register(TABLES["images"], second)
    assert len(files_of(lake, glue, "images")) == len(second.files)


def test_every_table_has_types_that_hive_knows(lake: Lake, glue: GlueTables) -> None:
    snapshots = SnapshotRepository(lake.records)
    for name, table in TABLES.items():
        assert glue.register(table, snapshots.manifest(name))
    found = glue.client.get_tables(DatabaseName="farmy")["TableList"]
    assert {table["Name"] for table in found} == set(TABLES)
