"""Reconciles: one run of them, when the automatic one is due, and that one runs at a time."""
