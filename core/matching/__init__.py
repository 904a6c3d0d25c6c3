"""Which item of Plex a scene is: evidence, indexes, pins, learned prefixes, owners.

Pure. May import `core`.
"""
