"""The reconcile that nobody has to start: when it is due, and that one runs."""
