"""Taking a question back: one token, handed along with a request or kept by whoever carries out a job."""

import threading
from collections.abc import Callable


class CancelToken:
    """Takes a question back, from any thread. A query that runs is interrupted; an answer that comes is dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self.cancelled = False

    def cancel(self) -> None:
        """Take the question back."""
        with self._lock:
            self.cancelled = True
            for stop in self._stops:
                stop()

    def on_cancel(self, stop: Callable[[], None]) -> Callable[[], None]:
        """Call `stop` on cancelling (at once where it is cancelled already); answers what forgets it again."""
        with self._lock:
            self._stops.append(stop)
            if self.cancelled:
                stop()
        return lambda: self._forget(stop)

    def _forget(self, stop: Callable[[], None]) -> None:
        with self._lock:
            self._stops.remove(stop)
