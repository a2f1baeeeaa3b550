"""The service: looks at every source when it is due, at articles again, and after the archive itself."""
