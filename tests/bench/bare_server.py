"""The baseline of P10: a bare Starlette route of the same request and answer that commits one row.

Run as `python -m tests.bench.bare_server FILE PORT`.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import apsw
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

SCHEMA = (
    "CREATE TABLE adjustment (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, points INTEGER NOT NULL, reason TEXT)"
)
INSERT = "INSERT INTO adjustment (customer, points, reason) VALUES (?, ?, ?)"


def application(path: str) -> Starlette:
    """One route, one connection, one commit a request."""
    connection = apsw.Connection(path)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute(SCHEMA)

    writer = ThreadPoolExecutor(1)

    def write(row: tuple[str, int, str]) -> int:
        connection.execute(INSERT, row)
        return connection.last_insert_rowid()

    async def adjust(request: Request) -> JSONResponse:
        body = await request.json()
        row = (request.path_params["id"], int(body["pointsDelta"]), str(body["reason"]))
        number = await asyncio.get_running_loop().run_in_executor(writer, write, row)
        answer = {
            "applied": True,
            "appliedPoints": row[1],
            "balance": row[1],
            "lifetimePoints": row[1],
            "transactionId": str(number),
        }
        return JSONResponse(answer)

    return Starlette(routes=[Route("/api/consumers/{id}/loyalty-adjustments", adjust, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[1]), port=int(sys.argv[2]), log_level="error", access_log=False)
