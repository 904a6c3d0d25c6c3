"""Measures the plugin against the simulated servers. `python -m benchmarks`."""
