"""``drivesim record``: the main job, with a progress bar and a short summary."""

from __future__ import annotations

import time
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from drivesim.cli.common import parse_settings, use_threads
from drivesim.cli.terminal import terminal
from drivesim.errors import ScenarioError
from drivesim.types import Frame


def record_command(
    scenario: str | None,
    *,
    rig: str,
    out: Path | None,
    seed: int,
    settings: list[str],
    duration: float | None,
    dt: float,
    jobs: int | None,
    overwrite: bool,
    source: Path | None,
    quiet: bool,
    simulator: str,
    carla: str,
) -> None:
    from drivesim.recording import RunManifest, Summary
    from drivesim.recording.preview import SHEET, VIDEO
    from drivesim.simulation import record

    parameters = parse_settings(settings)
    if source is not None:
        manifest = RunManifest.read(source)
        scenario, rig, seed = manifest.scenario, manifest.rig, manifest.seed
        parameters, dt, duration = dict(manifest.parameters), manifest.dt, manifest.duration
        simulator = manifest.simulator
    if scenario is None:
        raise ScenarioError("nothing to record", element="SCENARIO", remedy="name a scenario, or use --from RECORDING")
    use_threads(jobs)
    folder = out or Path("recordings") / Path(scenario).stem
    console = terminal()
    started = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[clock]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=quiet) as bar:
        task = bar.add_task(f"{Path(scenario).stem}: building the world", total=None, clock="")

        def show(frame: Frame, total: float | None) -> None:
            seconds = frame.time_ns * 1e-9
            clock = f"{seconds:.1f} s simulated"
            bar.update(task, description=Path(scenario).stem, total=total, completed=seconds, clock=clock)

        summary: Summary = record(
            scenario, rig, folder, parameters=parameters, seed=seed, dt=dt, duration=duration, overwrite=overwrite,
            progress=show, simulator=f"carla:{carla}" if simulator == "carla" else simulator,
        )  # fmt: skip
    if quiet:
        return
    wall = time.perf_counter() - started
    sensors = ", ".join(f"{channel} {count}" for channel, count in summary.counts.items())
    console.print(
        f"[bold]{summary.duration:.1f} s[/] simulated in {wall:.1f} s ({summary.duration / wall:.2f} × real time)"
    )
    console.print(f"{summary.frames} frames, {summary.samples} annotated samples, {summary.bytes / 1e6:.0f} MB")
    console.print(f"measurements: {sensors}")
    for hit in summary.collisions:
        console.print(
            f"[red]collision[/] at {hit.time:.2f} s: {hit.first} and {hit.second}, {hit.closing_speed * 3.6:.0f} km/h"
        )
    if not summary.collisions:
        console.print("no collision")
    console.print(
        f"look at [bold]{folder / SHEET}[/] and {folder / VIDEO}; nuScenes tables are in {folder}/v1.0-drivesim"
    )
