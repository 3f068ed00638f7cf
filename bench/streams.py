"""`python -m bench streams`: how many open pages one process holds, what each costs, and how fast questions are taken
meanwhile; with nothing said to the pages, and with 1 KB a second said to each."""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from bench.bare import connect
from bench.holder import Heard, Holder
from bench.page import Page, Shown
from bench.people import Person, add_staff, sign_in_all
from bench.places import database, title_line
from bench.served import QUESTION
from bench.servers import SERVERS, Cost, is_installed, serving, serving_process
from bench.speech import Speech
from bench.timing import Figures
from bench.wire import Wire
from tests.server import Server
from webapp.work.streams import MOST_PER_PERSON

ASKERS = 4
A_SECOND = 5.0  # questions, of all askers
BYTES = 1000  # said to each page in a second
SPARE_THREADS = 56  # beside one for each stream; 1,056 in all is what the product has unless told otherwise
SETTLE_SECONDS = 1.0
STOP_SECONDS = 40
OPEN_FILES = 16_384
HEAD = (
    f"{'streams':>7}{'told each':>12}{'threads':>9}{'RSS MB':>8}{'PSS MB':>8}{'kB each':>9}{'CPU':>6}"
    f"{'asked':>7}{'post p50':>10}{'p95 ms':>8}{'done p50':>10}{'p95 ms':>8}{'told p50':>10}{'p95 ms':>8}"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What was measured while so many pages were open and each was told so many bytes a second."""

    streams: int
    told: int
    cost: Cost
    cpu: float  # share of one core
    shown: Sequence[Shown]
    heard: Heard


class Measuring:
    """One server, some people who ask all the time, and a growing number of pages that listen."""

    def __init__(self, server: Server, holder: Holder, seconds: float, times: float) -> None:
        self._server, self._holder, self._seconds, self._times = server, holder, seconds, times
        self._pid = serving_process(server)
        self._pages: list[Page] = []
        self._chats: list[str] = []

    async def begin(self, usernames: Sequence[str]) -> None:
        """Let these people sign in and open a page each."""
        for person in await sign_in_all(self._server.url, usernames):
            wire = Wire(self._server.url)
            page = Page(self._server.url, person, await person.open_session(wire))
            wire.close()
            await page.open()
            await page.ask(QUESTION)
            self._pages.append(page)

    async def end(self) -> None:
        """Close their pages."""
        for page in self._pages:
            await page.close()

    async def open_more(self, people: Sequence[Person], count: int) -> Heard:
        """Open pages of these people until there are so many."""
        wire, wanted = Wire(self._server.url), []
        for number in range(len(self._chats), count):
            person = people[number // MOST_PER_PERSON]
            chat_id = await person.open_session(wire)
            self._chats.append(chat_id)
            wanted.append((f"/chat/{chat_id}/events", person.headers["Cookie"]))
        wire.close()
        return await asyncio.to_thread(self._holder.open, wanted)

    async def stage(self, spoken: bool) -> Stage:
        """Measure for a while."""
        size, times = int(BYTES / self._times), self._times
        speech = Speech(self._chats, size, times) if spoken else Speech()
        speech.ask_for(self._server.folder)
        await asyncio.sleep(SETTLE_SECONDS)
        await asyncio.to_thread(self._holder.heard)
        before, began = Cost.of(self._pid), time.monotonic()
        asking = [self._ask_on(page, number) for number, page in enumerate(self._pages)]
        shown = [one for some in await asyncio.gather(*asking) for one in some]
        after, took = Cost.of(self._pid), time.monotonic() - began
        heard = await asyncio.to_thread(self._holder.heard)
        return Stage(len(self._chats), BYTES * spoken, after, (after.cpu - before.cpu) / took, shown, heard)

    async def _ask_on(self, page: Page, number: int) -> list[Shown]:
        """Ask at moments of one's own, evenly; a question that is answered late delays the next."""
        began, shown, pause = time.monotonic(), [], ASKERS / A_SECOND
        for count in range(int(self._seconds / pause)):
            due = began + (count + number / ASKERS) * pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            shown.append(await page.ask(QUESTION))
        return shown


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and say 0; 1 if the server is not installed or does not hold what is wanted."""
    asked = argparse.ArgumentParser(prog="python -m bench streams", description=__doc__)
    asked.add_argument(
        "--server", choices=SERVERS, default=SERVERS[0], help="default gthread, as the product starts it"
    )
    asked.add_argument("--streams", type=int, nargs="+", default=[100, 500, 1000], help="default 100 500 1000")
    asked.add_argument("--seconds", type=float, default=15.0, help="how long each line is measured (default 15)")
    asked.add_argument("--times", type=float, default=1.0, help="how often a second a page is told (default 1)")
    asked.add_argument("--threads", type=int, help=f"default: one for each stream and {SPARE_THREADS} more")
    asked.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    options = asked.parse_args(arguments)
    if not is_installed(options.server):
        print(f"{options.server} is not installed here: pip install {options.server}")
        return 1
    _may_open_many_files()
    most = max(options.streams)
    threads = options.threads or most + SPARE_THREADS
    with tempfile.TemporaryDirectory(prefix="bankside-bench-") as name, ExitStack() as stack:
        url = stack.enter_context(database(Path(name), options.postgresql))
        server = stack.enter_context(serving(options.server, Path(name), url, threads))
        holder = stack.enter_context(Holder(server.url))
        with closing(connect(url)) as connection:
            names = add_staff(connection, ASKERS + ceil(most / MOST_PER_PERSON))
        print(
            f"{title_line()}\n{options.server}, one process, {threads} threads; {ASKERS} people ask {A_SECOND:g} ",
            end="",
        )
        print(f"questions a second in all; {options.seconds:g} s a line\n\n{HEAD}")
        measuring = Measuring(server, holder, options.seconds, options.times)
        held_all = asyncio.run(_measure(measuring, server.url, names, options.streams))
        print(f"\n{_stop(server)}")
    print(f"load of the machine at the end, 1 minute: {os.getloadavg()[0]:.1f}")
    return 0 if held_all else 1


async def _measure(measuring: Measuring, url: str, names: Sequence[str], counts: Sequence[int]) -> bool:
    await measuring.begin(names[:ASKERS])
    try:
        empty = await measuring.stage(spoken=False)
        tell(empty, empty)
        people = await sign_in_all(url, names[ASKERS:])
        for count in sorted(counts):
            began = time.monotonic()
            heard = await measuring.open_more(people, count)
            if heard.held < count:
                print(
                    f"{heard.held} of {count} streams are held after {time.monotonic() - began:.0f} s: {heard.refused}"
                )
                return False
            for spoken in (False, True):
                tell(await measuring.stage(spoken), empty)
        return True
    finally:
        await measuring.end()


def _stop(server: Server) -> str:
    """Tell the server to stop while the streams are open, as an upgrade does."""
    began = time.monotonic()
    server.terminate()
    try:
        server.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return f"told to stop: still there after {STOP_SECONDS} s, with streams open"
    return f"told to stop: gone after {time.monotonic() - began:.1f} s"


def tell(stage: Stage, empty: Stage) -> None:
    """One line of the table; memory is compared with the process before the pages came."""
    cost, count = stage.cost, stage.streams
    each = f"{(cost.proportional - empty.cost.proportional) * 1024 / count:9.0f}" if count else f"{'':9}"
    told = f"{stage.told / 1000:g} kB/s" if stage.told else "nothing"
    figures = (
        Figures([one.stored for one in stage.shown], 1),
        Figures([one.done for one in stage.shown], 1),
        Figures(stage.heard.delays or [0.0], 1),
    )
    times = "".join(f"{one.percentile(0.5):10.0f}{one.percentile(0.95):8.0f}" for one in figures)
    lost = f"  {stage.heard.lost} streams ended" if stage.heard.lost else ""
    print(
        f"{count:7}{told:>12}{cost.threads:9}{cost.resident:8.0f}{cost.proportional:8.0f}{each}{stage.cpu:6.0%}"
        f"{len(stage.shown):7}{times}{lost}",
        flush=True,
    )


def _may_open_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
