"""A plot of bars as SVG, with nothing but text."""

from xml.sax.saxutils import escape

WIDTH, LABELS, ROW, HEAD, FOOT = 860, 330, 22, 44, 30


def svg(title, bars, mark=None):
    """Bars of (label, value), one below the other; `mark` is a value that a line shows."""
    most = max([value for _, value in bars] + [mark or 0, 1e-9]) * 1.1
    x = lambda value: LABELS + value / most * (WIDTH - LABELS - 60)
    height = HEAD + ROW * len(bars) + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="10" y="24" font-size="15">{escape(title)}</text>',
    ]
    for i, (label, value) in enumerate(bars):
        y = HEAD + ROW * i
        color = "#2f7ed8" if mark is None or value >= mark else "#d8762f"
        parts.append(f'<text x="{LABELS - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect x="{LABELS}" y="{y + 3}" width="{x(value) - LABELS:.1f}" height="{ROW - 6}" fill="{color}"/>')
        parts.append(f'<text x="{x(value) + 5:.1f}" y="{y + 15}">{value:.2f}</text>')
    if mark is not None:
        top, bottom = HEAD - 6, height - FOOT + 4
        parts.append(f'<line x1="{x(mark):.1f}" y1="{top}" x2="{x(mark):.1f}" y2="{bottom}" stroke="black" stroke-dasharray="4 3"/>')
        parts.append(f'<text x="{x(mark):.1f}" y="{bottom + 15}" text-anchor="middle">{mark:g}</text>')
    return "\n".join([*parts, "</svg>", ""])
