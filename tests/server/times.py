"""The instants of the server's tests."""

from datetime import UTC, datetime

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
