"""A server that is gone: what is shown stays, and the top line says as of when."""

from contextlib import AsyncExitStack
from pathlib import Path

from console.app import StagedoorApp
from core.client.connect import connect
from tests.console.conftest import running, screen_text, until
from tests.server.running import new_world, serving


async def test_when_the_server_is_gone_the_top_line_says_as_of_when_and_the_page_stays(tmp_path: Path) -> None:
    world = new_world(tmp_path / "club.db")
    async with AsyncExitStack() as stack:
        stack.callback(world.close)
        with serving(world) as address:
            pilot = await stack.enter_async_context(
                running(app := StagedoorApp(lambda: connect(address, world.secret)))
            )
            await until(pilot, lambda: "Points a day" in screen_text(app))
            assert "no answer" not in screen_text(app)
        await until(pilot, lambda: "no answer, as of " in screen_text(app), seconds=30)
        assert "Points a day" in screen_text(app), "what was read stays"
