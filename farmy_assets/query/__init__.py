"""The query layer: snapshots of the records as tables, one checked SQL, and search."""
