"""The entry point for WSGI servers: `gunicorn wsgi:app`."""

import atexit

from opendata.app import create_app

app = create_app()
atexit.register(app.extensions["opendata"].downloads.flush)
