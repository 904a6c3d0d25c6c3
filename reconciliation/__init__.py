"""The gap-detection engine: finds the scenes that Plex does not show as Stash says.

May import the adapters, `storage` and `core`.
"""
