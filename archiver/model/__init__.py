"""The vocabulary of the archive as frozen dataclasses: standard library only, no input or output."""
