"""What the page in Stash asks for: operations that are answered at once.

They read our own files and ask no server, so that an answer takes a fraction of a second however
large the library; what has to ask a server is in `scene.py`. See docs/operations.md.
"""
