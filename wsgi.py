"""What a WSGI server imports: `gunicorn wsgi:app`."""

from __future__ import annotations

import os

from webapp import create_app
from webapp.work.runner import Runner

app = create_app()
runner: Runner = app.extensions["bankside.runner"]
if os.environ.get("FLASK_RUN_FROM_CLI") != "true":  # a command must not take replies away from the server making them
    app.extensions["bankside.model"].warm_up()  # a second now, instead of in somebody's first answer
    runner.start()  # replies a killed process left behind are taken up before anybody asks
