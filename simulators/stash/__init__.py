"""A simulated Stash: real HTTP on loopback, real plugin processes."""
