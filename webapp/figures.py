"""What is counted and timed, for Prometheus. Off unless begun; the processes of one host add up in one folder.

Labels come from closed sets only (endpoints that exist, methods, status classes, states, agents of the team), so that
nobody outside can make a series. Nothing here ever holds a name, a number or a word of anybody's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.registry import Collector

METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
STATES: Final = frozenset({"pending", "running", "done", "stopped", "failed"})
OTHER: Final = "other"
REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REPLY_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300)
ATTEMPTS: Final = (1, 2, 3, 5)
FILE = re.compile(r"[a-z_]+_(\d+)\.db")

REJECTED: Final = {
    400: "unreadable", 401: "signed_out", 403: "not_allowed", 404: "not_found", 405: "wrong_method", 409: "conflict",
    413: "too_large", 415: "wrong_kind", 422: "invalid", 429: "throttled", 500: "error", 502: "bank",
    503: "unavailable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Queue:
    """Replies that wait and that are being made, counted in the database when Prometheus asks."""

    pending: int
    running: int
    oldest_pending_seconds: float


class Instruments:
    """Every metric of ours, in this process."""

    def __init__(self, agents: Iterable[str]) -> None:
        self.agents = frozenset(agents)
        registry = CollectorRegistry()

        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(f"bankside_{name}", says, labels, registry=registry)

        def histogram(name: str, says: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"bankside_{name}", says, labels, registry=registry, buckets=buckets)

        self.registry = registry
        self.requests = counter("requests", "Requests answered.", "endpoint", "method", "status")
        self.request_seconds = histogram(
            "request_seconds", "Time until an answer's headers were ready.", REQUEST_SECONDS, "endpoint"
        )
        self.rejected = counter("posts_rejected", "Posts that were refused, by reason.", "kind")
        self.cookies = counter("cookies_leading_nowhere", "Requests whose cookie named a session that does not exist.")
        self.replies = counter("replies", "Replies that reached a state.", "state", "agent")
        self.first_text = histogram("reply_first_text_seconds", "From question to first text.", REPLY_SECONDS)
        self.finished = histogram("reply_done_seconds", "From question to finished reply.", REPLY_SECONDS)
        self.attempts = histogram("reply_attempts", "Attempts a finished reply had taken.", ATTEMPTS)
        self.claims = counter("reply_claims", "Times a maker took a reply.", "attempt")
        self.sweeps = counter("sweeps", "Times the sweeper looked for stranded replies.")
        self.handed_out = counter("replies_handed_out_again", "Stranded replies the sweeper handed out again.")
        self.model_questions = counter("model_questions", "Questions put to a language model, by outcome.", "outcome")
        self.model_requests = counter("model_requests", "Requests to a language model's endpoint.")
        self.model_tokens = counter("model_tokens", "Tokens sent to and from a language model.", "way")
        self.streams = Gauge(
            "bankside_open_streams", "Event streams open now.", registry=registry, multiprocess_mode="livesum"
        )
        self.page_reconnects = counter("stream_reconnects", "Event streams that a page took up again where it was.")
        self.feed_reconnects = counter("feed_reconnects", "Times a process found the feed again after losing it.")


QUEUE_GAUGES: Final = {
    "bankside_queue_depth": "Replies waiting for a maker.",
    "bankside_queue_running": "Replies being made.",
    "bankside_queue_oldest_seconds": "How long the oldest waiting reply has waited.",
}

MODEL_OUTCOMES: Final = frozenset(
    """answered busy unreachable timed_out rate_limited refused server_error cut nonsense wrong_tools budget
    budget_of_person resting records defect stopped""".split()
)

RESERVED: Final = 512 * 1024  # bytes of each file: more than all series of a process take


class _Reserved(MmapedDict):
    """A file of figures whose room on the disk is taken when it is made: writing to a mapped page for which a full disk
    has no room would end the process (SIGBUS). Where there is no room at the start, it is kept in memory instead."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode and not _reserve(filename):
            filename = f"/proc/self/fd/{os.memfd_create('figures')}"
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]


def _reserve(filename: str) -> bool:
    try:
        with open(filename, "a+b") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVED)
    except OSError:
        return False
    return True


_kept: Instruments | None = None
_folder: Path | None = None


def begin(folder: Path, agents: Iterable[str]) -> None:
    """Count from now on, in files in this folder that all processes of this host share. Further calls change nothing.

    Must come before a process forks its workers or in the workers themselves; both are right.
    """
    global _kept, _folder
    if _kept is not None:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # The library chooses between memory and files when it is first imported, which may be before we know the folder.
    values.MmapedDict = _Reserved  # type: ignore[attr-defined]
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    _folder = folder
    _kept = Instruments(agents)


def are_kept() -> bool:
    """Whether anything is counted in this process."""
    return _kept is not None


def names() -> set[str]:
    """Every sample name there can be, for checking what dashboards and alerts ask for."""
    found = set(QUEUE_GAUGES)
    for metric in Instruments(()).registry.collect():
        found |= {sample.name for sample in metric.samples} | {metric.name}
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(metric.type, [])
        found |= {metric.name + suffix for suffix in suffixes}
    return found


def request_answered(endpoint: str, method: str, status: int, seconds: float) -> None:
    """A request has its answer. `endpoint` is a route's own name, or "none"."""
    if _kept is not None:
        known = method if method in METHODS else OTHER
        _kept.requests.labels(endpoint, known, f"{status // 100}xx").inc()
        _kept.request_seconds.labels(endpoint).observe(seconds)


def post_rejected(status: int) -> None:
    """Something sent was refused with this status."""
    if _kept is not None:
        _kept.rejected.labels(REJECTED.get(status, OTHER)).inc()


def cookie_led_nowhere() -> None:
    """A signed cookie named a session that does not exist."""
    if _kept is not None:
        _kept.cookies.inc()


def reply_claimed(attempt: int) -> None:
    """A maker took a reply, for the so-manieth time."""
    if _kept is not None:
        _kept.claims.labels("first" if attempt <= 1 else "again").inc()


def first_text_shown(seconds: float) -> None:
    """The first words of a reply can be read, so long after the question was stored."""
    if _kept is not None:
        _kept.first_text.observe(max(0.0, seconds))


def reply_ended(state: str, agent: str | None, seconds: float | None = None, attempts: int | None = None) -> None:
    """A reply reached a final state: by which agent, how long after its question, at which attempt, where known."""
    if _kept is not None:
        by = agent if agent in _kept.agents else ("none" if agent is None else OTHER)
        _kept.replies.labels(state if state in STATES else OTHER, by).inc()
        if seconds is not None and state == "done":
            _kept.finished.observe(max(0.0, seconds))
        if attempts is not None:
            _kept.attempts.observe(attempts)


def model_asked(outcome: str, requests: int, tokens_in: int, tokens_out: int) -> None:
    """A question was put to a language model: how it ended, how many requests and tokens it took."""
    if _kept is not None:
        _kept.model_questions.labels(outcome if outcome in MODEL_OUTCOMES else OTHER).inc()
        _kept.model_requests.inc(requests)
        _kept.model_tokens.labels("in").inc(tokens_in)
        _kept.model_tokens.labels("out").inc(tokens_out)


def swept(handed_out: int) -> None:
    """The sweeper has looked, and handed out so many again."""
    if _kept is not None:
        _kept.sweeps.inc()
        _kept.handed_out.inc(handed_out)


def stream_opened() -> None:
    """A page follows its session."""
    if _kept is not None:
        _kept.streams.inc()


def page_reconnected() -> None:
    """A page follows its session again, and names the last event it got."""
    if _kept is not None:
        _kept.page_reconnects.inc()


def stream_closed() -> None:
    """A page follows no longer."""
    if _kept is not None:
        _kept.streams.dec()


def feed_found_again() -> None:
    """This process hears the feed again after it was gone."""
    if _kept is not None:
        _kept.feed_reconnects.inc()


class _Queued(Collector):
    """The queue's figures, asked for at the moment of the scrape."""

    def __init__(self, look: Callable[[], Queue | None]) -> None:
        self._look = look

    def collect(self) -> Iterable[Metric]:
        queue = self._look()
        if queue is None:
            return
        figures = (queue.pending, queue.running, queue.oldest_pending_seconds)
        for (name, says), figure in zip(QUEUE_GAUGES.items(), figures, strict=True):
            yield GaugeMetricFamily(name, says, value=figure)


def exposition(look: Callable[[], Queue | None]) -> bytes:
    """Everything in Prometheus's text format, of all processes of this host. `look` says how long the queue is."""
    registry = CollectorRegistry()
    if _folder is not None:
        forget_dead(_folder, gauges_only=True)  # a killed process holds no streams; nobody else may have noticed
        multiprocess.MultiProcessCollector(registry, str(_folder))  # type: ignore[no-untyped-call]
    registry.register(_Queued(look))
    return generate_latest(registry)


def total(name: str) -> float | None:
    """The sum of a counter over all its labels and processes; None if nothing is counted here."""
    if _folder is None:
        return None
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, str(_folder))  # type: ignore[no-untyped-call]
    return sum(sample.value for metric in registry.collect() for sample in metric.samples if sample.name == name)


def forget_dead(folder: Path, *, gauges_only: bool = False) -> int:
    """Remove the files of processes that are gone; returns how many.

    Counters of the dead are kept as long as another process counts here: the sums would fall, and Prometheus would take
    that for a new beginning and all that is left for growth. The first process of a full start clears them.
    """
    files = [(path, int(found.group(1))) for path in folder.glob("*.db") if (found := FILE.fullmatch(path.name))]
    dead = [(path, pid) for path, pid in files if not _is_alive(pid)]
    if gauges_only or any(pid != os.getpid() and (path, pid) not in dead for path, pid in files):
        dead = [(path, pid) for path, pid in dead if path.name.startswith("gauge_live")]
    for path, _pid in dead:
        path.unlink(missing_ok=True)
    return len(dead)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def worker_died(pid: int) -> None:
    """gunicorn's arbiter has buried a worker: what it held open counts no more."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        mark: Any = multiprocess.mark_process_dead
        mark(pid)
