"""Dagster's entry point: everything that the modules of `defs` define, found by the folder.

A new stage is a new module there. Importing this needs no variable and asks no server.
"""

import warnings

import dagster as dg

from farmy_assets import defs as stages
from farmy_assets.defs.ownership import with_owner
from farmy_assets.defs.resources import resources

with warnings.catch_warnings():
    # Dagster calls these two a preview; its version is pinned. The loader that it calls stable
    # wants a pyproject.toml beside the code, which an installed package does not have.
    warnings.simplefilter("ignore", dg.PreviewWarning)
    defs = dg.load_definitions_from_package_module(
        stages,
        resources=dict(resources()),
        executor=dg.in_process_executor,  # a step takes less time than a new process for it
    ).map_asset_specs(func=with_owner)
