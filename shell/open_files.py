"""How many files this process may have open at once, connections among them."""

from __future__ import annotations

from core.errors import SyncError

NEEDED = 32  # a task has its own files open, and connections to both servers
WANTED = 1024


def make_sure() -> None:
    """Take as many as the system gives without being asked again.

    Raises:
        SyncError: these are too few. Each thing that needs another one would fail in a way of its
            own, and seem to be the fault of a server or of a folder.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if most == resource.RLIM_INFINITY else min(WANTED, most)
    if least != resource.RLIM_INFINITY and least < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    if most != resource.RLIM_INFINITY and most < NEEDED:
        raise SyncError(
            f"Stash lets this plugin open only {most} files at once, and it needs {NEEDED}: raise"
            " that limit (ulimit -n, LimitNOFILE of systemd, --ulimit nofile of Docker) where Stash"
            " is started."
        )
