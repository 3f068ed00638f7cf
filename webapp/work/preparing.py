"""After a process has started: get the built-in model ready in the background, and say which one is used."""

from __future__ import annotations

import contextlib
import os
import threading

from flask import Flask

from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules.preparing import prepare
from webapp.http.events import log


def prepare_behind(app: Flask) -> threading.Thread:
    """Start the thread. It is of low priority: whoever asks meanwhile is answered by what is there already."""
    thread = threading.Thread(target=_prepare, args=(app,), name="preparing", daemon=True)
    thread.start()
    return thread


def _prepare(app: Flask) -> None:
    with contextlib.suppress(OSError, AttributeError):  # Linux: a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    instance = app.extensions["bankside.config"].instance_path
    meaning: Meaning = app.extensions["bankside.meaning"]
    try:
        prepare(instance, meaning)  # by words: in a moment when it was trained before
        if meaning.open() is not None:
            prepare(instance, meaning)
            app.extensions["bankside.library"].by_meaning.refresh()
    except Exception as error:  # the process goes on with what it has
        log.error("assistant.preparing_failed", kind=type(error).__name__)
    log.info("assistant.ready", meaning=meaning.state, sentence=meaning.sentence)
