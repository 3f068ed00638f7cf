"""What a WSGI server imports: `gunicorn wsgi:app`."""

from __future__ import annotations

import os

from webapp import create_app
from webapp.work.preparing import take_up_lessons
from webapp.work.runner import runner_of

app = create_app()
if os.environ.get("FLASK_RUN_FROM_CLI") != "true":  # a command makes no replies
    take_up_lessons(app)  # now, instead of in somebody's first answer
    runner_of(app).start()  # replies a killed process left behind are taken up before anybody asks
