"""The durable queue of jobs, the inbox of hooks, and the drain lock.

May import `storage` and `core`.
"""
