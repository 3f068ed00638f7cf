"""The product's own app in which replies are spoken to many pages for as long as wanted (see `bench.speech`): published
to the feed as a reply's partial text always is."""

from __future__ import annotations

import threading
import time
from typing import cast

from flask import Flask

from bench.speech import Speech
from webapp import create_app
from webapp.config import Config
from webapp.feed import Feed
from webapp.work.runner import runner_of

STEP_SECONDS = 0.01
LOOK_SECONDS = 0.2


def speak(app: Flask) -> None:
    """Say what is asked for, until the process ends: evenly, to one session after the other."""
    feed = cast(Feed, app.extensions["bankside.feed"])
    folder = cast(Config, app.extensions["bankside.config"]).instance_path
    speech, looked_at, began, said = Speech(), 0.0, 0.0, 0
    while True:
        moment = time.monotonic()
        if moment - looked_at > LOOK_SECONDS:
            asked, looked_at = Speech.asked_for(folder), moment
            if asked != speech:
                speech, began, said = asked, moment, 0
        while speech.chats and said < (moment - began) * speech.a_second * len(speech.chats):
            stamp = f"{time.monotonic():.6f} "  # when it was said: the reader knows by it how long it took
            text = stamp + "x" * (speech.size - len(stamp))
            feed.publish(speech.chats[said % len(speech.chats)], "partial", reply=1, text=text)
            said += 1
        time.sleep(STEP_SECONDS)


app = create_app()
app.extensions["bankside.model"].warm_up()
runner_of(app).start()
threading.Thread(target=speak, args=(app,), name="speaker", daemon=True).start()
