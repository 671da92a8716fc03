"""``drivesim serve`` on the command line."""

import contextlib
import re
import socket
import subprocess
import sys
import time

import msgpack
import pytest

from drivesim.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--map", "Town99"], "no map 'Town99'"),
        (["--maps", "/nowhere", "serve"], "no such folder"),
    ],
)
def test_bad_input_is_one_message(arguments, said, capsys, monkeypatch):
    monkeypatch.setenv("DRIVESIM_MAPS", "")
    monkeypatch.setattr("sys.argv", ["drivesim", *arguments])
    with pytest.raises(SystemExit) as left:
        raise SystemExit(main())
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_a_taken_port_is_said(capsys, monkeypatch):
    monkeypatch.setenv("DRIVESIM_MAPS", "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("sys.argv", ["drivesim", "serve", "--port", str(port)])
        with pytest.raises(SystemExit) as left:
            raise SystemExit(main())
    assert left.value.code == 2
    assert "hoose another port" in capsys.readouterr().err


@pytest.mark.parametrize("connected", [False, True])
def test_a_terminated_server_ends_in_order(connected):
    """As containers are stopped: exit status 0, not that of a killed process, and nothing to say."""
    command = [sys.executable, "-c", "from drivesim.cli import main; raise SystemExit(main())", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    while "Ctrl-C" not in said:
        said += server.stdout.readline()
    port = int(re.search(r"127\.0\.0\.1:(\d+)", said).group(1))
    with socket.create_connection(("127.0.0.1", port)) if connected else contextlib.nullcontext() as client:
        if connected:
            client.sendall(msgpack.packb([0, 1, "version", [[False]]]))
            assert client.recv(100)
        server.terminate()
        assert server.communicate()[1] == ""
    assert server.returncode == 0


def test_in_real_time_synchronous_frames_wait_for_the_clock():
    command = [sys.executable, "-c", "from drivesim.cli import main; raise SystemExit(main())", "serve", "--port", "0"]
    server = subprocess.Popen([*command, "--real-time"], stdout=subprocess.PIPE, text=True)
    try:
        said = ""
        while "Ctrl-C" not in said:
            said += server.stdout.readline()
        with socket.create_connection(("127.0.0.1", int(re.search(r"127\.0\.0\.1:(\d+)", said).group(1)))) as client:
            settings = [True, False, [True, 0.05], True, 0.01, 10, 0.0, True, 3000.0, 2000.0, True]
            calls = [["set_episode_settings", settings], *[["tick_cue"]] * 11]
            answers = msgpack.Unpacker()
            began = 0.0
            for number, (name, *arguments) in enumerate(calls):
                began = began or (time.monotonic() if number else 0.0)
                client.sendall(msgpack.packb([0, number, name, [[False], *arguments]]))
                while (answer := next(answers, None)) is None:
                    answers.feed(client.recv(4096))
                assert answer[2] is None
            assert time.monotonic() - began >= 10 * 0.05 - 0.01
    finally:
        server.terminate()
        server.wait()
