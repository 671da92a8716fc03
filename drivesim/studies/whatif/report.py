"""One self-contained page: the answer first, then what it rests on."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivesim.errors import DrivesimError, RecordingError
from drivesim.studies.statistics import Interval
from drivesim.studies.whatif.compare import Comparison, RigSummary, compare, summarise, verdict
from drivesim.studies.whatif.negative import FalseAlarms
from drivesim.studies.whatif.views import Telling, View, as_html

REPORT = "report.html"

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6472; --page: #ffffff; --line: #d9dee6; --card: #f4f6f9; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #a0a8b6; --page: #14181f; --line: #313947; --card: #1c222c; }
}
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0; }
main { max-width: 1080px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
.answer { font-size: 1.15rem; background: var(--card); border-left: 4px solid #4c78a8; padding: 1rem 1.2rem; }
.soft, figcaption { color: var(--soft); font-size: .92rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { vertical-align: bottom; } .number { text-align: right; }
pre { background: var(--card); padding: .8rem; overflow-x: auto; white-space: pre-wrap; }
.beside { display: flex; gap: .6rem; align-items: flex-start; break-inside: avoid; }
.beside figure { flex: 1 1 0; min-width: 0; } .beside img { width: 100%; display: block; margin-bottom: .3rem; }
.scroll { overflow-x: auto; } figure { margin: 0; break-inside: avoid; }
@media print { :root { --ink: #000; --soft: #444; --page: #fff; --line: #bbb; --card: #f2f2f2; }
  main { max-width: none; padding: 0; } .modebar { display: none; } h2, h3 { break-after: avoid; }
  table { font-size: 8pt; } th, td { padding: .2rem .3rem; } tr { break-inside: avoid; }
  .scroll { overflow: visible; } }
"""


def write_report(
    instances: Sequence[dict[str, Any]], failed: Sequence[dict[str, Any]], plan: dict[str, Any], command: str,
    folder: Path, sights: Sequence[tuple[Telling, Sequence[View]]] = (),
    alarms: Sequence[FalseAlarms] = (),
) -> tuple[Path, list[RigSummary], list[Comparison]]:  # fmt: skip
    """Write ``report.html``; also what it says.

    Args:
        sights: telling instances and what each rig had in view in them.
        alarms: of each rig on the negative set, if that was played.

    Raises:
        DrivesimError: no instance finished, or plotly is not installed.
    """
    if not instances:
        raise DrivesimError("no instance finished, so there is nothing to report", file=folder,
                            remedy="see the failures above")  # fmt: skip
    rigs = [Path(name).stem for name in plan["rigs"]]
    summaries, comparisons = summarise(instances, rigs), compare(instances, rigs)
    page = _page(instances, failed, plan, command, rigs, summaries, comparisons, sights, alarms)
    path = folder / REPORT
    try:
        path.write_text(page)
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=path, remedy="free some space") from error
    return path, summaries, comparisons


def _page(
    instances: Sequence[dict[str, Any]], failed: Sequence[dict[str, Any]], plan: dict[str, Any], command: str,
    rigs: list[str], summaries: list[RigSummary], comparisons: list[Comparison],
    sights: Sequence[tuple[Telling, Sequence[View]]], alarms: Sequence[FalseAlarms],
) -> str:  # fmt: skip
    scenario = Path(plan["scenario"]).stem.replace("_", " ")
    parts = [
        f"<h1>What if: {html.escape(scenario)}, {html.escape(' against '.join(rigs))}</h1>",
        f'<p class="answer">{html.escape(verdict(summaries, comparisons))}</p>',
        *_doubts(instances, plan),
        "<h2>Rigs</h2>", _summary_table(summaries),
        "<h2>Each rig against the first, pair by pair</h2>", _comparison_table(comparisons),
        *_figures(instances, rigs, summaries),
        *_sights(sights, instances),
        _alarms(alarms),
        "<h2>Why collisions were not avoided</h2>", _reasons(instances, rigs),
        "<h2>Failed instances</h2>" + _failures(failed) if failed else "",
        "<h2>Make it again</h2>", f"<pre>{html.escape(command)}</pre>",
        "<p class='soft'>Every number of every instance is in outcomes.parquet beside this page.</p>",
        "<h2>Every parameter</h2>", _parameters(plan),
    ]  # fmt: skip
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>What if: {html.escape(scenario)}</title><link rel='icon' href='data:,'>"
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _doubts(instances: Sequence[dict[str, Any]], plan: dict[str, Any]) -> list[str]:
    """What a reader must know before believing the answer."""
    outcomes = [o for entry in instances for o in entry["outcomes"]]
    notes = []
    if plan["detectors"]["camera"] == "oracle_camera" and any("CAM" in s for s in plan["rig_sources"].values()):
        notes.append(
            "Cameras are judged by <b>oracle_camera</b>, a performance model that reads labels (visible pixels, "
            "contrast, noise). It shows what a camera could do, not what a given network does."
        )
    caveats = sorted({o["caveat"] for o in outcomes if o["caveat"]})
    if caveats:
        notes.append(f"Injury risk (MAIS3+F, Monfort &amp; Mueller 2025) is outside its data: "
                     f"{html.escape('; '.join(caveats[:3]))}. Trust impact speeds more.")  # fmt: skip
    for position, name in enumerate(plan["rigs"]):
        stray = [entry["outcomes"][position] for entry in instances if entry["outcomes"][position]["false_triggers"]]
        if stray:
            spared = sum(not outcome["collided"] for outcome in stray)
            notes.append(f"With <b>{html.escape(Path(name).stem)}</b> the car braked for something else than the "
                         f"target in {len(stray)} of {len(instances)} instances. It hit nobody in {spared} of "
                         "these, some perhaps by luck: that is no merit of the rig.")  # fmt: skip
    if not plan["full"]:
        notes.append("Sensing began shortly before anybody was within reach; first returns from farther away and "
                     "false alarms on the empty approach are not counted (--full counts them).")  # fmt: skip
    different = sum(not entry["same_until_reaction"] for entry in instances)
    notes.append("Worlds were equal bit by bit under all rigs until one of them first reacted in "
                 f"{len(instances) - different} of {len(instances)} instances.")  # fmt: skip
    return [f"<p class='soft'>{note}</p>" for note in notes]


def _figures(instances: Sequence[dict[str, Any]], rigs: list[str], summaries: list[RigSummary]) -> list[str]:
    try:
        from drivesim.studies.whatif import drawing, figures
    except ImportError as error:
        raise DrivesimError("reports need plotly", remedy="pip install 'drivesim[studies]'") from error
    shown = [
        ("Collisions", figures.collisions(summaries), "Bars: share of instances; whiskers: 95 % Wilson interval."),
        ("Impact speed", figures.impact_speeds(instances, rigs), "Higher and further left is better."),
        ("From sight to brake", figures.timelines(instances, rigs), "Zero is the first free straight line from the "
         "first sensor of the rig to the target's middle. Parts of a body may be seen before its middle."),
    ]  # fmt: skip
    names = figures.numeric_parameters(instances)
    if len(names) >= 2:
        title, plane = "Where each rig fails", figures.most_telling(instances, names)
        shown.append((title, figures.failures(instances, rigs, plane), "The two parameters that impact speed depends "
                      "on most. Crosses: collisions, larger when faster; circles: avoided. Point at one to see "
                      "why."))  # fmt: skip
    if names:
        shown.append(("By parameter", figures.by_parameter(instances, rigs), "Share of collisions among the instances "
                      "of each value, or of each third of the range."))  # fmt: skip
    return [
        f"<h2>{title}</h2><figure>{drawing.drawn(figure)}<figcaption>{caption}</figcaption></figure>"
        for title, figure, caption in shown
    ] + [drawing.draws()]


def _alarms(alarms: Sequence[FalseAlarms]) -> str:
    """False brakes by the hour."""
    if not alarms:
        return ""
    places = list(alarms[0].by_scenario)
    rows = [
        [each.rig, *(str(each.by_scenario[place]) for place in places), f"{60 * each.hours:.1f}",
         f"{each.rate.estimate:.0f}", f"{each.rate.low:.0f} to {each.rate.high:.0f}"]
        for each in alarms
    ]  # fmt: skip
    head = ["rig", *(place.replace("_", " ") for place in places), "minutes driven", "per hour", "95 % interval"]
    return "<h2>Brakes where there is nothing to brake for</h2>" + _table(head, rows) + (
        "<p class='soft'>Every run of this set passes one temptation, so hours here are far more tempting than hours on"
        " the road: compare rigs, do not read them as a rate in traffic.</p>"
    )  # fmt: skip


def _sights(sights: Sequence[tuple[Telling, Sequence[View]]], instances: Sequence[dict[str, Any]]) -> list[str]:
    """Side by side at the same instant: what each rig's sensors delivered last."""
    if not sights:
        return []
    parts = [
        "<h2>Three telling instances</h2><p class='soft'>What the sensors had delivered when the first rig braked."
        " Below the camera's picture the ground ahead from above, the car at the left edge: blue lidar points, pink"
        " rings radar detections (bright: moving), crosses what detectors found in the last quarter second (orange"
        " camera, blue lidar, pink radar). Outlines are the truth, which the car does not know: green the target, grey"
        " others.</p>"
    ]  # fmt: skip
    known = {entry["index"]: entry["parameters"] for entry in instances}
    for which, views in sights:
        given = ", ".join(f"{k} = {_rounded(v)}" for k, v in known[which.index].items() if not k.startswith("seed."))
        columns = "".join(
            f"<figure><figcaption>{html.escape(view.rig)}</figcaption>"
            + (as_html(view.camera, "camera") if view.camera is not None else "")
            + as_html(view.above, "from above") + "</figure>"
            for view in views
        )  # fmt: skip
        parts.append(
            f"<h3>Instance {which.index}, {which.time:.2f} s</h3><p>{html.escape(which.why)}</p>"
            f"<p class='soft'>{html.escape(given)}</p><div class='beside'>{columns}</div>" + _firsts(views)
        )
    return parts


_CAUSES = {
    "field": "outside its field of view", "occlusion": "hidden", "signal": "too weak a signal", "weather": "weather",
    "resolution": "too small or not told apart",
}  # fmt: skip


def _firsts(views: Sequence[View]) -> str:
    """When each sensor first measured the target, and what kept it until then."""
    rows = [
        [view.rig, first.channel, f"{first.time:.2f} s" if math.isfinite(first.time) else "not until then",
         "" if first.cause is None else _CAUSES[first.cause],
         ", ".join(f"{_CAUSES[why]} {seconds:.1f} s" for why, seconds in first.waited.items())]
        for view in views for first in view.firsts
    ]  # fmt: skip
    head = ["rig", "sensor", "first measurement of the target", "what kept it until then", "of what was sensed before"]
    return _table(head, rows) if rows else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of numbers are set to the right, of words to the left."""
    kinds = [
        " class='number'" if all(not row[n] or row[n][0] in "+-–0123456789" for row in rows) else ""
        for n in range(len(head))
    ]
    top = "".join(f"<th{kind}>{html.escape(cell)}</th>" for kind, cell in zip(kinds, head, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<div class='scroll'><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"


def _summary_table(summaries: Sequence[RigSummary]) -> str:
    head = ["rig", "instances", "collisions", "95 % interval", "mean impact of collisions, km/h",
            "Euro NCAP points", "mean MAIS3+F risk", "false brakes"]  # fmt: skip
    return _table(head, [
        [s.rig, str(s.instances), f"{s.collisions.estimate:.1%}", f"{s.collisions.low:.1%} to {s.collisions.high:.1%}",
         _number(s.impact_speed, ".1f"), _number(s.points, ".2f"), _number(s.risk, ".3f"), str(s.false_triggers)]
        for s in summaries
    ])  # fmt: skip


def _comparison_table(comparisons: Sequence[Comparison]) -> str:
    head = ["rig", "prevented", "caused", "p exact", "p mid", "p Holm", "impact speed change, km/h", "risk change",
            "paired/unpaired variance", "pairs for 80 % power"]  # fmt: skip
    return _table(head, [
        [c.rig, str(c.prevented), str(c.caused), f"{c.p_exact:.3g}", f"{c.p_mid:.3g}", f"{c.p_holm:.3g}",
         f"{c.impact_speed.estimate:+.2f} ({c.impact_speed.low:+.2f} to {c.impact_speed.high:+.2f})",
         f"{c.risk.estimate:+.4f}", _ratio(c.variance_ratio), str(c.pairs_needed or "–")]
        for c in comparisons
    ])  # fmt: skip


def _ratio(found: Interval) -> str:
    if math.isnan(found.estimate):
        return "–"
    return f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})"


def _reasons(instances: Sequence[dict[str, Any]], rigs: Sequence[str]) -> str:
    from drivesim.studies.whatif.figures import why

    rows = []
    for position, rig in enumerate(rigs):
        counted = Counter(
            _in_words(why(entry["outcomes"][position]))
            for entry in instances
            if entry["outcomes"][position]["collided"]
        )
        rows += [[rig, reason, str(number)] for reason, number in counted.most_common()]
    return _table(["rig", "why", "instances"], rows or [["–", "no collision", "0"]])


def _in_words(reason: str) -> str:
    return "braked, but too late" if reason.startswith("braked") else reason


def _failures(failed: Sequence[dict[str, Any]]) -> str:
    return _table(["instance", "what went wrong", "parameters"],
                  [[str(f["index"]), f["error"], ", ".join(f"{k}={v}" for k, v in f["parameters"].items())]
                   for f in failed])  # fmt: skip


def _parameters(plan: dict[str, Any]) -> str:
    rows = [["scenario", plan["scenario"]], ["seed", str(plan["seed"])], ["ego", plan["ego"]],
            ["drivesim", plan["version"]], ["scenario sha256", plan["scenario_sha256"]]]  # fmt: skip
    rows += [[f"detector: {kind}", name] for kind, name in plan["detectors"].items()]
    rows += [[f"ego: {name}", str(value)] for name, value in plan["ego_parameters"].items()]
    rows += [[f"fixed: {name}", value] for name, value in plan["settings"]]
    sources = "".join(f"<h3>{html.escape(n)}</h3><pre>{html.escape(s)}</pre>" for n, s in plan["rig_sources"].items())
    return _table(["name", "value"], rows) + sources


def _rounded(value: str) -> str:
    """A parameter to six digits if it is a number; all of them are in the table beside the page."""
    try:
        return f"{float(value):.6g}"
    except ValueError:
        return value


def _number(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else "–"
