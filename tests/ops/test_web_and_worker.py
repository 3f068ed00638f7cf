"""A web process and a Celery worker as one installation: figures, log lines, traces and health across both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.ops.conftest import Receiver, answers, wait_until, working
from tests.server import free_port, running
from tests.work.caller import Caller

QUESTION = "what is the balance of velvet umbrella"


@dataclass
class Installation:
    """What was started, and what came of one question."""

    url: str
    operators: str
    server_lines: Path
    worker_lines: Path
    chat_id: str = ""
    request_id: str = ""

    def lines(self, path: Path) -> list[dict[str, Any]]:
        """The JSON lines a process wrote."""
        return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]

    def checks(self) -> dict[str, Any]:
        """What operators are told."""
        found = httpx.get(f"{self.operators}/health/ready", timeout=10, trust_env=False).json()
        return {check["name"]: check for check in found["checks"]}


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str, receiver: Receiver
) -> Iterator[Installation]:
    """Everything up, and one question asked and answered."""
    folder, port = tmp_path_factory.mktemp("web"), free_port()
    settings = {
        "RUNNER": "celery",
        "REDIS_URL": redis_url,
        "METRICS_PORT": port,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": 200,
    }
    with (
        running(folder, **settings) as server,
        working(folder, tmp_path_factory.mktemp("worker"), **settings) as worker_lines,
        Caller(server.url).sign_in() as caller,
    ):
        made = Installation(server.url, f"http://127.0.0.1:{port}", folder / "output.txt", worker_lines)
        wait_until(lambda: answers(f"{made.operators}/metrics"), what="the operators' port")
        made.chat_id = caller.open_session()
        asked = caller.ask(made.chat_id, QUESTION)
        assert asked.status_code == 200, asked.text
        made.request_id = asked.headers["X-Request-ID"]

        def is_answered() -> bool:
            page = BeautifulSoup(caller.http.get(f"/chat/{made.chat_id}").text, "html.parser")
            return any(not reply.has_attr("aria-busy") for reply in page.select("article.reply"))

        wait_until(is_answered, seconds=40, what="an answer by the worker")
        yield made


def test_what_the_worker_counts_is_on_the_same_page(installation: Installation) -> None:
    page = httpx.get(f"{installation.operators}/metrics", timeout=10, trust_env=False).text
    done = [line for line in page.splitlines() if line.startswith("bankside_replies_total") and 'state="done"' in line]
    assert [line.rpartition(" ")[2] for line in done] == ["1.0"]
    assert "bankside_reply_done_seconds_count 1.0" in page
    sweeps = next(line for line in page.splitlines() if line.startswith("bankside_sweeps_total"))
    assert float(sweeps.rpartition(" ")[2]) >= 1


def test_health_knows_that_broker_and_worker_are_there(installation: Installation) -> None:
    wait_until(lambda: installation.checks()["workers"]["level"] == "ok", what="a worker's sign of life")
    found = installation.checks()
    assert found["broker"]["level"] == found["redis"]["level"] == found["feed"]["level"] == "ok"
    assert found["workers"]["figures"] == {"count": 1}


def test_the_workers_lines_name_the_request_the_session_and_the_reply(installation: Installation) -> None:
    done = next(line for line in installation.lines(installation.worker_lines) if line["event"] == "reply.done")
    assert done["request_id"] == installation.request_id
    assert done["chat"] == installation.chat_id
    assert isinstance(done["reply"], int)


def test_no_line_of_either_process_says_what_was_asked_or_answered(installation: Installation) -> None:
    for path in (installation.server_lines, installation.worker_lines):
        assert installation.lines(path)
        text = path.read_text().lower()
        assert "velvet" not in text
        assert "balance of" not in text


def test_one_trace_leads_from_the_post_to_the_reply(installation: Installation, receiver: Receiver) -> None:
    def posts() -> list[dict[str, object]]:
        return [span for span in receiver.spans if span["name"] == "POST chat.create_message"]

    def replies() -> list[dict[str, object]]:
        return [span for span in receiver.spans if span["name"] == "reply"]

    wait_until(lambda: bool(posts() and replies()), what="both spans")
    (post,), (reply,) = posts(), replies()
    assert post["trace"] == reply["trace"]
    assert post["bankside.request_id"] == installation.request_id
    assert reply["bankside.chat"] == installation.chat_id
    assert any(span["trace"] == reply["trace"] and str(span["name"]).startswith("db ") for span in receiver.spans)


def test_no_span_says_what_was_asked(installation: Installation, receiver: Receiver) -> None:
    assert receiver.spans
    assert not any("velvet" in str(span["text"]).lower() for span in receiver.spans)
