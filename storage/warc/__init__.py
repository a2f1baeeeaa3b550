"""WARC 1.1 records: writing, sealing, recovering, reading, checking."""
