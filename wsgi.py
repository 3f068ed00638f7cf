"""What a WSGI server imports: `gunicorn wsgi:app`."""

from __future__ import annotations

from webapp import create_app
from webapp.work.runner import runner_of

app = create_app()
runner_of(app).start()  # replies a killed process left behind are taken up before anybody asks
