"""Starts processes of the product out of one that has imported it already: imports are most of what a start takes.

They are real processes, with an environment, a folder and a process group of their own. `tests/test_start.py` starts
the product by its command line instead.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

_IMPORTED = ("webapp.serving", "webapp.seeding", "webapp.gunicorn_hooks", "celery.bin.celery", "celery.apps.worker")


class Started:
    """A process, spoken to as `subprocess.Popen` is."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status; minus the signal that ended it; None: it has not ended."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended; raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self._process.exitcode

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()


def forkserver() -> ForkServerContext:
    """Where processes come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED))
    return context


def started(module: str, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], output: Path) -> Started:
    """`python -m module arguments` in this folder, in a session of its own; it prints into the file."""
    told = (module, arguments, folder, dict(environ), output)
    process = forkserver().Process(target=_become, args=told, daemon=True)
    process.start()
    return Started(process)


def _become(module: str, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], output: Path) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    with output.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.path.insert(0, str(folder))
    sys.argv = [module, *arguments]
    from gunicorn.config import Chdir

    Chdir.default = str(folder)  # it remembers where it was imported
    runpy.run_module(module, run_name="__main__", alter_sys=True)
