"""The whole thing on a bundled local news site, with no network."""
