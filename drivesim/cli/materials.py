"""``drivesim show materials``: the table that every sensor looks surfaces up in."""

from __future__ import annotations

from rich.table import Table

from drivesim import materials
from drivesim.cli.terminal import terminal
from drivesim.materials import MATERIALS

_HEADINGS = (
    "material", "rough-\nness", "metal-\nness", "trans-\nmission", "texture", "905 nm", "1550 nm", "retro",
    "77 GHz\neps' - j eps''", "77 GHz\nrms, mm",
)  # fmt: skip

_WIDTH = 112
"""Characters that the table takes; narrower terminals break its lines rather than lose numbers."""


def show_materials() -> None:
    table = Table(title="What surfaces are made of", title_justify="left")
    for number, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="left" if number in (0, 4) else "right", no_wrap=True)
    for m in MATERIALS:
        metal = m.permittivity_77.imag < -1e3
        table.add_row(
            m.name, f"{m.roughness:g}", f"{m.metalness:g}", f"{m.transmission:g}", m.texture.name.lower(),
            f"{m.reflectivity_905:g}", f"{m.reflectivity_1550:g}", f"{m.retro:g}",
            "metal" if metal else f"{m.permittivity_77.real:g} - {-m.permittivity_77.imag:g}j",
            f"{1000 * m.roughness_77:g}",
        )  # fmt: skip
    console = terminal()
    console.width = max(console.width, _WIDTH)
    console.print(table)
    console.print((materials.__doc__ or "").split("\n\n", 1)[1].strip())
