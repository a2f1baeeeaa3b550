"""The archive on disk: WARC files, which are the truth, and the index of them."""
