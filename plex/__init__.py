"""The adapter of Plex: listings, full items, edits, pictures, scans.

May import `storage` and `core`.
"""
