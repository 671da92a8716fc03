"""Every command, one function each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from drivesim import __version__

app = typer.Typer(
    name="drivesim",
    help="Scenario simulator for automated driving: OpenSCENARIO in, labelled camera, lidar and radar data out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

Scenario = Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped name (child_crossing) or a .xosc file.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a scenario parameter; repeatable.")
]
Seed = Annotated[int, typer.Option(help="Scenario seed: behaviour, appearance and noise derive from it.")]
Duration = Annotated[float | None, typer.Option(metavar="S", help="Stop after so many simulated seconds.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"drivesim {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    maps: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Look for maps and catalogues here too (as DRIVESIM_MAPS); repeatable."),
    ] = None,
) -> None:
    if maps:
        listed = [*map(str, maps), *filter(None, [os.environ.get("DRIVESIM_MAPS")])]
        os.environ["DRIVESIM_MAPS"] = os.pathsep.join(listed)


@app.command(epilog="Example: drivesim record child_crossing --set ego_speed=50 --out recordings/fast")
def record(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="A shipped name (child_crossing) or a .xosc file.")
    ] = None,
    rig: Annotated[str, typer.Option(metavar="NAME|FILE", help="Sensor rig: default, nuscenes, kitti or a .yaml.")] = (
        "default"
    ),
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to write; default recordings/SCENARIO.")
    ] = None,
    seed: Seed = 0,
    settings: Settings = None,
    duration: Duration = None,
    dt: Annotated[float, typer.Option(metavar="S", help="Tick of the scenario.")] = 0.05,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", metavar="N", help="Threads; default all cores.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing recording.")] = False,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="RECORDING", help="Make an earlier recording again, bit by bit.")
    ] = None,
    simulator: Annotated[str, typer.Option(metavar="NAME", help="embedded, or carla.")] = "embedded",
    carla: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where the CARLA server is, with --simulator carla.")
    ] = "127.0.0.1:2000",
    quiet: Quiet = False,
) -> None:
    """Simulate a scenario, sense it, label it and write a nuScenes-style dataset."""
    from drivesim.cli.record import record_command

    record_command(
        scenario,
        rig=rig,
        out=out,
        seed=seed,
        settings=settings or [],
        duration=duration,
        dt=dt,
        jobs=jobs,
        overwrite=overwrite,
        source=source,
        quiet=quiet,
        simulator=simulator,
        carla=carla,
    )


@app.command(epilog="Example: drivesim --maps ~/carla/maps serve --map Town01")
def serve(
    port: Annotated[int, typer.Option(min=0, max=65534, help="Of calls; data is on the next. 0: any free.")] = 2000,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    town: Annotated[str, typer.Option("--map", metavar="NAME", help="Map at the start.")] = "residential_street",
    real_time: Annotated[
        bool, typer.Option(help="Synchronous frames come no sooner than the clock, for clients that watch.")
    ] = False,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Answer CARLA clients: the embedded simulator behind CARLA's wire protocol, without a GPU."""
    from drivesim.cli.serve import serve_command

    serve_command(port, host, town, seed, real_time=real_time, quiet=quiet)


@app.command(epilog="Example: drivesim run motorway_cut_in --csv trajectories.csv --events events.csv")
def run(
    scenario: Scenario,
    dt: Annotated[float, typer.Option(metavar="S", help="Step.")] = 0.01,
    seed: Seed = 0,
    settings: Settings = None,
    duration: Duration = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every actor's trajectory.")] = None,
    events: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the storyboard's transitions.")] = None,
    decisions: Annotated[Path | None, typer.Option(metavar="FILE", help="Write why people did what they did.")] = None,
    quiet: Quiet = False,
) -> None:
    """Play a scenario without sensors."""
    from drivesim.cli.run import run_command

    run_command(
        scenario, dt=dt, seed=seed, settings=settings or [], duration=duration, csv=csv, events=events,
        decisions=decisions, quiet=quiet,
    )  # fmt: skip


@app.command(epilog="Example: drivesim check my.xosc my_map.xodr my_rig.yaml")
def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help=".xosc, .xodr, rig .yaml or behaviour tree .xml.")
    ],
    quiet: Quiet = False,
) -> None:
    """Validate scenarios, maps, rigs and behaviour trees: what is wrong, where, how to mend it."""
    from drivesim.cli.check import check_command

    raise typer.Exit(check_command(files, quiet=quiet))


@app.command(epilog="Example: drivesim show child_crossing --out child_crossing.png")
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|MAP|RIG|SHEET",
            help="A shipped name, a .xosc, .xodr or rig file; or of the studio: people, walk, things, vehicles, "
            "district, materials.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Default NAME.png in this folder.")] = None,
    settings: Settings = None,
    seed: Seed = 0,
    duration: Duration = None,
    width: Annotated[int, typer.Option(metavar="PIXELS", min=300, max=12000, help="Width of the picture.")] = 1800,
    quiet: Quiet = False,
) -> None:
    """Draw a map, a scenario with everyone's path over time, what a rig sees, or photograph people,
    vehicles and a district in the studio; list what surfaces are made of."""
    from drivesim.cli.show import show_command

    show_command(name, out=out, settings=settings or [], seed=seed, duration=duration, width=width, quiet=quiet)


@app.command(epilog="Example: drivesim expand my_variations.xosc --csv runs.csv")
def expand(
    distribution: Annotated[str, typer.Argument(metavar="FILE", help="A parameter value distribution, .xosc.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a scenario file per instance.")] = None,
    csv: Annotated[str | None, typer.Option(metavar="FILE", help="Write one row per instance; - for stdout.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of random draws; default the file's own.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=0, help="Stop after so many.")] = None,
    allowed: Annotated[
        bool, typer.Option("--allowed", help="Only those that the scenario's own constraints accept.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """List the concrete instances of a parameter value distribution."""
    from drivesim.cli.expand import expand_command

    expand_command(distribution, out=out, csv=csv, seed=seed, limit=limit, allowed=allowed, quiet=quiet)


@app.command(epilog="Example: drivesim sample child_crossing -n 128 --sampler sobol --out runs.parquet")
def sample(
    scenario: Scenario,
    count: Annotated[
        int | None, typer.Option("-n", metavar="N", min=1, help="How many; default 10, or all where values are listed.")
    ] = None,
    sampler: Annotated[
        str | None, typer.Option(metavar="NAME", help="lhs (default), random, sobol, halton or grid.")
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="A .space.yaml or ParameterValueDistribution, or 'declared': the scenario's bounds. "
            "Default the scenario's own space.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the draws; instance k gets the scenario seed SEED + k.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a .parquet or .csv file; default CSV to stdout.")
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[=A,B]", help="N pairs that differ in this parameter only; same seed.", rich_help_panel="Pairs"
        ),
    ] = None,
    balance: Annotated[
        str | None,
        typer.Option(
            metavar="BY",
            help="Equal numbers by outcome, by what is visible, or by a parameter's values.",
            rich_help_panel="By class",
        ),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Only these classes.", rich_help_panel="By class")
    ] = None,
    confusion: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="More of the classes that this matrix confuses.", rich_help_panel="By class"
        ),
    ] = None,
    near: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Near the failures in this table, with importance weights.",
            rich_help_panel="Near failures",
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=VALUE", help="Only these rows, e.g. collided=true.", rich_help_panel="Near failures"
        ),
    ] = None,
    explore: Annotated[
        float, typer.Option(help="Share that follows the space's own laws.", rich_help_panel="Near failures")
    ] = 0.2,
    least_ess: Annotated[
        float,
        typer.Option(help="Refuse an effective sample size below this share of N.", rich_help_panel="Near failures"),
    ] = 0.1,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Measure what each parameter changes; store a remap that makes it even.",
            rich_help_panel="Calibration",
        ),
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Spread samples evenly in influence, with weights.", rich_help_panel="Calibration"
        ),
    ] = None,
    measure: Annotated[
        str, typer.Option(metavar="NAME", help="Outcome, image, lidar or radar.", rich_help_panel="Calibration")
    ] = "outcome",
    rig: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Whose sensors.", rich_help_panel="Calibration")
    ] = "calibration",
    at: Annotated[
        str | None,
        typer.Option(
            metavar="S,S,...",
            help="When sensors are compared; default four moments in which the target is in sight.",
            rich_help_panel="Calibration",
        ),
    ] = None,
    configurations: Annotated[
        int | None,
        typer.Option(
            min=1, help="Of all other parameters; default as many as chance asks for.", rich_help_panel="Calibration"
        ),
    ] = None,
    positions: Annotated[int, typer.Option(min=4, help="Along each parameter.", rich_help_panel="Calibration")] = 6,
    step: Annotated[
        float | None,
        typer.Option(
            help="Between two compared, as a share of the law; default from position to position.",
            rich_help_panel="Calibration",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("-j", "--jobs", metavar="N", min=1, help="Processes.", rich_help_panel="Calibration")
    ] = 1,
    settings: Settings = None,
    listing: Annotated[bool, typer.Option("--list", help="Show the space: types, units, bounds, laws.")] = False,
    quiet: Quiet = False,
) -> None:
    """Draw instances from a scenario's parameter space: evenly, in pairs, by class, or where it failed."""
    from drivesim.cli.sample import Order, check, sample_command

    order = Order(
        scenario=scenario, space=space, count=count, sampler=sampler, seed=seed, settings=settings or [], pair=pair,
        balance=balance, classes=classes, confusion=confusion, near=near, where=where, explore=explore,
        least_ess=least_ess, calibration=calibration, calibrate=calibrate, quiet=quiet,
    )  # fmt: skip
    check(order)
    if calibrate:
        from drivesim.cli.calibrate import calibrate_command
        from drivesim.cli.common import parse_settings
        from drivesim.studies.space import space_of

        done = calibrate_command(
            scenario, space_of(scenario, space), measure=measure, rig=rig, moments=at, configurations=configurations,
            positions=positions, step=step, seed=seed, jobs=jobs, settings=parse_settings(settings or []), out=out,
            quiet=quiet,
        )  # fmt: skip
        raise typer.Exit(done)
    raise typer.Exit(sample_command(order, out=out, listing=listing))


@app.command(epilog="Example: drivesim search pedestrian_at_night -n 1000 --method subset --out failures.parquet")
def search(
    scenario: Scenario,
    runs: Annotated[int, typer.Option("-n", "--runs", metavar="N", min=1, help="Instances to play, roughly.")] = 1000,
    method: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="cross_entropy, subset or random estimate; cmaes, bayesian, nsga2 and bandit only search; "
            "ast: the likeliest choices of a person.",
        ),
    ] = "cross_entropy",
    below: Annotated[
        float,
        typer.Option(metavar="MARGIN", help="Failure: gap of at most so many m; negative: impact of so many m/s."),
    ] = 0.0,
    by: Annotated[
        str, typer.Option(metavar="NAME", help="What margins measure: gap, ttc, ttb, pet (s) or rss (m).")
    ] = "gap",
    blame: Annotated[
        str, typer.Option(help="anybody, or ego: only what the skilled human of UN R157 would have avoided.")
    ] = "anybody",
    space: Annotated[
        str | None, typer.Option(metavar="FILE", help="As for drivesim sample; default the scenario's own.")
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="NAME", help="Who must not be hit; default the person.")] = None,
    settings: Settings = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the failures, .parquet or .csv, worst first.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Look for instances that fail, and estimate how probable that is, however rare."""
    from drivesim.cli.search import search_command

    raise typer.Exit(
        search_command(
            scenario, space=space, runs=runs, method=method, below=below, by=by, blame=blame, target=target,
            seed=seed, settings=settings or [], out=out, quiet=quiet,
        )
    )  # fmt: skip


@app.command(epilog="Example: drivesim sweep child_crossing -n 1000 --sampler sobol -j 2")
def sweep(
    scenario: Scenario,
    count: Annotated[int, typer.Option("-n", "--instances", metavar="N", help="How many instances.")] = 100,
    samples: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Instances as drivesim sample writes them, instead of -n.")
    ] = None,
    sampler: Annotated[
        str | None, typer.Option(metavar="NAME", help="As of drivesim sample; default its default.")
    ] = None,
    space: Annotated[
        str | None, typer.Option(metavar="FILE", help="A parameter value distribution; default the scenario's own.")
    ] = None,
    rig: Annotated[
        str | None, typer.Option("--record", metavar="RIG", help="Record every instance; default outcomes only.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Results; default sweeps/SCENARIO.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draws; instance k gets the scenario seed SEED + k.")] = 0,
    settings: Settings = None,
    target: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whom times to contact are about; default the person.")
    ] = None,
    dt: Annotated[float, typer.Option(metavar="S", help="Tick of the scenario.")] = 0.05,
    duration: Duration = None,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", metavar="N", help="Processes; default all cores.")] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Play on a Ray cluster: HOST:PORT, ray://HOST:PORT or auto.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Play or record many instances of a scenario into one table; repeat the command after a kill and it goes on."""
    from drivesim.cli.sweep import sweep_command

    raise typer.Exit(
        sweep_command(
            scenario, count=count, samples=samples, space=space, sampler=sampler, rig=rig, out=out, seed=seed,
            settings=settings or [], target=target, dt=dt, duration=duration, jobs=jobs, ray=ray, quiet=quiet,
        )
    )  # fmt: skip


@app.command(epilog="Example: drivesim whatif child_crossing --rig whatif_camera --rig whatif_camera_lidar -n 200 -j 2")
def whatif(
    scenario: Scenario,
    rigs: Annotated[
        list[str], typer.Option("--rig", metavar="NAME|FILE", help="A sensor rig; repeat. The first is the baseline.")
    ],
    count: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--instances",
            metavar="N",
            help="Each is played under every rig; default 100, or all that are listed.",
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option(metavar="FILE", help="A parameter value distribution; default the scenario's own.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Results; default whatif/SCENARIO.")] = None,
    seed: Seed = 0,
    ego: Annotated[str, typer.Option(help="aeb, regulation or reference_driver (UN R157).")] = "aeb",
    settings: Settings = None,
    target: Annotated[str | None, typer.Option(metavar="NAME", help="Who must not be hit; default the person.")] = None,
    detectors: Annotated[
        list[str] | None,
        typer.Option(
            "--detector",
            metavar="KIND=NAME",
            help="A detector of your own: an entry point's name or module:Class; repeat.",
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Sense from the start of every run.")] = False,
    negative: Annotated[
        int, typer.Option(metavar="N", help="Count false brakes in N runs of each scenario without a danger, too.")
    ] = 0,
    jobs: Annotated[int, typer.Option("-j", "--jobs", metavar="N", help="Processes.")] = 1,
    quiet: Quiet = False,
) -> None:
    """Play the same instances under several sensor rigs and report what that would have changed."""
    from drivesim.cli.whatif import whatif_command

    raise typer.Exit(
        whatif_command(
            scenario, rigs=rigs, count=count, space=space, out=out, seed=seed, ego=ego, settings=settings or [],
            target=target, detectors=detectors or [], full=full, negative=negative, jobs=jobs, quiet=quiet,
        )
    )  # fmt: skip


@app.command(
    epilog="Example: drivesim ncap --protocol 2026 --rig whatif_camera_radar --calculator ncap/bin/python -j 2"
)
def ncap(
    rig: Annotated[str, typer.Option(metavar="NAME|FILE", help="The sensor rig.")],
    protocol: Annotated[str, typer.Option(help="2023 or 2026.")] = "2026",
    tests: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="NAME", help="CPNCO, 'CPNA night', CBTA, ...; repeat. Default all."),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="NAME", help="A robustness layer too; repeat. See docs/ncap.md."),
    ] = None,
    standard: Annotated[bool, typer.Option("--standard-range", help="Without the extended range.")] = False,
    calculator: Annotated[
        Path | None, typer.Option(metavar="PYTHON", help="Of the environment that has euroncap-rating-2026: score it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Results; default ncap/RIG_PROTOCOL.")] = None,
    seed: Seed = 0,
    ego: Annotated[str, typer.Option(help="aeb, regulation or reference_driver (UN R157).")] = "aeb",
    jobs: Annotated[int, typer.Option("-j", "--jobs", metavar="N", help="Processes.")] = 1,
    quiet: Quiet = False,
) -> None:
    """Play Euro NCAP's grid of frontal collisions with a rig and colour it."""
    from drivesim.cli.ncap import ncap_command

    raise typer.Exit(
        ncap_command(
            rig=rig, protocol=protocol, tests=tests or [], layers=layers or [], extended=not standard,
            calculator=calculator, out=out, seed=seed, ego=ego, jobs=jobs, quiet=quiet,
        )
    )  # fmt: skip


@app.command(epilog="Example: drivesim bench camera lidar")
def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME…",
            help="camera, lidar, radar, rig (all four: sensors), scene, record, env, carla, whatif, sweep, cluster, "
            "behaviors; default all.",
        ),
    ] = None,
) -> None:
    """The speed table: ratios against peers measured in the same run."""
    from drivesim.cli.bench import bench_command

    bench_command(names or [])


@app.command(epilog="Example: drivesim doctor")
def doctor() -> None:
    """What works on this machine, what is missing, and the command that installs it."""
    from drivesim.cli.doctor import doctor_command

    raise typer.Exit(doctor_command())
