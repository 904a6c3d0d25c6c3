"""A server that says raw bytes, as slowly and for as long as it is told."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterable, Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextlib.contextmanager
def saying(answer: Callable[[], Iterable[bytes]], pause: float = 0) -> Iterator[str]:
    """A server on loopback that gives each request these pieces; its address.

    Args:
        pause: seconds between two pieces.
    """
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve(line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            while line.recv(65536):
                for piece in answer():
                    line.sendall(piece)
                    if over.wait(pause):
                        return

    def accept() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                line = listener.accept()[0]
                line.settimeout(20)
                threading.Thread(target=serve, args=(line,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def dripping(whole: bytes) -> Iterator[bytes]:
    """A text, byte by byte, and its last byte for ever."""
    pieces = (bytes([byte]) for byte in whole)
    return itertools.chain(pieces, itertools.repeat(whole[-1:]))


def bomb(size: int) -> bytes:
    """A gzip that unpacks to so many zeros."""
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()
