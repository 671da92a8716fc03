"""Runs a command where the network is the loopback and nothing else, in a namespace that ``unshare --net`` has made.

Every address leads to the loopback: CARLA's traffic manager looks for the one by which its machine is known outside.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS, SIOCADDRT = 0x8914, 0x890B
UP_AND_RUNNING, ROUTE_UP = 0x41, 0x1


def bring_up(name: bytes = b"lo") -> None:
    """As ``ip link set lo up; ip route add default dev lo``, where there may be no ``ip``."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", name, UP_AND_RUNNING))
        device = ctypes.create_string_buffer(name)
        anywhere = struct.pack("H14x", socket.AF_INET)
        route = struct.pack("L16s16s16sH6xLPh6xPLLH6x", 0, anywhere, anywhere, anywhere, ROUTE_UP, 0, 0, 0,
                            ctypes.addressof(device), 0, 0, 0)  # fmt: skip
        fcntl.ioctl(any_socket, SIOCADDRT, route)


if __name__ == "__main__":
    bring_up()
    os.execvp(sys.argv[1], sys.argv[1:])
