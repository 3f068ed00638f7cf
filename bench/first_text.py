"""`python -m bench first-text`: from sending a question to its first text and to the finished reply, as an open page
shows them; beside the same answer made without server, page and stream, in the same run."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from flask import Flask

from bench.bare import BareClient, connect, signed_in
from bench.direct import DirectAsker
from bench.page import Page, Shown
from bench.people import Person, add_staff, sign_in_all
from bench.places import database, furnished, title_line
from bench.served import QUESTION
from bench.timing import Figures, measure
from bench.wire import Wire
from tests.server import running

WARM = 3  # questions of each person that do not count
SIGHTS = (
    ("stored", "the post is answered"),
    ("first_step", "first step"),
    ("first_text", "first text"),
    ("done", "done"),
)
HEAD = f"{'':44}{'asked':>7}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'to direct':>11}"


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and say 0."""
    asked = argparse.ArgumentParser(prog="python -m bench first-text", description=__doc__)
    asked.add_argument("--seconds", type=float, default=12.0, help="how long each figure is measured (default 12)")
    asked.add_argument("--people", type=int, nargs="+", default=[1, 8], help="how many at once (default 1 8)")
    asked.add_argument("--pause", type=float, default=2.0, help="between an answer and the next question (default 2 s)")
    asked.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    options = asked.parse_args(arguments)
    print(f"{title_line()}; {options.seconds:g} s a figure\n")
    with tempfile.TemporaryDirectory(prefix="bankside-bench-") as name, ExitStack() as stack:
        folder, apart = Path(name), Path(name) / "direct"
        apart.mkdir()
        direct_url = stack.enter_context(database(apart, options.postgresql))
        app = furnished(apart, direct_url)
        app.extensions["bankside.model"].warm_up()
        url = stack.enter_context(database(folder, options.postgresql))
        server = stack.enter_context(running(folder, url, WEB_THREADS=None))
        with closing(connect(url)) as connection:
            usernames = add_staff(connection, max(options.people))
        people = asyncio.run(sign_in_all(server.url, usernames))
        print(HEAD)
        for count in options.people:
            least = direct(app, direct_url, count, options.seconds)
            floor = asyncio.run(round_trips(server.url, options.seconds / 4))
            for pause in [0.0] if count == 1 else [0.0, options.pause]:
                tell(title(count, pause), asyncio.run(watch(server.url, people[:count], options.seconds, pause)), least)
            line("  the same answer and SQL, no server or page", least, None)
            line("  GET /health/live, one connection", floor, None)
    print(f"\nload of the machine at the end, 1 minute: {os.getloadavg()[0]:.1f}")
    return 0


def title(count: int, pause: float) -> str:
    """What a row is about."""
    who = f"{count} {'person' if count == 1 else 'people'}"
    return f"{who}, {f'{pause:g} s between answer and question' if pause else 'one question after the other'}"


async def watch(url: str, people: Sequence[Person], seconds: float, pause: float) -> list[Shown]:
    """What their pages showed while everybody asked for so long."""
    wire = Wire(url)
    pages = [Page(url, person, await person.open_session(wire)) for person in people]
    wire.close()
    for page in pages:
        await page.open()

    async def go_on(page: Page, number: int) -> list[Shown]:
        for _ in range(WARM):
            await page.ask(QUESTION)
        await asyncio.sleep(pause * number / len(pages))  # people do not ask in step
        end, seen = time.perf_counter() + seconds, []
        while time.perf_counter() < end:
            seen.append(await page.ask(QUESTION))
            await asyncio.sleep(pause)
        return seen

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(go_on(page, number)) for number, page in enumerate(pages)]
        return [shown for task in tasks for shown in task.result()]
    finally:
        for page in pages:
            await page.close()


async def round_trips(url: str, seconds: float) -> Figures:
    """The least HTTP costs: the smallest answer the server gives, over one connection."""
    wire, took = Wire(url), []
    with contextlib.closing(wire):
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            sent = time.perf_counter()
            await wire.get("/health/live")
            took.append((time.perf_counter() - sent) * 1000)
        return Figures(took, time.perf_counter() - began)


def direct(app: Flask, url: str, count: int, seconds: float) -> Figures:
    """The same answer made in this process, on as many threads, one question after the other."""
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(connect(url))) for _ in range(count)]
        staff_id, token_hash = signed_in(connections[0])
        bare = [BareClient(connection, staff_id, token_hash) for connection in connections]
        return measure([DirectAsker(app, client).ask for client in bare], seconds)


def tell(title: str, shown: Sequence[Shown], least: Figures) -> None:
    """The rows of one measurement."""
    print(title)
    for name, words in SIGHTS:
        figures = Figures([getattr(one, name) for one in shown], 1.0)
        line(f"  {words}", figures, least if name in ("first_text", "done") else None)


def line(title: str, figures: Figures, least: Figures | None) -> None:
    """One row; `least` is what its median is compared with."""
    cells = "".join(f"{figures.percentile(share):9.1f}" for share in (0.5, 0.95, 0.99))
    ratio = f"{figures.percentile(0.5) / least.percentile(0.5):10.1f}x" if least else ""
    print(f"{title:44}{len(figures.milliseconds):7}{cells}{ratio}", flush=True)
