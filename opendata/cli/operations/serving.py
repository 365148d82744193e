"""`opendata serve` and `opendata worker`: the processes of a running instance."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from opendata.cli.core.language import say, say_error
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_note
from opendata.errors import N_, BackendError, UsageError
from opendata.settings import Settings
from opendata.telemetry.logs import set_up_logs
from opendata.telemetry.places import share_figures

if TYPE_CHECKING:
    from opendata.jobs.worker import Indexer
    from opendata.wiring import Services

_TRIES = 20


def listening_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--host` and `--port`."""
    host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, IPv4 or IPv6.")
    port = click.option(
        "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on."
    )
    return host(port(command))


@click.command(short_help="Serve the instance.")
@listening_options
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: max(2, min(4, os.cpu_count() or 2)),
    show_default="2 to 4, one per core",
    help="Web processes.",
)
@click.option(
    "--threads", type=click.IntRange(1, 256), default=8, show_default=True, help="Threads in each web process."
)
@click.option("--no-worker", is_flag=True, help="Start no background work here: `opendata worker` does it.")
@click.option("--access-log", is_flag=True, help="Log every request on stderr.")
def serve(host: str, port: int, workers: int, threads: int, no_worker: bool, access_log: bool) -> None:
    """Serve the instance: the web server, and a process for the background work."""
    with bind_socket(host, port) as listener:
        run_server(listener, workers=workers, threads=threads, worker=not no_worker, access_log=access_log)


@click.command(short_help="Do the background work.")
@click.option("--parent", type=int, hidden=True, help="Process to end with.")
def worker(parent: int | None) -> None:
    """Do the background work: check uploads and publish approved drafts."""
    if parent is not None:
        from opendata.cli.core.parent import end_with_parent

        end_with_parent(parent)
    from opendata.cli.operations.work_process import list_command, prepare_for_work

    prepare_for_work()

    from opendata.jobs.alone import Alone, AlonePeriodic
    from opendata.jobs.pool import RunnerPool
    from opendata.jobs.runner import ProcessRunner
    from opendata.jobs.worker import Ending, run_worker
    from opendata.storage.opening import check_stores

    with open_services(is_patient=False, may_be_newer=True) as services, ExitStack() as opened:
        services.queue.check()
        settings = services.settings
        set_up_logs(settings.log)
        if parent is None:  # else `serve` has said it
            check_stores(settings)
            _check_keys(settings)
            warn_of_scanner(settings)
        opened.enter_context(_be_seen(services, has_port=parent is None))
        command, seconds = list_command(), settings.work_seconds
        runners = [ProcessRunner(services.work, command, seconds=seconds) for _ in range(settings.work_processes)]
        pool = RunnerPool(services.work, services.queue, runners)
        pool.start()
        try:
            run_worker(
                services.work,
                services.queue,
                sweep_seconds=settings.sweep_seconds,
                run=pool.run,
                drafts=pool.size,
                fetching=services.fetching,
                indexing=(
                    *_list_followers(services),
                    Alone(services.database, "duties", services.duty_keeping),
                    Alone(services.database, "events", services.public_events),
                ),
                publishing=services.own_lists,
                measuring=(
                    AlonePeriodic(services.database, "measures", services.measuring),
                    AlonePeriodic(services.database, "counts", services.kept_counts),
                    AlonePeriodic(services.database, "conformance", services.conformance),
                ),
                links=services.link_checking,
                delivering=(services.delivering, services.subscriptions, services.upward.sending),
                harvesting=services.harvesting,
                ending=Ending(settings.finish_seconds, pool.stop) if parent is None else None,
            )
        finally:
            pool.stop()


@contextlib.contextmanager
def _be_seen(services: Services, *, has_port: bool) -> Iterator[None]:
    """Have the worker's figures and traces given, until it ends."""
    from opendata import __version__
    from opendata.cli.operations.webserver import find_metrics_port
    from opendata.telemetry.exposing import serve_figures
    from opendata.telemetry.places import begin_counting
    from opendata.telemetry.tracing import begin_tracing, end_tracing

    settings = services.settings
    with share_figures() if settings.gives_figures else contextlib.nullcontext():
        if settings.gives_figures:
            begin_counting("worker")
        listener = find_metrics_port(settings) if has_port else None
        if listener is not None:
            serve_figures(listener, services.monitoring.exposing)
        begin_tracing(settings.otel, "opendata-worker", __version__)
        try:
            yield
        finally:
            end_tracing()


@click.command(short_help="Keep this machine's search index up to date.")
@click.option("--parent", type=int, hidden=True, help="Process to end with.")
def follow(parent: int | None) -> None:
    """Keep this machine's search index up to date, and delete from its derived files what was erased elsewhere.

    `opendata worker` and `opendata serve` do so too. You need this command on a machine where another server runs the
    web processes.
    """
    if parent is not None:
        from opendata.cli.core.parent import end_with_parent

        end_with_parent(parent)
    from opendata.cli.operations.work_process import prepare_for_work

    prepare_for_work()
    from opendata.jobs.worker import run_follower

    with open_services(is_patient=False, may_be_newer=True) as services:
        if parent is None:
            _check_keys(services.settings)
        run_follower(_list_followers(services), pause=services.settings.sweep_seconds)


def _check_keys(settings: Settings) -> None:
    from opendata.services.privacy.shared_keys import agree_on_keys
    from opendata.wiring import build_context

    context = build_context(settings)
    try:
        agree_on_keys(context)
    finally:
        context.database.dispose()


def _list_followers(services: Services) -> Sequence[Indexer]:
    """What each machine keeps for itself, and must keep up to date."""
    return services.indexing, services.sketching, services.forgetting


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket with that address. Raises `UsageError` where that is not possible, naming a port that is free.

    The web server listens at it once it can answer: until then a web server in front asks another machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host.strip("[]"), port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                N_("Port %(port)s is already in use. Try PORT=%(free)s make run, or --port %(free)s"),
                port=port,
                free=_find_free(host, family, port),
            ) from None
        raise UsageError(
            N_("Can't listen on %(host)s, port %(port)s: %(reason)s"),
            host=host,
            port=port,
            reason=str(error.strerror),
        ) from None
    return bound


def run_server(
    listener: socket.socket, *, workers: int = 2, threads: int = 8, worker: bool = True, access_log: bool = False
) -> None:
    """Serve on a socket until a signal comes; ends the command with the status of what it started."""
    from opendata.cli.operations.supervisor import Supervisor
    from opendata.services.core.instance import require_instance
    from opendata.settings import read_settings
    from opendata.storage.opening import check_stores

    settings = read_settings()
    require_instance(settings)
    check_stores(settings)
    warn_of_scanner(settings)
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def announce() -> None:
        click.echo(say(N_("Serving %(address)s. Press Ctrl-C to stop."), address=address), err=True)

    with share_figures() if settings.gives_figures else contextlib.nullcontext():
        supervisor = Supervisor(
            listener, settings, workers=workers, threads=threads, worker=worker, access_log=access_log
        )
        status = supervisor.run(announce)
    if status:
        raise click.exceptions.Exit(status)


def warn_of_scanner(settings: Settings) -> None:
    """Say at the start that the virus scanner doesn't answer. Readers are served all the same."""
    from opendata.outside.scanner import find_scanner

    scanner = find_scanner(settings.scanner)
    if scanner is None:
        return
    try:
        scanner.ask_version()
    except BackendError as error:
        write_note(say_error(error))
        write_note(say(N_("Uploads are held until it answers. Everything else works.")))


def _find_free(host: str, family: socket.AddressFamily, port: int) -> int:
    for candidate in range(port + 1, min(port + _TRIES, 65536)):
        with socket.socket(family) as probe:
            try:
                probe.bind((host.strip("[]"), candidate))
            except OSError:
                continue
            return candidate
    return port + 1 if port < 65535 else port - 1
