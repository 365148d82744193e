"""The entry point for WSGI servers: `gunicorn wsgi:app`."""

import atexit

from opendata.collecting import collect_seldom

collect_seldom()

from opendata.app import create_app  # noqa: E402 - loading it is what makes so many objects

app = create_app()
atexit.register(app.extensions["opendata"].downloads.flush)
