"""Numbers for people: counts, bytes and times with their units."""

from __future__ import annotations


def si(value: float, unit: str = "") -> str:
    """A count with a decimal prefix and three digits: 61706 → ``61.7 k``."""
    for limit, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g} {prefix}{unit}"
    return f"{value:.4g}{' ' + unit if unit else ''}"


def size(count: float) -> str:
    """A number of bytes with a binary prefix: 1536 → ``1.5 KiB``; beyond measure it is cut."""
    value, units = float(min(count, 2**100)), ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
    for unit in units:
        digits = 0 if unit == "B" else 1
        if round(value, digits) < 1024 or unit == units[-1]:
            break
        value /= 1024
    return f"{value:,.{digits}f} {unit}"


def duration(seconds: float) -> str:
    """A time for people: ``0.8 s``, ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
