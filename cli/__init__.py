"""The command line: the same tasks that Stash starts, for people and for their own clocks.

Knows the modes and the replies of `app`; knows nothing of Stash, Plex or the stores.
"""
