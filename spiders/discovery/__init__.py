"""What feeds, sitemaps and listing pages name: parsers from bytes to entries."""
