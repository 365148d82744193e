"""Server-rendered pages and downloads: views that parse, call one service and shape its answer."""

from opendata.web.site import register_web

__all__ = ["register_web"]
