"""A grid as a page: matrices of coloured cells, as Euro NCAP prints them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from drivesim.errors import RecordingError
from drivesim.studies.ncap.calculator import Verdict
from drivesim.studies.ncap.grid import Asked, Judged, unmet
from drivesim.studies.whatif.outcome import Colour
from drivesim.studies.whatif.report import STYLE

PAGE = "ncap.html"
SHADES: dict[Colour, str] = {
    "green": "#2e8b57", "yellow": "#e8c21a", "orange": "#f08c1e", "brown": "#8a5a32", "red": "#c8322b",
}  # fmt: skip
_CELLS = """
td.cell { text-align: center; color: #fff; font-variant-numeric: tabular-nums; border: 2px solid var(--page); }
td.yellow { color: #1d2430; } td.extended { opacity: .8; font-style: italic; }
@media print { td.cell { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


def write_page(
    asked: Asked, cells: Sequence[Judged], held: Mapping[str, Mapping[str, bool]], verdict: Verdict | None,
    command: str, folder: Path,
) -> Path:  # fmt: skip
    """Write ``ncap.html``.

    Args:
        held: by robustness layer, which tests stand it.
    """
    shades = "".join(f"td.{name} {{ background: {shade}; }}" for name, shade in SHADES.items())
    parts = [
        f"<h1>Euro NCAP {asked.protocol} grid: {html.escape(Path(asked.rig).stem)}</h1>",
        "<p class='soft'>A number is the impact speed in km/h; in cells without one the vehicle touched nobody"
        " before it stood; 0.0 where it stood in the way of who came. Italics: extended range."
        " Simulated with drivesim; Euro NCAP has not seen this.</p>",
        _unmet(unmet(asked.protocol, cells)),
        *(_matrix(name, [c for c in cells if c.cell.test.name == name])
          for name in dict.fromkeys(c.cell.test.name for c in cells)),
        _layers(held), _verdict(verdict),
        "<h2>Make it again</h2>", f"<pre>{html.escape(command)}</pre>",
    ]  # fmt: skip
    path = folder / PAGE
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><link rel='icon' href='data:,'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><title>Euro NCAP grid</title>"
        f"<style>{STYLE}{_CELLS}{shades}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )
    try:
        path.write_text(page)
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=path, remedy="free some space") from error
    return path


def _unmet(lacking: Sequence[str]) -> str:
    if not lacking:
        return ""
    where = html.escape("; ".join(lacking))
    return f"<p>General requirements are not met, so Euro NCAP gives no points for frontal collisions: {where}.</p>"


def _matrix(name: str, cells: Sequence[Judged]) -> str:
    headings = {each.cell.column: each.cell.heading for each in cells}
    columns = sorted(headings, reverse=not cells[0].cell.test.by_speed)
    by_place = {(each.cell.speed, each.cell.column): each for each in cells}
    head = "".join(f"<th>{headings[column]}</th>" for column in columns)
    rows = []
    for speed in sorted({each.cell.speed for each in cells}):
        row = "".join(_cell(by_place.get((speed, column))) for column in columns)
        rows.append(f"<tr><td>{speed} km/h</td>{row}</tr>")
    share = sum(each.points for each in cells) / len(cells)
    return (
        f"<h2>{html.escape(name)}: {share:.0%} of points</h2><div class='scroll'><table><thead><tr><th>speed</th>{head}"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(each: Judged | None) -> str:
    if each is None:
        return "<td></td>"
    range_name = "" if each.cell.standard else " extended"
    text = f"{each.impact_speed:.1f}" if each.impact_speed > 0.0 else ""
    return f"<td class='cell {each.colour}{range_name}' title='{each.colour}, {each.points:.2f} points'>{text}</td>"


def _layers(held: Mapping[str, Mapping[str, bool]]) -> str:
    if not held:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(layer)}</td><td>{html.escape(name)}</td><td>{'yes' if good else 'no'}</td></tr>"
        for layer, by_test in held.items()
        for name, good in by_test.items()
    )
    return f"<h2>Robustness layers</h2><table><tr><th>layer</th><th>test</th><th>stands it</th></tr>{rows}</table>"


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(layer)}</td><td>{got:g}</td><td>{most:g}</td></tr>"
        for name, by_layer in verdict.scores.items()
        for layer, (got, most) in by_layer.items()
        if got
    )
    agree = "agrees in every cell" if not verdict.disagreements else f"differs: {'; '.join(verdict.disagreements)}"
    return (
        f"<h2>The official calculator</h2><p>It {html.escape(agree)} and verified {verdict.verified} cells of its"
        f" choice.</p><table><tr><th>test</th><th>range</th><th>points</th><th>of</th></tr>{rows}</table>"
    )
