"""Stands in for `ansible-playbook`: hands its arguments, environment, folder and terminal to the run's keeper, ends as it says.

Where no keeper listens it becomes the stock command. It starts once a run, so it imports next to nothing.
"""

import _socket
import marshal
import os
import select
import sys


def main() -> None:
    """Ask the keeper to play; never returns."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(os.environ["TRUNKLINE_KEEPER"])
    except (KeyError, OSError):
        _stock()
    order = marshal.dumps((["ansible-playbook", *sys.argv[1:]], dict(os.environ), os.getcwd()))
    terminal = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    connection.sendmsg(
        [len(order).to_bytes(4, "little")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, terminal)]
    )
    while order:
        order = order[connection.send(order) :]
    looks = select.poll()
    looks.register(connection.fileno(), select.POLLIN)
    if os.isatty(0):
        # Told without being asked for: the terminal's other end, ansible-runner, is gone.
        looks.register(0, 0)
    for number, _event in looks.poll():
        if number == 0:
            os._exit(129)
    status = connection.recv(1)
    os._exit(status[0] if status else 251)


def _stock() -> None:
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    os.execv(program, [program, *sys.argv[1:]])  # noqa: S606 — the arguments are ansible-runner's


main()
