"""What one run is about: a sealed batch, or a campaign. Never a single image."""

import dagster as dg

batches = dg.DynamicPartitionsDefinition(name="batches")
campaigns = dg.DynamicPartitionsDefinition(name="campaigns")
