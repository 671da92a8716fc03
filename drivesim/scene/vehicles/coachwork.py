"""A shell with its finishes: painted panels, windows, lamps, grille, shut lines, interior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.vehicles.assembly import (
    BLACK,
    CHROME,
    GAP,
    GLASS,
    INDICATOR,
    INTERIOR,
    SEAT,
    Assembly,
    Finish,
    other_side,
)
from drivesim.scene.vehicles.lenses import add_lamps
from drivesim.scene.vehicles.shapes import Shape, box, grid, join, ring, rounded_box, tube
from drivesim.scene.vehicles.shell import Lattice, Shell

Choice = NDArray[np.int64]
_PANE = 3
"""Which finish of a shell is glass."""


def add_shell(assembly: Assembly, shell: Shell, paint: Finish, draw: np.random.Generator) -> None:
    """The body's outside with its lamps, and its interior; ``draw`` picks what lamps look like."""
    lower = shell.lower()
    edge = lower.points[-1]
    finishes = [paint, BLACK, GAP, GLASS]
    greenhouse, roof = shell.greenhouse(edge)
    deck, deck_choice = _deck(shell, edge, greenhouse)
    roof_shape = grid(roof)
    pieces = [grid(lower.points), deck, grid(greenhouse.points), roof_shape]
    windows = _window_cells(shell, greenhouse)
    choices = [_lower_cells(shell, lower), deck_choice, windows, np.zeros(len(roof_shape.triangles), dtype=np.int64)]
    left, choice = join(pieces), np.concatenate(choices)
    cowl = _cowl(shell, greenhouse)
    assembly.add(join([cowl, cowl.mirrored()]), GAP)
    both = join([left, left.mirrored()])
    assembly.add_cells(both, [*finishes, *map(other_side, finishes)], np.concatenate([choice, choice + len(finishes)]))
    add_lamps(assembly, shell, lower, draw)
    _add_lining(assembly, shell, greenhouse, roof, windows)
    _add_underside(assembly, shell, lower)


def _cells(choice: NDArray[np.int64]) -> Choice:
    """Per triangle, from per cell (J, N)."""
    return np.repeat(choice.ravel(), 2)


def _lower_cells(shell: Shell, lower: Lattice) -> Choice:
    s, f = shell.style, shell.frame
    share, level = lower.cell_columns()[None, :], lower.cell_rows()[:, None]
    x = f.front - share * f.length
    plan = shell.plan_y(x) / shell.half
    nose, tail = share < 0.25, share > 0.75
    choice = np.zeros((level.size, share.size), dtype=np.int64)
    clear_of_arch = np.ones_like(share, dtype=bool)
    for axle in shell.arches:
        clear_of_arch &= np.abs(x - axle) > shell.arch_radius
    choice[(level < s.cladding) & (clear_of_arch | (level < 0.05) | (s.cladding > 0.2))] = 1
    for door in s.doors:
        choice[(np.abs(x - f.x(door)) < 0.0045) & (level > 0.14)] = 2
    low, high, end = s.grille
    choice[nose & (level > low) & (level < high) & (plan < end)] = 1
    low, high, end = s.intake
    choice[nose & (level > low) & (level < high) & (plan < end)] = 1
    choice[tail & (level > 0.05) & (level < 0.28) & (plan < 0.8)] = 1
    return _cells(choice)


def _deck(shell: Shell, edge: NDArray[np.float64], greenhouse: Lattice) -> tuple[Shape, Choice]:
    """Bonnet and boot lid: the top, less what lies under the greenhouse or beyond the deck's end."""
    s = shell.style
    lattice = shell.deck(edge)
    shape = grid(lattice.points)
    corners = np.stack([lattice.points[a:b, c:d] for a, b in ((0, -1), (1, None)) for c, d in ((0, -1), (1, None))])
    x, y = corners[..., 0], corners[..., 1]
    base = greenhouse.points[0]
    half = shell.half
    ahead, behind = base[greenhouse.column <= 1], base[greenhouse.column >= 2][::-1]
    inside = (x < np.interp(y, ahead[:, 1], ahead[:, 0]) - 0.01) & (x > np.interp(y, behind[:, 1], behind[:, 0]) + 0.01)
    inside = inside.all(axis=0)
    y = y.mean(axis=0)
    x = x.mean(axis=0)
    in_cabin = inside & (y < np.interp(x, edge[::-1, 0], edge[::-1, 1]) - 0.10 * half)
    share, row = lattice.cell_columns()[None, :], lattice.cell_rows()[:, None]
    choice = np.zeros(in_cabin.shape, dtype=np.int64)
    choice[inside] = 1
    bonnet = (row > 0.15) & (row < 0.162) & (share < s.a_base) & (share > 0.06)
    choice[bonnet] = 2
    kept = np.repeat((~in_cabin & (share < s.deck_end)).ravel(), 2)
    return Shape(shape.points, shape.triangles[kept]), _cells(choice)[kept]


def _cowl(shell: Shell, greenhouse: Lattice) -> Shape:
    """The dark strip between bonnet and windscreen, where the wipers lie."""
    s, f = shell.style, shell.frame
    base = greenhouse.points[0, greenhouse.column <= 0.92]
    rows = []
    for ahead in (0.075, -0.02):
        x = base[:, 0] + ahead * (1 - (base[:, 1] / base[:, 1].max()) ** 4)
        half = shell.plan_y(x) * (1 - shell.style.side[-1][1])
        crown = s.crown * f.top * (half**2 - base[:, 1] ** 2) / shell.half**2
        rows.append(np.stack([x, base[:, 1], shell.belt_z(x) + crown + 0.005], axis=-1))
    return grid(rows[::-1])


def _window_cells(shell: Shell, greenhouse: Lattice) -> Choice:
    s = shell.style
    column, row = greenhouse.cell_columns()[None, :], greenhouse.cell_rows()[:, None]
    choice = np.full((row.size, column.size), 0, dtype=np.int64)
    on_side = (column > 1) & (column < 2)
    if s.glass and not s.panel:
        first, last = s.glass[0][0], s.glass[-1][1]
        choice[on_side & (row > 0.03) & (row < 0.975) & (column > 1 + first) & (column < 1 + last)] = 1
    for start, end in s.glass:
        band = (column > 1 + start - 0.012) & (column < 1 + end + 0.012)
        choice[on_side & band & (row > 0.03) & (row < 0.975)] = 1
        pane = (column > 1 + start + 0.012) & (column < 1 + end - 0.012)
        choice[on_side & pane & (row > 0.055) & (row < 0.94)] = _PANE
    ends = [column < 0.92]
    if s.rear_glass:
        ends.append(column > 2.08)
    for cap in ends:
        choice[cap & (row < 0.975)] = 1
        choice[cap & (np.abs(column - 1.5) > 0.62) & (row > 0.055) & (row < 0.94)] = _PANE
    return _cells(choice)


def _add_lining(
    assembly: Assembly, shell: Shell, greenhouse: Lattice, roof: NDArray[np.float64], windows: Choice
) -> None:
    """What is seen through the windows: roof lining, pillars from inside, floor, walls, dashboard, seats."""
    s, f = shell.style, shell.frame
    frame = grid(greenhouse.points)
    opaque = Shape(frame.points, frame.triangles[windows != _PANE])
    outer = join([opaque, grid(roof)])
    middle = np.array([greenhouse.points[..., 0].mean(), 0.0, greenhouse.points[0, :, 2].mean()])
    inner = Shape(middle + (outer.points - middle) * (0.985, 0.965, 0.965), outer.triangles[:, ::-1])
    assembly.add(join([inner, inner.mirrored()]), INTERIOR)

    front, back = f.x(s.cowl) - 0.05, f.x(s.back) + 0.10
    belt = min(float(shell.belt_z(f.x(s.a_base + 0.1))), float(shell.belt_z(front)) - 0.015)
    floor = shell.sill + 0.12
    wall = shell.half * 0.86
    tub = box((front - back, 2 * wall, belt - floor)).moved(((front + back) / 2, 0, (belt + floor) / 2))
    open_top = np.ones(12, dtype=bool)
    open_top[10:12] = False
    assembly.add(Shape(tub.points, tub.triangles[open_top][:, ::-1]), INTERIOR)
    dash = rounded_box((0.36, 2 * wall, 0.24), 0.08).moved((front - 0.32, 0, belt - 0.12))
    assembly.add(dash, INTERIOR)
    first = min(front - 1.15, f.x(s.a_top) - 0.15)
    column = ring((0, 0, 0), 0.185, 0.016, 16, 5).turned(2, np.pi / 2).turned(1, -0.4)
    assembly.add(column.moved((first + 0.42, 0.4 * shell.half, belt - 0.02)), BLACK)
    rows = [first]
    if s.glass and len(s.glass) > 1:
        rows += list(np.arange(first - 0.85, back + 0.35, -0.85))
    for x in rows:
        for y in (0.42 * shell.half, -0.42 * shell.half):
            back_rest = rounded_box((0.14, 0.48, 0.62), 0.06, 2).turned(1, -0.3)
            head = rounded_box((0.09, 0.26, 0.17), 0.04, 2)
            assembly.add(back_rest.moved((x - 0.22, y, belt - 0.18)), SEAT)
            assembly.add(head.moved((x - 0.32, y, belt + 0.22)), SEAT)


def _add_underside(assembly: Assembly, shell: Shell, lower: Lattice) -> None:
    f = shell.frame
    depth = 0.52 * shell.half
    liners = shell.arch_liners(lower, depth)
    assembly.add(join([liners, liners.mirrored()]), GAP)
    plate = box((f.length * 0.93, 2 * depth, 0.04)).moved(((f.front + f.rear) / 2, 0, shell.sill + 0.03))
    assembly.add(plate, GAP)
    stops = [f.x(0.04), *(x + d for x in shell.arches for d in (shell.arch_radius, -shell.arch_radius)), f.x(0.97)]
    for ahead, behind in zip(stops[::2], stops[1::2], strict=True):
        wide = 0.86 * 2 * min(float(shell.plan_y(ahead)), float(shell.plan_y(behind)), shell.half)
        if ahead > behind and wide > 0.2:
            size = (ahead - behind, wide, 0.03)
            assembly.add(box(size).moved(((ahead + behind) / 2, 0, shell.sill + 0.03)), GAP)


def add_details(assembly: Assembly, shell: Shell, paint: Finish, *, width: float, mirrors: bool = True) -> None:
    """What sticks on: mirrors, handles, wipers, exhaust. ``width``: half, at mirrors' ends."""
    s, f = shell.style, shell.frame
    belt = float(shell.belt_z(f.x(s.a_base)))
    for door in s.doors[1:]:
        x = f.x(door) + 0.13
        z = shell.sill + 0.80 * (float(shell.belt_z(x)) - shell.sill)
        handle = rounded_box((0.17, 0.035, 0.028), 0.012, 2).moved((x, shell.side_y(x, z) + 0.004, z))
        assembly.add_both(handle, paint)
    if mirrors:
        x = f.x(s.a_base) - 0.30
        reach = width - 0.095
        case = rounded_box((0.13, 0.19, 0.125), 0.05).moved((x, reach, belt + 0.085))
        assembly.add_both(case, paint)
        assembly.add_both(rounded_box((0.01, 0.155, 0.09), 0.005, 1).moved((x - 0.063, reach, belt + 0.085)), CHROME)
        stalk = tube([(x, reach - 0.03, belt + 0.04), (x + 0.02, shell.half * 0.86, belt - 0.015)], 0.022, 6)
        assembly.add_both(stalk, BLACK)
        blinker = rounded_box((0.012, 0.12, 0.016), 0.006, 1).moved((x + 0.062, reach + 0.02, belt + 0.085))
        assembly.add_both(blinker, INDICATOR)
    badge_z = shell.sill + 0.74 * (shell.nose_top - shell.sill)
    assembly.add(
        rounded_box((0.02, 0.9 * s.grille[2] * shell.half, 0.02), 0.008, 2).moved((shell.nose_x(badge_z), 0, badge_z)),
        CHROME,
    )
    for y in (-0.30, 0.28):
        base = (f.x(s.cowl) + 0.03, (y - 0.28) * shell.half, belt + 0.02 + s.crown * f.top)
        slope = (f.x(s.cowl) - f.x(s.header), s.roof_edge * f.top - belt)
        tip = (base[0] - 0.06 * slope[0], (y + 0.32) * shell.half, base[2] + 0.06 * slope[1])
        assembly.add(tube([base, tip], 0.009, 5), GAP)
    pipe = tube(
        [(f.rear + 0.30, 0.55 * shell.half, shell.sill + 0.01), (f.rear + 0.035, 0.55 * shell.half, shell.sill)], 0.03
    )
    assembly.add(pipe, CHROME)
