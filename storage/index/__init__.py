"""The index of the WARC files: a database that can always be rebuilt from them."""
