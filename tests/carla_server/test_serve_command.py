"""``drivesim serve`` on the command line."""

import socket

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
