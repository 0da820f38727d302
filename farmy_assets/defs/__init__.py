"""Dagster: assets by stage, resources, sensors, partitions."""
