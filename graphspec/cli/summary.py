"""``graphspec summary``."""

from __future__ import annotations

from rich.table import Table

from graphspec.cli.files import read_spec
from graphspec.cli.output import ACCENT, out, print_json, say
from graphspec.quantities import si, size
from graphspec.summary import Row, summarise


def summary(file: str, *, json: bool = False) -> None:
    """Show each layer's shape, parameters, cost and receptive field, and the totals.

    Parameters
    ----------
    file
        A network file, or the name of a shipped model.
    json
        Print JSON.
    """
    result = summarise(read_spec(file))
    if json:
        print_json(result.to_json())
        return
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.title, table.title_justify = result.name, "left"
    table.add_column("layer", "total", overflow="fold")
    table.add_column("kind", "", style="dim")
    columns = (
        ("output", ""),
        ("parameters", f"{result.params:,}"),
        ("MACs", si(result.macs)),
        ("activations", size(result.activation_bytes)),
        ("sees", ""),
    )
    for title, footer in columns:
        table.add_column(title, footer, justify="right", no_wrap=True, footer_style=ACCENT)
    for row in result.rows:
        table.add_row(
            row.id,
            row.kind,
            str(row.output),
            f"{row.params:,}" if row.params else "",
            si(row.macs) if row.macs else "",
            size(row.activation_bytes),
            _sees(row),
        )
    out.print(table)
    if result.statistics:
        out.print(f"and {result.statistics:,} running statistics, which are not trained")
    for row in result.rows:
        if row.chance_loss is not None:
            say(f"{row.id} at chance, with all scores zero: {row.chance_loss:.6g}")


def _sees(row: Row) -> str:
    """The receptive field in pixels, or nothing for layers behind a fully connected one."""
    return "" if row.field is None else "×".join(map(str, row.field.size))
