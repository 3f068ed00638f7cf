"""What a WSGI server imports: `gunicorn wsgi:app`."""

from __future__ import annotations

import os

from webapp import create_app
from webapp.work.runner import runner_of

app = create_app()
if os.environ.get("FLASK_RUN_FROM_CLI") != "true":  # a command makes no replies
    app.extensions["bankside.model"].warm_up()  # now, instead of in somebody's first answer
    runner_of(app).start()  # replies a killed process left behind are taken up before anybody asks
