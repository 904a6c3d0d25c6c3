"""The tables of `state.db`, a store for each. `storage/state.py` opens them."""
