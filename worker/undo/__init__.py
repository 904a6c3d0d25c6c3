"""Makes plans that take a run back."""
