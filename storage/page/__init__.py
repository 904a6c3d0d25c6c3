"""`page.db`: what the last reconcile found, and the log, for people to look at."""
