"""A shell of one's own for faults that a person meets at the command line."""

from tests.command.conftest import shell as shell
