"""Disks that are really full or read-only: a small tmpfs where one may be mounted, else what may be had without."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.server import Server

NO_DISK = "root without the right to mount file systems writes to every file: there is nothing to be refused"
PIECE = 64 * 1024
NEARLY_NOTHING = 4096  # bytes


class Disk(Protocol):
    """Where a server keeps its things."""

    folder: Path

    def fill(self, server: Server) -> None:
        """From now on nothing more can be written."""

    def clear(self, server: Server) -> None:
        """There is room again."""


class SmallDisk:
    """A file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, server: Server) -> None:
        """Take all the room there is, to the last byte."""
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            for size in (PIECE, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def clear(self, server: Server) -> None:
        """Give it back."""
        (self.folder / "ballast").unlink()


class Quota:
    """For those who may not mount: the server's processes may not write further than the beginning of a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, server: Server) -> None:
        """Let them write nothing more."""
        self._allow(server, NEARLY_NOTHING)

    def clear(self, server: Server) -> None:
        """Let them write again."""
        self._allow(server, resource.RLIM_INFINITY)

    @staticmethod
    def _allow(server: Server, most: int) -> None:
        for number in workers_of(server):
            _soft, hard = resource.prlimit(number, resource.RLIMIT_FSIZE)
            resource.prlimit(number, resource.RLIMIT_FSIZE, (most, hard))


def workers_of(server: Server) -> list[int]:
    """The processes that answer requests."""
    return [
        int(number)
        for number in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    ]


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A disk of this size at `folder`, gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _mounted(folder, megabytes):
        yield Quota(folder)
        return
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


@contextmanager
def read_only(folder: Path, files: Sequence[Path]) -> Iterator[Path]:
    """A folder with copies of these files in which nothing can be written; skipped where that cannot be had."""
    folder.mkdir(parents=True)
    megabytes = sum(file.stat().st_size for file in files) // 2**20 + 1
    mounted = _mounted(folder, megabytes)
    if not mounted and os.geteuid() == 0:
        pytest.skip(NO_DISK)
    try:
        for file in files:
            shutil.copy(file, folder)
        if mounted:
            assert _run("mount", "-o", "remount,ro", str(folder))
        else:
            for path in (*folder.iterdir(), folder):
                path.chmod(0o555)
        yield folder
    finally:
        if mounted:
            _run("umount", "--lazy", str(folder))
        else:
            folder.chmod(0o755)


def _mounted(folder: Path, megabytes: int) -> bool:
    return os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))


def _run(*command: str) -> bool:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0
