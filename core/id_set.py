"""A set of numbers that a database or a server has handed out in a row, in a bit for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSet

# Greater ones are kept one by one; up to here the bits take 8 MB at the most.
DENSE = 2**26


class IdSet(MutableSet[int]):
    """Whole numbers; those from 0 to `DENSE` cost a bit for each number up to the greatest."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._bits = bytearray()
        self._others: set[int] = set()
        self._count = 0
        self.update(ids)

    def update(self, ids: Iterable[int]) -> None:
        """Add several."""
        if isinstance(ids, IdSet):
            size = max(len(self._bits), len(ids._bits))
            bits = int.from_bytes(self._bits, "little") | int.from_bytes(ids._bits, "little")
            self._bits, self._count = bytearray(bits.to_bytes(size, "little")), bits.bit_count()
            ids = ids._others
        for each in ids:
            self.put(each)

    def __contains__(self, value: object) -> bool:
        if type(value) is not int:
            return False
        if not 0 <= value < DENSE:
            return value in self._others
        place = value >> 3
        return place < len(self._bits) and bool(self._bits[place] & (1 << (value & 7)))

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self._bits):
            if byte:
                yield from (place * 8 + bit for bit in range(8) if byte & (1 << bit))
        yield from sorted(self._others)

    def __len__(self) -> int:
        return self._count + len(self._others)

    def add(self, value: int) -> None:
        self.put(value)

    def put(self, value: int) -> bool:
        """Add one; whether it was not there before."""
        if not 0 <= value < DENSE:
            is_new = value not in self._others
            self._others.add(value)
            return is_new
        bits, place, bit = self._bits, value >> 3, 1 << (value & 7)
        if place >= len(bits):
            # Doubled, so that growing costs no more than the numbers themselves.
            bits.extend(bytes(max(place + 1, 2 * len(bits)) - len(bits)))
        if bits[place] & bit:
            return False
        bits[place] |= bit
        self._count += 1
        return True

    def discard(self, value: int) -> None:
        if value in self._others:
            self._others.discard(value)
        elif value in self:
            self._bits[value >> 3] &= ~(1 << (value & 7))
            self._count -= 1


class KeySet:
    """Keys of things, nearly all of which are whole numbers."""

    def __init__(self) -> None:
        self._numbers = IdSet()
        self._others: set[str] = set()

    def __len__(self) -> int:
        return len(self._numbers) + len(self._others)

    def put(self, key: str) -> bool:
        """Add one; whether it was not there before."""
        # Python reads no number of more than some thousand digits.
        if len(key) < 20 and key.isdecimal() and key.isascii() and key[0] != "0":
            return self._numbers.put(int(key))
        is_new = key not in self._others
        self._others.add(key)
        return is_new
