"""The entry point for WSGI servers: `gunicorn wsgi:app`."""

import atexit

from opendata.starting import collect_seldom, leave_out_pandas

collect_seldom()
leave_out_pandas()

from opendata.app import create_app  # noqa: E402 - loading it is what makes so many objects

app = create_app()
atexit.register(app.extensions["opendata"].downloads.flush)
