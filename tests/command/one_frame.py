"""Starts a program under a pseudo-terminal, waits until it shows what it should, presses q: `one_frame.py PROGRAM …`.

It fails where the program ends by itself, shows nothing in time, or does not leave. It needs nothing but Python, so that
it also looks at a program that was installed from its wheel.
"""

import os
import pty
import select
import signal
import struct
import sys
import time
from fcntl import ioctl
from termios import TIOCSWINSZ

SHOWN = "Overview"
PATIENCE_S = 30.0


def run(command: list[str], shown: str = SHOWN, keys: str = "q") -> str:
    """Everything that the program wrote. Raises `AssertionError` where it does not show `shown`, or does not leave."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="30")
        os.execvp(command[0], command)
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    written, pressed, until = "", False, time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < until:
            part = _read(terminal)
            if part is None:
                code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
                process = 0
                assert pressed, f"it ended by itself, with {code}: {written[-3000:]}"
                assert code == 0, f"it ended with {code}: {written[-3000:]}"
                return written
            written += part
            if not pressed and shown in written:
                pressed = True
                time.sleep(0.5)
                os.write(terminal, keys.encode())
        raise AssertionError(f"it did not {'leave' if pressed else f'show {shown}'}: {written[-2000:]}")
    finally:
        if process:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.close(terminal)


def _read(terminal: int) -> str | None:
    """What came within a moment; none where the program is gone."""
    if not select.select([terminal], [], [], 0.2)[0]:
        return ""
    try:
        return os.read(terminal, 65_536).decode("utf-8", "replace") or None
    except OSError:
        return None


if __name__ == "__main__":
    run(sys.argv[1:])
    print("One frame was shown, and q left.")
