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


@contextlib.contextmanager
def drinking(taken: list[bytes], sip: int, pause: float) -> Iterator[str]:
    """A server on loopback that takes a request in sips and never answers; its address.

    Args:
        taken: gets the sips.
        sip: bytes.
        pause: seconds between two.
    """
    over = threading.Event()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as line, contextlib.suppress(OSError):
                while taken[-1:] != [b""]:
                    taken.append(line.recv(sip))
                    over.wait(pause)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join()


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
