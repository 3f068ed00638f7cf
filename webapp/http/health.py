"""Whether this process lives, and whether it can do its work. Strangers get a word, operators the reasons."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from webapp import figures
from webapp.extensions import limiter
from webapp.http.access import public
from webapp.http.operators import may_see_details
from webapp.http.outages import outage
from webapp.http.settings import config, feed
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models.sqlite import DatabaseBusy
from webapp.services import doctor, doctor_surroundings, model_uses, workers
from webapp.services.doctor import Finding

bp = Blueprint("health", __name__)

LOOKED_AGAIN_AFTER = 1.0  # seconds: whoever asks more often gets the last answer
ROWS_AGAIN_AFTER = 60.0  # seconds: the checks of all rows read a lot
RANK = {"ok": 0, "problem": 1, "degraded": 2, "unavailable": 3}


class Remembered:
    """What was found last, and when; one thread looks, the others get what it found."""

    def __init__(self, look: Callable[[], list[Finding]], seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: list[Finding] = []
        self._at = float("-inf")

    def findings(self) -> tuple[list[Finding], float]:
        """The findings and how old they are in seconds."""
        with self._lock:
            if time.monotonic() - self._at >= self._seconds:
                self._found = self._look()
                self._at = time.monotonic()
            return self._found, time.monotonic() - self._at


@bp.get("/health/live")
@public
@limiter.exempt
def live() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/health/ready")
@bp.get("/health")
@bp.get("/api/health")
@public
@limiter.exempt
def ready() -> ResponseReturnValue:
    """What the app depends on, really tried. 503 only if nothing can be read; degraded serves on.

    Operators are told the reasons, and with `?rows=1` also what `flask doctor` says of what is stored.
    """
    found, _age = _remembered("readiness", look_around, LOOKED_AGAIN_AFTER).findings()
    status = worst(found)
    answer: dict[str, Any] = {"status": status}
    if may_see_details():
        answer["checks"] = [spelled(finding) for finding in found]
        if "rows" in request.args and status != "unavailable":
            rows, age = _remembered("rows", look_at_rows, ROWS_AGAIN_AFTER).findings()
            answer["rows"] = {"status": worst(rows), "seconds_old": round(age), "checks": list(map(spelled, rows))}
    return jsonify(answer), 503 if status == "unavailable" else 200


def _remembered(name: str, look: Callable[[], list[Finding]], seconds: float) -> Remembered:
    kept: dict[str, Remembered] = current_app.extensions.setdefault("bankside.health", {})
    return kept.setdefault(name, Remembered(look, seconds))


def worst(findings: list[Finding]) -> str:
    """The word for all of them together."""
    return max((finding.level for finding in findings), key=RANK.__getitem__, default="ok")


def spelled(finding: Finding) -> dict[str, Any]:
    """A finding as JSON, without what says nothing."""
    return {name: value for name, value in asdict(finding).items() if value or name in ("name", "level")}


def look_around() -> list[Finding]:
    """Everything but the rows: takes milliseconds while all is well, a second or two when something hangs."""
    settings = config()
    found = [_tried("database_read", "unavailable", doctor_surroundings.reading)]
    if found[0].is_well:
        found += [
            _tried("database_write", "degraded", doctor_surroundings.writing),
            _tried("storing", "degraded", storing),
            _tried("migrations", "degraded", lambda: doctor_surroundings.schema(f"{current_app.root_path}/migrations")),
            _tried("queue", "degraded", doctor_surroundings.queue),
            _tried("clock", "degraded", doctor_surroundings.clock),
        ]
    folders = doctor_surroundings.places(settings.instance_path)
    found.append(_tried("disk", "degraded", lambda: doctor_surroundings.disk(folders)))
    if settings.redis_url:
        found.append(
            _tried("redis", "degraded", lambda: doctor_surroundings.redis_answers("redis", settings.redis_url))
        )
    if settings.runner == "celery":
        found.append(_tried("broker", "degraded", lambda: workers.broker_answers(settings.effective_broker_url)))
    if settings.workers_url:
        found.append(_tried("workers", "degraded", lambda: workers.are_there(settings.workers_url)))
    if settings.llm_base_url:
        found.append(_tried("language_model", "degraded", language_model))
    if settings.embeddings_url:
        found.append(_tried("embeddings", "degraded", embeddings))
    found.append(_tried("feed", "degraded", lambda: doctor_surroundings.feed_lag(feed())))
    return found


def language_model() -> Finding:
    """Whether the configured language model answers."""
    settings = config()
    state = getattr(current_app.extensions["bankside.assistant"], "state", "closed")
    return model_uses.standing(settings.llm_model, state, settings.default_time_zone, settings.llm_currency)


def embeddings() -> Finding:
    """Whether the handbook's search by meaning works, where an endpoint makes the vectors."""
    meaning = current_app.extensions["bankside.embeddings"]
    return Finding("embeddings", "degraded" if meaning.state == "failing" else "ok", meaning.sentence)


def storing() -> Finding:
    """Whether something can be stored again, tried only if a request could not be: a full disk lets a transaction begin
    all the same. What is stored is the audit trail's entry about the outage."""
    refused = outage().refused
    if not refused:
        return Finding("storing", "ok", "nothing that was sent had to be refused")
    try:
        with unit_of_work():
            told = outage().tell()
    except (SQLAlchemyError, DatabaseBusy) as error:
        sentence = f"{refused} requests could not be stored, nor can anything now ({type(error).__name__})"
        return Finding("storing", "degraded", sentence, {"refused": refused})
    outage().forget(told)
    return Finding("storing", "ok", f"{told} requests could not be stored; it works again", {"refused": told})


def look_at_rows() -> list[Finding]:
    """Whether what is stored agrees with itself, and how many cookies led nowhere."""
    try:
        with reading():
            found = list(doctor.examine_rows())
    except (SQLAlchemyError, DatabaseBusy) as error:
        return [Finding("rows", "degraded", f"the rows could not be read ({type(error).__name__})")]
    return [*found, cookies()]


def cookies() -> Finding:
    """How many requests came with a cookie that names a session which does not exist, since the last start."""
    count = figures.total("bankside_cookies_leading_nowhere_total")
    if count is None:
        return Finding("cookies_leading_nowhere", "ok", "not counted: set METRICS_TOKEN or METRICS_PORT")
    sentence = f"{count:.0f} requests had a cookie naming a session that does not exist"
    return Finding("cookies_leading_nowhere", "ok", sentence, {"count": int(count)})


def _tried(name: str, level: doctor.Level, check: Callable[[], Finding]) -> Finding:
    """A check that itself fails is a finding, never a 500."""
    try:
        with reading():
            return check()
    except Exception as error:  # whatever a driver, a disk or a broker raises
        return Finding(name, level, f"could not be checked ({type(error).__name__})")
