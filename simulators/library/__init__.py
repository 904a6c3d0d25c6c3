"""A generated library, what is true of it, and the oracle that judges a sync."""
