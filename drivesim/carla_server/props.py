"""Things that stand about: CARLA's names of props, and sizes such things have."""

from __future__ import annotations

Size = tuple[float, float, float]
"""Length, width, height, m."""

_BARRIER, _CONE, _BOX, _HEAP = (0.4, 1.2, 1.1), (0.4, 0.4, 0.7), (0.6, 0.6, 0.6), (1.0, 1.0, 0.15)
_BENCH, _BIN, _POT, _SIGN = (0.6, 1.6, 0.9), (0.6, 0.6, 1.0), (0.5, 0.5, 0.9), (0.3, 0.8, 2.2)
_SMALL, _TILE, _CASE, _BALE = (0.3, 0.3, 0.3), (0.4, 0.4, 0.05), (0.3, 0.6, 0.5), (1.4, 1.1, 1.1)

_SIZES: dict[Size, str] = {
    _BARRIER: "streetbarrier chainbarrier chainbarrierend",
    _CONE: "trafficcone01 trafficcone02",
    (0.3, 0.3, 0.6): "constructioncone",
    _BOX: "box01 box02 box03 creasedbox01 creasedbox02 creasedbox03",
    _HEAP: "dirtdebris01 dirtdebris02 dirtdebris03 ironplank platformgarbage01",
    (0.8, 0.8, 0.3): "garbage01 garbage02 garbage03 garbage04 garbage05 garbage06",
    _TILE: "brokentile01 brokentile02 brokentile03 brokentile04",
    _BENCH: "bench01 bench02 bench03 swingcouch",
    _BIN: "bin trashcan01 trashcan02 trashcan03 trashcan04 trashcan05 barrel barbeque",
    _POT: "plantpot01 plantpot02 plantpot03 plantpot04 plantpot05 plantpot06 plantpot07 plantpot08",
    _SIGN: "streetsign streetsign01 streetsign04 warningaccident warningconstruction",
    (2.0, 5.0, 2.2): "container",
    (1.3, 1.8, 1.6): "clothcontainer glasscontainer",
    _BALE: "haybale haybalelb",
    _CASE: "travelcase briefcase guitarcase purse shoppingbag trashbag",
    _SMALL: "bikehelmet motorhelmet plasticbag wateringcan gnome",
    (0.12, 0.12, 0.15): "colacan mobile",
    (0.6, 0.9, 1.0): "shoppingcart shoppingtrolley",
    (1.2, 2.4, 3.0): "busstop busstoplb",
    (0.3, 1.8, 2.8): "advertisement",
    (2.0, 3.0, 2.6): "foodcart kiosk_01",
    (0.9, 1.0, 1.9): "vendingmachine atm",
    (1.6, 3.4, 2.6): "trafficwarning",
    (0.5, 0.5, 1.3): "mailbox streetfountain gardenlamp calibrator",
    (0.8, 1.2, 0.8): "table plastictable maptable doghouse",
    (0.5, 0.5, 0.9): "plasticchair",
    (3.0, 3.0, 2.6): "pergola trampoline swing slide fountain clothesline",
}  # fmt: skip
"""Names in CARLA's blueprint library of 0.9.16 (its documentation, "Prop catalogue"); sizes are estimates."""

PROPS: dict[str, Size] = {f"static.prop.{name}": size for size, names in _SIZES.items() for name in names.split()}
"""Sizes by blueprint id."""

USUAL: Size = _BOX
"""Of a prop that has none of its own."""
