"""`python -m bench [--seconds N] [--postgresql]`: sessions and messages per second beside the bare SQL, in one run."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from bench.bare import BareClient, PostgresqlConnection, SqliteConnection, connect, signed_in
from bench.people import add_staff
from bench.places import database, furnished, title_line
from bench.served import Client, wait_until
from bench.timing import Figures, measure
from tests.server import running

CLIENTS = (1, 8)
COLUMNS = f"{'per s':>9}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}"
HEAD = f"{'':34}{'the product, over HTTP':>33} {'the bare SQL':>34}\n{'':34}{COLUMNS}  {COLUMNS}{'share':>8}"


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and say 0."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--seconds", type=float, default=5.0, help="how long each figure is measured (default 5)")
    asked.add_argument("--postgresql", action="store_true", help="measure on PostgreSQL too")
    asked.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS), help="how many at once (default 1 8)")
    options = asked.parse_args(arguments)
    print(f"{title_line()}; {options.seconds:g} s a figure\n\n{HEAD}")
    with tempfile.TemporaryDirectory(prefix="bankside-bench-") as name:
        for on_postgresql in [False, True] if options.postgresql else [False]:
            folder = Path(name) / ("postgresql" if on_postgresql else "sqlite")
            folder.mkdir()
            kind = "PostgreSQL" if on_postgresql else "SQLite"
            with database(folder, on_postgresql) as url, database(folder / "bare", on_postgresql) as bare_url:
                furnished(folder / "bare", bare_url)
                bench_one(kind, folder, url, bare_url, options.seconds, options.clients)
    print(f"\nload of the machine at the end, 1 minute: {os.getloadavg()[0]:.1f}")
    return 0


def bench_one(name: str, folder: Path, url: str, bare_url: str, seconds: float, clients: Sequence[int]) -> None:
    """Measure on one kind of database, the product and the bare SQL by turns.

    The bare side has a database of its own: the server would find its questions and answer them.
    """
    with running(folder, url, WEB_THREADS=32) as server, ExitStack() as stack:
        looking = stack.enter_context(closing(connect(url)))
        for count in clients:
            served = [stack.enter_context(closing(Client(server.url, who))) for who in add_staff(looking, count)]
            connections = [stack.enter_context(closing(connect(bare_url))) for _ in range(count)]
            bare = [BareClient(connection, *signed_in(connection)) for connection in connections]
            at_once = f"{count} client{'' if count == 1 else 's'}"
            app = measure([client.create_session for client in served], seconds)
            line(f"{name}, create session, {at_once}", app, measure([no_latency(one) for one in bare], seconds))
            app = measure([client.post_message for client in served], seconds)
            behind = wait_until(lambda: nothing_pending(looking))
            both = measure([client.post_message for client in bare], seconds)
            line(f"{name}, post message, {at_once}", app, both)
            answered = len(app.milliseconds) / (app.seconds + behind)
            print(f"{'  ... and answered':34}{answered:9.0f}   (the last reply {behind:.1f} s after the last question)")


def no_latency(client: BareClient) -> Callable[[], None]:
    """Opening a session, all of which is waited for."""

    def act() -> None:
        client.create_session()

    return act


def nothing_pending(connection: SqliteConnection | PostgresqlConnection) -> bool:
    """Whether every question has its reply."""
    return bool(connection.run("SELECT count(*) FROM reply WHERE state IN ('pending', 'running')")[0][0] == 0)


def line(title: str, app: Figures, bare: Figures) -> None:
    """One line of the table."""
    shares = (0.5, 0.95, 0.99)
    own = "".join(f"{app.percentile(share):8.1f}" for share in shares)
    other = "".join(f"{bare.percentile(share):8.2f}" for share in shares)
    share = app.per_second / bare.per_second
    print(f"{title:34}{app.per_second:9.0f}{own} {bare.per_second:10.0f}{other}{share:8.1%}", flush=True)
