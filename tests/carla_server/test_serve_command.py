"""``drivesim serve`` on the command line."""

import socket
import subprocess
import sys

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


def test_a_terminated_server_ends_in_order():
    """As containers are stopped: exit status 0, not that of a killed process."""
    command = [sys.executable, "-c", "from drivesim.cli import main; raise SystemExit(main())", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if "Ctrl-C" in line:
            break
    server.terminate()
    assert server.wait() == 0
