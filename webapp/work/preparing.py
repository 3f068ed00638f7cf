"""After a process has started: get the built-in model ready in the background, and say which one is used."""

from __future__ import annotations

import threading

from flask import Flask

from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules.preparing import prepare
from webapp.http.events import log


def prepare_behind(app: Flask) -> None:
    """Start the thread; whoever asks meanwhile is answered by what is there already.

    It has the priority of the others: a thread that is held back holds back whoever waits for the interpreter's lock.
    """
    meaning: Meaning = app.extensions["bankside.meaning"]
    endpoint = getattr(app.extensions["bankside.assistant"], "endpoint", None)
    if endpoint is not None:
        threading.Thread(target=endpoint.prepare, name="language-model", daemon=True).start()
    if app.extensions["bankside.embeddings"] is not None:
        index = app.extensions["bankside.library"].by_meaning
        threading.Thread(target=index.prepare, name="handbook-meaning", daemon=True).start()
    threading.Thread(target=_prepare, args=(app, meaning), name="preparing", daemon=True).start()


def _prepare(app: Flask, meaning: Meaning) -> None:
    try:
        app.extensions["bankside.library"].search("handbook")  # the first search of a process reads the handbook
        app.extensions["bankside.model"].warm_up()
        if meaning.open() is not None:
            prepare(app.extensions["bankside.config"].instance_path, meaning)
            app.extensions["bankside.library"].by_meaning.prepare()
    except Exception as error:  # the process goes on with what it has
        log.error("assistant.preparing_failed", kind=type(error).__name__)
    log.info("assistant.ready", meaning=meaning.state, sentence=meaning.sentence)
