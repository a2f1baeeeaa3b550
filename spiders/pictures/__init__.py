"""Every picture of a page that a reader could have seen."""
