"""What one run is about: a sealed batch, a campaign, or a web site. Never a single image."""

import dagster as dg

batches = dg.DynamicPartitionsDefinition(name="batches")
campaigns = dg.DynamicPartitionsDefinition(name="campaigns")
scrapers = dg.DynamicPartitionsDefinition(name="scrapers")
