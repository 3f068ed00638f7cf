"""Work done by other processes on the same database, begun together."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from flask import Flask

from tests.conftest import CHEAP
from tests.starting import forkserver
from webapp import create_app
from webapp.config import Config
from webapp.http.unit_of_work import unit_of_work
from webapp.services import chats, replies, sign_ins
from webapp.services.request_ids import new_request_id


def run_together(commands: Sequence[Sequence[str]]) -> list[Any]:
    """Run these commands (write or claim, folder, url, threads, what) in a process each, begun at the same moment."""
    context = forkserver()
    together = context.Barrier(len(commands))
    ends = [context.Pipe(duplex=False) for _ in commands]
    processes = [
        context.Process(target=_take_part, args=(together, sender, *command), daemon=True)
        for command, (_, sender) in zip(commands, ends, strict=True)
    ]
    for process in processes:
        process.start()
    try:
        assert all(receiver.poll(60) for receiver, _ in ends), "a process did not end in time"
        return [receiver.recv() for receiver, _ in ends]
    finally:
        for process in processes:
            process.kill()
            process.join()


def write(app: Flask, threads: int, each: int) -> dict[str, Any]:
    """Open sessions on several threads, each in a unit of work of its own."""

    def open_sessions(_number: int) -> tuple[list[str], list[str], float]:
        ids, errors, slowest = [], [], 0.0
        with app.app_context():
            for _ in range(each):
                started = time.perf_counter()
                try:
                    with unit_of_work():
                        staff = sign_ins.staff_named("teller")
                        assert staff is not None
                        chat_id = chats.create(staff, new_request_id()).id
                except Exception as error:
                    errors.append(repr(error))
                else:
                    ids.append(chat_id)
                slowest = max(slowest, time.perf_counter() - started)
        return ids, errors, slowest

    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(open_sessions, range(threads)))
    return {
        "ids": [chat_id for ids, _, _ in done for chat_id in ids],
        "errors": [error for _, errors, _ in done for error in errors],
        "slowest": max(slowest for _, _, slowest in done),
    }


def claim(app: Flask, threads: int, reply_ids: list[int]) -> list[int]:
    """Try to take every one of these replies on every thread; those that were taken here."""

    def try_all(_number: int) -> list[int]:
        taken = []
        with app.app_context():
            for reply_id in reply_ids:
                with unit_of_work():
                    if replies.claim(reply_id) is not None:
                        taken.append(reply_id)
        return taken

    with ThreadPoolExecutor(threads) as pool:
        return [reply_id for taken in pool.map(try_all, range(threads)) for reply_id in taken]


def _take_part(
    together: Barrier, results: Connection, act: str, folder: str, url: str, threads: str, what: str
) -> None:
    """Make an app, wait for the others, work, tell."""
    app = create_app(Config.from_env(_env_file=None, instance_path=Path(folder), database_url=url, **CHEAP))
    together.wait(60)
    results.send(write(app, int(threads), int(what)) if act == "write" else claim(app, int(threads), json.loads(what)))
