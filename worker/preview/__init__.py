"""Makes plans from a stored preview, cut down to what still fits."""
