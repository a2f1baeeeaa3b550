"""Leads the references of archived pages back into the archive, without any script."""
