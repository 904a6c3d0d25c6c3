"""Servers to test against, and a library with known truth. Shares no code with the product."""
