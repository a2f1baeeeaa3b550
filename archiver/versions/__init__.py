"""How an article changed between two snapshots: what a reader would call a change, and what is only noise."""
