"""The edge of the process: input and reply, the log, and the short way of a hook.

`hook` imports the standard library, `sync_queue.inbox` and `stash.task_request` only.
"""
