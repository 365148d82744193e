"""The web process of `opendata serve`: gunicorn over a socket handed down, told by position what it needs."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from opendata import __version__
from opendata.cli.core.failures import FAILED
from opendata.cli.core.language import say_error
from opendata.cli.core.parent import end_with_parent
from opendata.cli.operations.patience import PatientWorker
from opendata.errors import N_, OpendataError, UsageError
from opendata.starting import keep_freed_memory, start_lightly
from opendata.telemetry.draining import watch_parent
from opendata.telemetry.exposing import open_port, serve_figures
from opendata.telemetry.logs import set_up_logs
from opendata.telemetry.tracing import begin_tracing, end_tracing

if TYPE_CHECKING:
    from opendata.settings import Settings

_KEPT_BYTES = 4 * 1024 * 1024
_LOG_FORMAT = '%(h)s %(t)s "%(r)s" %(s)s %({content-length}o)s "%({range}i)s" %(M)sms'


class RootLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn says, among the lines of the program and in their form."""

    def setup(self, cfg: Any) -> None:
        """Leave errors to the handlers of the program."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Our application under gunicorn; `ready` is a pipe that hears when the first process can answer."""

    def __init__(self, options: dict[str, Any], settings: Settings, ready: int) -> None:
        self._options = options
        self._settings = settings
        self._ready = ready
        self._figures = find_metrics_port(settings)
        super().__init__()

    def load_config(self) -> None:
        """Take our options; no file and no environment is read."""
        hooks = {"post_fork": self._begin, "post_worker_init": self._report_ready, "worker_exit": self._end}
        for name, value in {**self._options, **hooks}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the application."""
        from opendata.app import create_app

        app = create_app(self._settings)
        app.config["EVENT_STREAMS"] = self._options["threads"] // 2  # the others answer all else
        _warm_up()
        gc.collect()
        gc.freeze()  # what is here now is never collected: looking at it would copy it into every process
        return app

    def _begin(self, server: Any, worker: Any) -> None:  # noqa: ARG002 - gunicorn asks for both
        end_with_parent(server.pid)

    def _end(self, server: Any, worker: Any) -> None:  # noqa: ARG002 - gunicorn asks for both
        if worker.wsgi is not None:
            worker.wsgi.extensions["opendata"].downloads.flush()
        end_tracing()

    def _report_ready(self, worker: Any) -> None:
        worker.wsgi.config["IS_ALIVE"] = lambda: worker.alive
        begin_tracing(self._settings.otel, "opendata-web", __version__)
        if self._figures is not None:
            serve_figures(self._figures, worker.wsgi.extensions["opendata"].monitoring.exposing)
        with contextlib.suppress(OSError):
            os.write(self._ready, b"\n")


def find_metrics_port(settings: Settings) -> socket.socket | None:
    """What listens at the port of the figures, if there is to be one. Raises `UsageError` where the port is in use."""
    if not settings.metrics_port:
        return None
    try:
        return open_port(settings.metrics_port)
    except OSError as error:
        raise UsageError(
            N_("Can't listen on the port of OPENDATA_METRICS_PORT, %(port)s: %(reason)s"),
            port=settings.metrics_port,
            reason=str(error.strerror).partition(" (while")[0],
        ) from None


def _warm_up() -> None:
    """Load now what the first upload would wait for."""
    import huey  # noqa: F401
    import re2  # noqa: F401

    import opendata.intake.kind.kinds  # noqa: F401


def serve(listener: int, ready: int, drain: int, parent: int, workers: int, threads: int, log: int) -> None:
    """Serve until SIGTERM, `log` telling whether each request is logged; everything is, on stderr.

    `drain` is the end of a pipe through which the parent says that this node is being taken out of service.
    """
    end_with_parent(parent)
    watch_parent(drain)
    start_lightly()
    keep_freed_memory(_KEPT_BYTES)
    os.dup2(2, 1)
    settings = check_backends()
    PatientWorker.trusted = settings.trusted_proxies
    set_up_logs(settings.log)
    options = {
        "bind": [f"fd://{listener}"],
        "worker_class": PatientWorker,
        "preload_app": True,  # the processes share the code, read once; connections are opened by each for itself
        "workers": workers,
        "threads": threads,
        "proc_name": "opendata",
        "loglevel": "warning",
        "logger_class": RootLogger,
        "accesslog": "-" if log else None,
        "access_log_format": _LOG_FORMAT,
        "limit_request_line": 8190,
        "graceful_timeout": settings.finish_seconds,
        "control_socket_disable": True,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - heartbeats, no data
    }
    WebServer(options, settings, ready).run()


def _do_apart(check: Callable[[], object]) -> None:
    """Check something in a process of its own: one that has asked a bucket can't fork processes that do."""
    pid = os.fork()
    if pid == 0:
        try:
            check()
        except OpendataError as error:
            sys.stderr.write(f"{say_error(error)}\n")
            sys.stderr.flush()
            os._exit(FAILED)
        os._exit(0)
    if status := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        sys.exit(status)


def check_backends() -> Settings:
    """The settings in force.

    Raises `StateError` where the database is of an older form or this machine has other keys, `UsageError` where
    the queue is away.
    """
    from opendata.jobs.queue import DraftQueue
    from opendata.services.core.instance import require_current
    from opendata.services.privacy.shared_keys import agree_on_keys
    from opendata.settings import read_settings
    from opendata.wiring import build_context

    settings = read_settings()
    context = build_context(settings)
    try:
        require_current(context.database, settings, may_be_newer=True)
        context.database.dispose()
        _do_apart(lambda: agree_on_keys(context))
        DraftQueue(settings.queue_file, settings.queue_url).check()
    finally:
        context.database.dispose()
    return settings


if __name__ == "__main__":
    try:
        serve(*(int(text) for text in sys.argv[1:]))
    except OpendataError as error:
        sys.stderr.write(f"{say_error(error)}\n")
        sys.exit(FAILED)
