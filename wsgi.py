"""What a WSGI server imports: `gunicorn wsgi:app`."""

from __future__ import annotations

from webapp import create_app
from webapp.work.runner import Runner

app = create_app()
app.extensions["bankside.model"].warm_up()  # a second now, instead of in somebody's first answer
runner: Runner = app.extensions["bankside.runner"]
runner.start()  # replies a killed process left behind are taken up before anybody asks
