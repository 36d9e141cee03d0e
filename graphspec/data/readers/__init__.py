"""One file for each kind of foreign data file; all of them open files through ``safe_io``."""
