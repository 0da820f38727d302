"""Web scrapers: a site's photographs into the lake, by its rules and by our file."""
