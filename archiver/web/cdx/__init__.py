"""The CDX server: the index for programs, in the dialects of the Internet Archive and of pywb."""
