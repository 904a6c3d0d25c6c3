"""Makes plans that take our locks off."""
