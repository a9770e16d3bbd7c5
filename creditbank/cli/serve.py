"""Serve the bank's pages, with a worker beside them."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

from creditbank.cli.boot import opened
from creditbank.gateways.problem import Problem

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TRIED = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and with how many hands."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, help="the port (default: 8000, or the next free one)")
    parser.add_argument("--workers", type=int, default=1, help="server processes (default: 1)")
    parser.add_argument("--no-worker", action="store_true", help="pages only; run `creditbank work` elsewhere")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    with opened(arguments, "serve"):
        return serve(arguments.host, arguments.port, workers=arguments.workers, worker=not arguments.no_worker)


def serve(
    host: str, port: int | None, *, workers: int, worker: bool, ready: Callable[[str], None] = lambda _address: None
) -> int:
    """Run the server, and the worker beside it, until one of them ends or we are told to stop.

    ``ready`` hears the address once the server answers.

    Raises:
        Problem: error details would be shown to others than this machine, or no port is free.
    """
    from django.conf import settings

    if settings.DEBUG and host not in LOOPBACK:
        raise Problem(
            en=f"CREDITBANK_DEBUG shows error details and must not listen on {host}. Nothing was started."
            " Unset CREDITBANK_DEBUG, or listen on 127.0.0.1.",
            zh=f"CREDITBANK_DEBUG 会显示错误详情，不能监听 {host}。没有启动任何程序。"
            "请取消 CREDITBANK_DEBUG，或监听 127.0.0.1。",
        )
    chosen = _free_port(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{chosen}/"
    commands = [_server(host, chosen, workers)]
    if worker:
        commands.append([sys.executable, "-m", "creditbank.cli.main", "work"])
    with _children(commands) as children:
        if _answers(host, chosen, children):
            ready(address)
            print(f"The bank is open at {address}  (stop with Ctrl-C)", flush=True)
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        return next((child.returncode for child in children if child.returncode), 0)


def _server(host: str, port: int, workers: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        str(min(8, 2 * (os.cpu_count() or 1))),
        "--no-ws",
        "--log-level",
        "warning",
        "creditbank.config.wsgi:application",
    ]


@contextlib.contextmanager
def _children(commands: list[list[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Children that end with us: told to stop, then waited for."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "creditbank.config.settings"}
    # A group of their own: Ctrl-C reaches us alone, and we end them in order.
    children = [subprocess.Popen(command, env=environment, start_new_session=True) for command in commands]
    try:
        yield children
    except KeyboardInterrupt:
        print("stopping", file=sys.stderr)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for child in children:
            _signal(child, signal.SIGTERM)
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=15)
            # A server has processes of its own; none may outlive the lease on the database.
            _signal(child, signal.SIGKILL)
            child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Tell a child and the processes it started, all of which are in its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _free_port(host: str, wanted: int | None) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in [wanted] if wanted is not None else range(8000, 8000 + _TRIED):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Problem(
        en=f"Port {wanted or f'8000 to {8000 + _TRIED - 1}'} on {host} is in use or not allowed. Nothing was started."
        " Name another one with --port.",
        zh=f"{host} 的端口 {wanted or f'8000 至 {8000 + _TRIED - 1}'} 已被占用或不允许使用。没有启动任何程序。"
        "请用 --port 另选。",
    )


def _answers(host: str, port: int, children: list[subprocess.Popen[bytes]]) -> bool:
    for _ in range(300):
        if any(child.poll() is not None for child in children):
            return False
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.2):
            return True
        time.sleep(0.1)
    return False
