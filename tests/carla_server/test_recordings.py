"""Recordings on disk: what is damaged, too much or not ours."""

import numpy as np
import pytest

from drivesim.carla_server.recordings import Deck, file_info
from drivesim.carla_server.recordings import file as recordings
from drivesim.carla_server.recordings.file import STATE, Folder, Frame
from drivesim.carla_server.wire import Refusal


def frame(moment):
    return Frame(moment, (), (), (), np.zeros(2, dtype=STATE)).pack()


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    file = Folder(tmp_path).new("run", "town")
    with file.open("ab") as opened:
        opened.write(frame(0.05) + frame(0.1) + frame(0.15)[:-20])
    head, frames = Folder(tmp_path).read("run.log")
    assert head.town == "town"
    assert [one.time for one in frames] == [0.05, 0.1]


@pytest.mark.parametrize("damage", [b"", b"no recording", bytes(range(256)), b"\x93\x01\x02\x03"])
def test_what_is_no_recording_is_refused(tmp_path, damage):
    (tmp_path / "run.log").write_bytes(damage)
    with pytest.raises(Refusal, match="no recording"):
        Folder(tmp_path).read("run.log")


def test_frames_that_are_none_are_refused(tmp_path):
    file = Folder(tmp_path).new("run", "town")
    with file.open("ab") as opened:
        opened.write(frame(0.05) + b"\x01")
    with pytest.raises(Refusal, match="damaged"):
        file_info(*Folder(tmp_path).read("run"), everything=True)


def test_a_folder_is_not_filled_by_names(tmp_path):
    folder = Folder(tmp_path)
    for number in range(16):
        folder.new(f"run{number}", "town")
    with pytest.raises(Refusal, match="delete some"):
        folder.new("one more", "town")
    folder.new("run3", "town")


def test_a_recording_ends_when_it_is_as_large_as_one_may_be(tmp_path, monkeypatch):
    from drivesim.carla_server.episode import Episode
    from drivesim.carla_server.maps import Maps
    from drivesim.carla_server.snapshot import STATES_START, snapshot

    monkeypatch.setattr("drivesim.carla_server.recordings.recorder.LARGEST", 1000)
    name, network = Maps().load("residential_street")
    episode, deck = Episode(network, name, 1, 0), Deck(tmp_path)
    file = deck.record("run", episode)
    for _ in range(50):
        episode.step()
        deck.after_step(episode, snapshot(episode, 0.0, episode.delta)[STATES_START:])
    deck.stop_recording()
    assert 300 < file.stat().st_size < 1200
    assert recordings.LARGEST > 1000
