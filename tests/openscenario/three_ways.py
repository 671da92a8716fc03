"""A map in which the shortest way, the fastest and the one with fewest junctions are three.

Road 1 leads into junction 100; from there roads 2 (short, slow), 3 (longer, fast) and 4 (long) lead to road 5, roads 2
and 3 through junction 200. Only the links hang together, not the places.
"""

from __future__ import annotations

_LANES = (
    '<lanes><laneSection s="0"><center><lane id="0" type="none"/></center><right><lane id="-1" type="driving"><link>'
    '<predecessor id="-1"/><successor id="-1"/></link><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right>'
    "</laneSection></lanes>"
)


def _road(number, length, before, after, *, junction=-1, limit=""):
    """Before and after: element type and id."""
    ends = (("predecessor", before, "end"), ("successor", after, "start"))
    links = "".join(
        f'<{name} elementType="{to[0]}" elementId="{to[1]}"' + (f' contactPoint="{end}"/>' if to[0] == "road" else "/>")
        for name, to, end in ends
        if to
    )
    speed = f'<type s="0" type="town"><speed max="{limit}" unit="km/h"/></type>' if limit else ""
    return (
        f'<road id="{number}" length="{length}" junction="{junction}" rule="RHT"><link>{links}</link>{speed}<planView>'
        f'<geometry s="0" x="0" y="{20 * number}" hdg="0" length="{length}"><line/></geometry></planView>'
        f"{_LANES}</road>"
    )


def _junction(number, *pairs):
    made = "".join(
        f'<connection id="{i}" incomingRoad="{a}" connectingRoad="{b}" contactPoint="start">'
        '<laneLink from="-1" to="-1"/></connection>'
        for i, (a, b) in enumerate(pairs)
    )
    return f'<junction id="{number}" name="">{made}</junction>'


_PARTS = (
    _road(1, 50, None, ("junction", 100)),
    _road(11, 10, ("road", 1), ("road", 2), junction=100),
    _road(12, 10, ("road", 1), ("road", 3), junction=100),
    _road(13, 10, ("road", 1), ("road", 4), junction=100),
    _road(2, 100, ("road", 11), ("junction", 200), limit=20),
    _road(3, 200, ("road", 12), ("junction", 200), limit=100),
    _road(4, 900, ("road", 13), ("road", 5)),
    _road(21, 10, ("road", 2), ("road", 5), junction=200),
    _road(22, 10, ("road", 3), ("road", 5), junction=200),
    _road(5, 50, ("junction", 200), None),
    _junction(100, (1, 11), (1, 12), (1, 13)),
    _junction(200, (2, 21), (3, 22)),
)
THREE_WAYS = f'<OpenDRIVE><header revMajor="1" revMinor="6"/>{"".join(_PARTS)}</OpenDRIVE>'
