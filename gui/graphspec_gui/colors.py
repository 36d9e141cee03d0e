"""The app's colours, light and dark: one accent, four states, and a series for curves.

States are told apart by icon and word as well as by colour. The series is that of Okabe and Ito
(2008), which colour-blind people can tell apart, darkened or lightened to stand on its ground.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colors:
    """One set of colours, as ``#rrggbb``."""

    dark: bool
    window: str
    """Behind everything."""
    surface: str
    """Panels, fields and nodes, on which text stands."""
    raised: str
    """Headers, hovered rows, buttons."""
    border: str
    """Lines between parts."""
    outline: str
    """The border of what can be typed into or pressed; 3:1 against the surface."""
    text: str
    muted: str
    """Text of second rank; 4.5:1 all the same."""
    disabled: str
    accent: str
    """The one accent: selection, focus, links, the main button."""
    on_accent: str
    accent_soft: str
    """Behind what is selected."""
    ok: str
    advice: str
    warning: str
    error: str
    ok_soft: str
    advice_soft: str
    warning_soft: str
    error_soft: str
    series: tuple[str, ...]
    """Curves and groups, in this order."""

    def state(self, name: str) -> str:
        """The colour of a severity ("error", "warning", "advice") or of "ok"."""
        return {
            "ok": self.ok,
            "advice": self.advice,
            "warning": self.warning,
            "error": self.error,
        }[name]

    def soft(self, name: str) -> str:
        """The ground behind a state."""
        return {
            "ok": self.ok_soft,
            "advice": self.advice_soft,
            "warning": self.warning_soft,
            "error": self.error_soft,
        }[name]


LIGHT = Colors(
    dark=False,
    window="#f3f5f7",
    surface="#ffffff",
    raised="#eceff3",
    border="#d8dde3",
    outline="#8a94a0",
    text="#1b2026",
    muted="#57616c",
    disabled="#98a1ab",
    accent="#1f5fd0",
    on_accent="#ffffff",
    accent_soft="#dde8fb",
    ok="#0b7a4b",
    advice="#6a4fb3",
    warning="#8f5a00",
    error="#b8281e",
    ok_soft="#dcf3e8",
    advice_soft="#ece7f8",
    warning_soft="#fbeed2",
    error_soft="#fbe3e0",
    series=(
        "#0072b2",
        "#d55e00",
        "#00855f",
        "#b5609b",
        "#a67c00",
        "#2f8fc4",
        "#595f69",
        "#7a5c3e",
    ),
)
DARK = Colors(
    dark=True,
    window="#14171b",
    surface="#1c2025",
    raised="#282d34",
    border="#353b44",
    outline="#707a87",
    text="#e7eaee",
    muted="#a3adb8",
    disabled="#68717c",
    accent="#7fb0ff",
    on_accent="#0d1a30",
    accent_soft="#25385a",
    ok="#5fcf9b",
    advice="#b9a5f2",
    warning="#f0b856",
    error="#ff8d80",
    ok_soft="#173528",
    advice_soft="#2c2743",
    warning_soft="#3b2f15",
    error_soft="#43211e",
    series=(
        "#56b4e9",
        "#e69f00",
        "#33c79b",
        "#d98cc0",
        "#f0e442",
        "#f5803e",
        "#b4bcc6",
        "#c9a178",
    ),
)
