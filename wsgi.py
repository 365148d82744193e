"""The entry point for WSGI servers: `gunicorn wsgi:app`."""

from opendata.app import create_app

app = create_app()
