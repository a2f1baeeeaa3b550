"""The wire-exact download handler: every byte sent and received, for each attempt."""
