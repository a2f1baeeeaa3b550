"""Source in, captures out: what to fetch, how to fetch it exactly, and what a page says."""
