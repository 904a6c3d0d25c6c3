"""Puts everything together: the composition root and the tasks that Stash can start.

May import everything but `simulators`.
"""
