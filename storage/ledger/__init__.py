"""The append-only log: its Merkle tree, and the tables that hold it."""
