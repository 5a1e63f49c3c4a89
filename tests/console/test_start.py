"""What the start imports: the first frame the toolkit only, the first screen no more than it shows."""

import subprocess
import sys
from pathlib import Path

from core.client.local import create

FIRST_FRAME = """
import sys
import console.command, console.commands.shell, console.app
heavy = ("pydantic", "httpx", "apsw", "keyring", "importlib.metadata")
print(sorted(name for name in sys.modules if name in heavy or name.startswith("core.")))
"""

OPENING = """
import sys
from pathlib import Path
from console.session import Session
from core.client.local import open_program
from core.contract import program
client = open_program(Path(sys.argv[1]))
today = Session.begin(client).today()
client.call(program.OVERVIEW, program.Period(from_day=today, to_day=today))
later = ("httpx", "keyring", "starlette", "core.contract.administration", "core.contract.customers",
         "core.services.catalogue", "core.services.runner")
print(sorted(set(later) & set(sys.modules)))
client.close()
"""


def _printed(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_first_frame_imports_neither_the_contract_nor_store_nor_network() -> None:
    assert _printed(FIRST_FRAME) == "[]"


def test_the_overview_is_read_without_importing_the_whole_catalogue(tmp_path: Path) -> None:
    file = tmp_path / "club.db"
    create(file, "Encore Club", "EUR", "Europe/Berlin").close()
    assert _printed(OPENING, str(file)) == "[]"
