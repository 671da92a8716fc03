"""Train the camera detector on the pictures of ``frames.py`` and write it as ONNX.

It needs a processor and an hour, no graphics card. Every few hundred steps the state is kept beside OUT, and the same
command goes on from there after any end.

Run: ``python train.py FRAMES OUT.onnx [--steps N]``. Needs ``drivesim[studies,torch]`` and the package ``onnx``.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from network import Network, Scored, loss_of, targets
from numpy.typing import NDArray
from torch import Tensor, nn

from drivesim.ego.rgb_camera import FOCAL, KINDS, STRIDE, Seen, seen_in

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
HEIGHT, WIDTH, BATCH = 160, 192, 8
"""Of the parts of pictures that are learned from, px, and how many at once."""
PEAK, WARM, COOL = 2e-3, 200, 0.7
"""Learning rate, steps until it is reached, and share of the steps in which it falls to nothing."""
KEEP = 500
"""Steps between states on disk."""
FAR = (10.0, 20.0, 30.0, 45.0)
"""Upper ends of distances that are counted together, m."""


class Picture(NamedTuple):
    """As :class:`frames.Shot` has it, and the odds with which each object is looked at."""

    rgb: U8
    objects: F32
    odds: NDArray[np.float64]


def load(folder: Path) -> list[Picture]:
    """All pictures of a folder that ``frames.py`` wrote."""
    found = []
    for file in sorted(folder.glob("*.npz")):
        stored = np.load(file)
        for number in range(len(stored.files) // 2):
            picture = cv2.imdecode(stored[f"image{number}"], cv2.IMREAD_COLOR)
            objects = stored[f"objects{number}"]
            found.append(Picture(np.ascontiguousarray(picture[:, :, ::-1]), objects, _odds(objects)))
    return found


def _odds(objects: F32) -> NDArray[np.float64]:
    """People four times as often as vehicles, what is small or mostly hidden more often than what is plain to see."""
    odds = np.where(objects[:, 0] < 2, 4.0, 1.0) / np.sqrt(np.maximum(objects[:, 9], 60.0)).astype(np.float64)
    return np.asarray(odds / odds.sum()) if len(odds) else odds


def part_of(picture: Picture, rng: np.random.Generator) -> tuple[U8, F32, float]:
    """A part (HEIGHT, WIDTH, 3), its objects, and how much it was enlarged."""
    scale = float(np.exp(rng.uniform(np.log(0.75), np.log(1.35)))) if rng.random() < 0.6 else 1.0
    objects = picture.objects.copy()
    objects[:, [1, 2, 3, 4, 6, 7, 8]] *= scale
    height, width = (scale * side for side in picture.rgb.shape[:2])
    middle = rng.uniform(0.0, width)
    if len(objects) and rng.random() < 0.75:
        one = objects[rng.choice(len(objects), p=picture.odds)]
        middle = (one[1] + one[3]) / 2 + rng.uniform(-0.45, 0.45) * WIDTH
    first = round(min(max(middle - WIDTH / 2, 0.0), width - WIDTH))
    above = round(rng.uniform(min(height - HEIGHT, 0.0), max(height - HEIGHT, 0.0)))
    # Pixel (i, j) of the part is the picture at ((i + 1/2) + first) / scale - 1/2 and so on; black beyond its rim.
    shift = np.array([[scale, 0.0, 0.5 * (scale - 1.0) - first], [0.0, scale, 0.5 * (scale - 1.0) - above]])
    part = cv2.warpAffine(picture.rgb, shift, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    objects[:, [1, 3, 6, 7]] -= first
    objects[:, [2, 4, 8]] -= above
    # What is cut off has its middle in the middle of what is left of it.
    objects[:, [1, 3]] = np.clip(objects[:, [1, 3]], 0, WIDTH)
    objects[:, [2, 4]] = np.clip(objects[:, [2, 4]], 0, HEIGHT)
    if rng.random() < 0.5:
        part = part[:, ::-1]
        objects[:, [1, 3, 6, 7]] = WIDTH - objects[:, [3, 1, 7, 6]]
    return np.ascontiguousarray(part), objects[objects[:, 3] > objects[:, 1] + 2.0], scale


def batch_of(pictures: Sequence[Picture], rng: np.random.Generator) -> tuple[Tensor, ...]:
    """(B, 3, H, W) parts and what is to be said of them."""
    made = []
    for index in rng.integers(len(pictures), size=BATCH):
        part, objects, scale = part_of(pictures[index], rng)
        light = np.linspace(0.0, 1.0, 256)[:, None]
        if rng.random() < 0.8:
            light = light ** np.exp(rng.normal(0.0, 0.2)) * rng.normal(1.0, 0.12, 3)
        values = cv2.LUT(part, np.broadcast_to(light, (256, 3)).astype(np.float32)[None])
        if rng.random() < 0.4:
            values += rng.standard_normal(values.shape, np.float32) * np.float32(rng.uniform(0.0, 0.03))
        answers = targets(objects, HEIGHT // STRIDE, WIDTH // STRIDE, scale)
        made.append((np.clip(values, 0.0, 1.0).transpose(2, 0, 1), *answers))
    return tuple(torch.from_numpy(np.ascontiguousarray(np.stack(each))) for each in zip(*made, strict=True))


def share(step: int, steps: int) -> float:
    """Of the learning rate's peak: up, level, and down to nothing."""
    return min(1.0, (step + 1) / WARM, max((steps - step) / (COOL * steps), 0.0))


def report(network: nn.Module, pictures: Sequence[Picture], least: float = 0.35) -> str:
    """Recall of people by distance, false people a picture, and errors of depth, on pictures held back."""
    seen, found, false, misses = np.zeros(len(FAR)), np.zeros(len(FAR)), 0, []
    network.eval()
    for picture in pictures:
        given = torch.from_numpy(picture.rgb.astype(np.float32).transpose(2, 0, 1)[None] / 255.0)
        with torch.no_grad():
            answer = Scored(network)(given)[0].numpy()
        people = [each for each in seen_in(answer, (least,) * len(KINDS), 1.0, FOCAL) if each.kind != "vehicle"]
        false += sum(not any(_covers(one, each, 6.0) for one in picture.objects if one[0] < 2) for each in people)
        for one in picture.objects:
            group = int(np.searchsorted(FAR, one[5]))
            if one[0] < 2 and group < len(FAR) and one[9] >= 40:
                seen[group] += 1
                hit = next((each for each in people if _covers(one, each, 2.0)), None)
                if hit is not None:
                    found[group] += 1
                    misses.append(np.log(hit.depth / one[5]))
    shares = ", ".join(f"< {far:.0f} m {f / max(n, 1):.3f}" for far, f, n in zip(FAR, found, seen, strict=True))
    depth = f"depth {np.mean(misses):+.3f} ± {np.std(misses):.3f}" if misses else ""
    rate = false / len(pictures)
    return f"recall {found.sum() / max(seen.sum(), 1):.3f} ({shares}), {rate:.2f} false a picture, {depth}"


def _covers(one: F32, each: Seen, margin: float) -> bool:
    """Whether the middle of a finding is on an object's visible box, up to ``margin`` px."""
    x = (each.box[0] + each.box[2]) / 2
    inside = one[1] - margin <= x <= one[3] + margin and abs(each.box[1] - one[2]) < 8.0 + 0.4 * (one[4] - one[2])
    return bool(inside)


def export(network: nn.Module, out: Path) -> None:
    """Write a network for pictures of any size."""
    axes = {"rgb": {2: "height", 3: "width"}, "found": {2: "rows", 3: "columns"}}
    torch.onnx.export(
        Scored(copy.deepcopy(network)).eval(), (torch.zeros(1, 3, 208, 640),), str(out), input_names=["rgb"],
        output_names=["found"], dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip


def train(folder: Path, out: Path, steps: int, seed: int) -> None:
    torch.manual_seed(seed)
    training, held_back = load(folder / "training"), load(folder / "held_back")
    print(f"{len(training)} pictures, {len(held_back)} held back", flush=True)
    network = Network().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=1e-3)
    kept, step, smooth = out.with_suffix(".pt"), 0, 0.0
    parts: dict[str, Any] = {"network": network, "optimiser": optimiser}
    if kept.exists():
        state = torch.load(kept)
        step = state["step"]
        for name, part in parts.items():
            part.load_state_dict(state[name])
    began = time.process_time()
    while step < steps:
        for group in optimiser.param_groups:
            group["lr"] = PEAK * share(step, steps)
        rgb, heat, told, counts = batch_of(training, np.random.default_rng((seed, step)))
        network.train()
        with torch.autocast("cpu", torch.bfloat16):
            answer = network(rgb.contiguous(memory_format=torch.channels_last))
        loss = loss_of(answer.float(), heat, told, counts)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        smooth += (loss.item() - smooth) * (1.0 if smooth == 0.0 else 0.02)
        step += 1
        if step % 100 == 0:
            print(f"step {step}, {time.process_time() - began:.0f} s, loss {smooth:.3f}", flush=True)
        if step % KEEP == 0 or step == steps:
            waiting = kept.with_suffix(".new")
            torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, waiting)
            waiting.replace(kept)
            print(report(network, held_back[:: 1 if step == steps else 3]), flush=True)
            export(network, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=54_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.frames, arguments.out, arguments.steps, arguments.seed)


if __name__ == "__main__":
    main()
