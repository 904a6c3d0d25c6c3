"""How something grows with the library, and a plot of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log, log10

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT, MARGIN = 420, 240, 48
COLOURS = ("#1c7ed6", "#e8590c")


def exponent(points: Points) -> float:
    """The power of x by which y grows, by least squares."""
    xs, ys = [log(x) for x, _ in points], [log(y) for _, y in points]
    middle, height = sum(xs) / len(xs), sum(ys) / len(ys)
    rise = sum((x - middle) * (y - height) for x, y in zip(xs, ys, strict=True))
    return rise / sum((x - middle) ** 2 for x in xs)


def plot(panels: Mapping[str, Mapping[str, Points]]) -> str:
    """An SVG of panels side by side, each with named lines over a logarithmic axis of scenes."""
    width = WIDTH * len(panels)
    drawn = [
        f'<g transform="translate({WIDTH * place} 0)">{_panel(title, lines)}</g>'
        for place, (title, lines) in enumerate(panels.items())
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}"'
        ' font-family="sans-serif" font-size="12" fill="#666">\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _panel(title: str, lines: Mapping[str, Points]) -> str:
    points = [point for line in lines.values() for point in line]
    least, most = min(x for x, _ in points), max(x for x, _ in points)
    top = 1.1 * max(y for _, y in points)
    span = max(log10(most / least), 1e-9)

    def spot(x: float, y: float) -> tuple[float, float]:
        across = (WIDTH - 2 * MARGIN) * log10(x / least) / span
        return MARGIN + across, HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * y / top

    parts = [
        f'<text x="{MARGIN}" y="20" font-size="14">{escape(title)}</text>',
        f'<path d="M{MARGIN} {MARGIN - 12}V{HEIGHT - MARGIN}H{WIDTH - MARGIN + 12}" fill="none"'
        ' stroke="#999"/>',
    ]
    for x in sorted({x for x, _ in points}):
        left, _ = spot(x, 0)
        parts.append(
            f'<text x="{left:.0f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{x:,.0f}</text>'
        )
    for place, (name, line) in enumerate(lines.items()):
        colour = COLOURS[place % len(COLOURS)]
        spots = [spot(*point) for point in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), (_, value) in zip(spots, line, strict=True):
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle" font-size="10">'
                f"{value:.3g}</text>"
            )
        parts.append(
            f'<text x="{WIDTH - MARGIN}" y="{20 + 14 * place}" text-anchor="end" fill="{colour}">'
            f"{escape(name)}</text>"
        )
    return "".join(parts)
