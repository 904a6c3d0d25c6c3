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
            self.add(each)

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
        if not 0 <= value < DENSE:
            self._others.add(value)
            return
        place, bit = value >> 3, 1 << (value & 7)
        if place >= len(self._bits):
            # Doubled, so that growing costs no more than the numbers themselves.
            self._bits.extend(bytes(max(place + 1, 2 * len(self._bits)) - len(self._bits)))
        if not self._bits[place] & bit:
            self._bits[place] |= bit
            self._count += 1

    def discard(self, value: int) -> None:
        if value in self._others:
            self._others.discard(value)
        elif value in self:
            self._bits[value >> 3] &= ~(1 << (value & 7))
            self._count -= 1
