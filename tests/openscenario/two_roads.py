"""Two roads of 100 m, two lanes of 4 m each, in right-hand traffic: one after the other or one above the other."""

from __future__ import annotations

import math

_LANE = '<lane id="{0}" type="driving"><link>{1}</link><width sOffset="0" a="4" b="0" c="0" d="0"/></lane>'  # 4 m wide
_ROAD = (
    '<road id="{id}" length="100" junction="-1" rule="RHT"><link><successor elementType="road" elementId="{other}" '
    'contactPoint="end"/></link><planView><geometry s="0" x="{x}" y="0" hdg="{hdg}" length="100"><line/></geometry>'
    '</planView>{height}<lanes><laneSection s="0"><left>{left}</left><center><lane id="0" type="none"/></center><right>'
    "{right}</right></laneSection></lanes></road>"
)


def _road(number, other, x, hdg, height=0.0):
    link = '<successor id="{}"/>'
    return _ROAD.format(
        id=number, other=other, x=x, hdg=hdg, left=_LANE.format(1, link.format(-1)),
        right=_LANE.format(-1, link.format(1)),
        height=f'<elevationProfile><elevation s="0" a="{height}" b="0" c="0" d="0"/></elevationProfile>',
    )  # fmt: skip


def network(*roads):
    return f'<OpenDRIVE><header revMajor="1" revMinor="6"/>{"".join(roads)}</OpenDRIVE>'


FACING = network(_road(1, 2, 0, 0), _road(2, 1, 200, math.pi))
"""Along x; s of the second road, from x = 200, runs the other way."""
BRIDGE = network(_road(1, 9, 0, 0), _road(2, 9, 0, 0, height=6.0))
"""The second lies 6 m above the first."""
