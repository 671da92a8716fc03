"""The words of OpenDRIVE 1.4 to 1.8: which of them are read, and what it means that others are not.

What is not read is never passed over in silence: ``drivesim check`` names every such element and attribute of a map,
and what would change where wheels stand is said whenever the map is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivesim.errors import ScenarioError
from drivesim.opendrive.xml import Element

READ: dict[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "OpenDRIVE": "", "arc": "curvature", "border": "a b c d sOffset", "bridge": "id length name s type",
        "center": "", "connection": "connectingRoad contactPoint id incomingRoad linkedRoad",
        "control": "signalId", "controller": "id",
        "cornerLocal": "height id u v z", "cornerReference": "id", "cornerRoad": "dz height id s t",
        "crossfall": "a b c d s side", "elevation": "a b c d s", "elevationProfile": "", "explicit": "",
        "geoReference": "", "geometry": "hdg length s x y",
        "header": "date east name north revMajor revMinor south vendor version west", "height": "inner outer sOffset",
        "junction": "id name type",
        "lane": "direction id level type", "laneLink": "from to",
        "laneOffset": "a b c d s", "laneSection": "s singleSide", "lanes": "", "lateralProfile": "", "left": "",
        "line": "color length sOffset space tOffset width", "link": "", "mainTrack": "dir id s",
        "marking": "color lineLength side spaceLength width", "markings": "",
        "object": "dynamic hdg height id length name orientation pitch radius roll s subtype t type width zOffset",
        "objects": "", "offset": "hdg x y z", "outline": "closed fillType outer", "outlines": "",
        "paramPoly3": "aU aV bU bV cU cV dU dV pRange", "partner": "id name", "planView": "",
        "platform": "id name", "poly3": "a b c d", "predecessor": "contactPoint elementDir elementId elementS "
        "elementType id", "priority": "high low", "railroad": "",
        "repeat": "distance heightEnd heightStart length lengthEnd lengthStart s tEnd tStart widthEnd widthStart "
        "zOffsetEnd zOffsetStart", "right": "", "road": "id junction length name rule",
        "roadMark": "color laneChange sOffset type weight width", "segment": "roadId sEnd sStart side",
        "shape": "a b c d s t", "sideTrack": "dir id s",
        "signal": "country dynamic hOffset height id name orientation pitch roll s subtype t text type unit value "
        "width zOffset", "signalReference": "id orientation s t", "signals": "", "speed": "max sOffset unit",
        "spiral": "curvEnd curvStart", "station": "id name type",
        "successor": "contactPoint elementDir elementId elementS elementType id", "superelevation": "a b c d s",
        "switch": "id name position", "tunnel": "daylight id length lighting name s type", "type": "s type",
        "validity": "fromLane toLane", "width": "a b c d sOffset",
    }.items()
}  # fmt: skip
"""Elements that are read, with the attributes that are; of the header also those that say nothing of the roads."""

BESIDE: dict[str, str] = {
    "CRG": "an OpenCRG surface is not read: the road is as smooth as its profiles",
    "access": "lanes are open to all that their type admits",
    "borders": "borders of objects are not drawn",
    "boundary": "the outline of a junction is that of its paths",
    "crossPath": "pedestrians' paths over a junction come from crosswalk objects",
    "crossSectionSurface": "a lane's surface is straight across but for height, crossfall and shape",
    "dataQuality": "how well the map was surveyed plays no part",
    "defaultRegulations": "rules of the road do not come from the map",
    "dependency": "signals are led by their controllers, not one by another",
    "displayArea": "what variable signs show comes from the scenario",
    "elevationGrid": "a junction's surface is that of its paths",
    "include": "other files are not included: include them before",
    "junctionGroup": "roundabouts are the sum of their junctions",
    "license": "kept with the file",
    "material": "surfaces have the materials of their lanes' types",
    "neighbor": "neighbours follow from the lanes",
    "objectReference": "an object of another road stands where that road has it",
    "parkingSpace": "who may park there plays no part",
    "polyline": "a signal has no outline of its own",
    "positionInertial": "signals stand at their place along the road",
    "positionRoad": "signals stand at their place along the road",
    "reference": "links between signals and objects play no part",
    "roadSection": "the parts of a crossing junction are those of its roads",
    "rule": "rules of a lane play no part",
    "semantics": "the meaning of signals comes from their type",
    "sign": "what variable signs show comes from the scenario",
    "skeleton": "objects have outlines or boxes",
    "startLaneLink": "pedestrians' paths over a junction come from crosswalk objects",
    "endLaneLink": "pedestrians' paths over a junction come from crosswalk objects",
    "staticBoard": "boards are drawn as signals",
    "surface": "holds OpenCRG only",
    "sway": "marks run straight in their lane",
    "userData": "data for other tools",
    "vmsBoard": "what variable signs show comes from the scenario",
    "vmsBoardReference": "what variable signs show comes from the scenario",
    "vmsGroup": "what variable signs show comes from the scenario",
    "visibility": "how far one sees follows from the scene",
}
"""Elements of the standard that are not read, and what that means; what they hold is not read either."""

GROUND = ("CRG", "crossSectionSurface", "elevationGrid", "include")
"""Those without which wheels stand elsewhere than the map says."""


@dataclass
class _Found:
    times: int
    first: Element
    attributes: set[str]


def unread(root: Element) -> Iterator[ScenarioError]:
    """What a map says that is not read: one for each element, with the line where it stands first."""
    found: dict[str, _Found] = {}
    waiting = [root]
    while waiting:
        element = waiting.pop()
        known = READ.get(element.name)
        left = element.attributes() - known if known is not None else {""}
        if left:
            entry = found.setdefault(element.name, _Found(0, element, set()))
            entry.times += 1
            entry.attributes |= left
        if known is not None:
            waiting += reversed(list(element.children()))
    for name, entry in found.items():
        yield entry.first.error(_said(name, entry), _remedy(name))


def ground(root: Element) -> Iterator[ScenarioError]:
    """What a map says of its surface that is not read; quick, for whenever a map is read."""
    for name in GROUND:
        times = list(root.descendants(name))
        if times:
            yield times[0].error(_said(name, _Found(len(times), times[0], {""})), _remedy(name))


def _said(name: str, entry: _Found) -> str:
    often = "once" if entry.times == 1 else f"{entry.times} times"
    if name in READ:
        return f"{', '.join(sorted(entry.attributes))} not read ({often})"
    return f"not read ({often})"


def _remedy(name: str) -> str:
    if name in READ:
        return "what these attributes say plays no part here"
    return BESIDE.get(name, "it is no element of OpenDRIVE 1.4 to 1.8")
