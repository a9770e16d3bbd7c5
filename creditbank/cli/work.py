"""Run the bank's worker: scheduled decisions, publicity periods, and the log."""

from __future__ import annotations

import argparse
import asyncio
import signal

from creditbank.cli.boot import opened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose: the bank says what there is to do."""


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; jobs that are running end first, then the lease is given back."""
    with opened(arguments, "work") as bank:
        from creditbank.gateways.log_files import TileStore
        from creditbank.gateways.signing import open_or_create_log_key
        from creditbank.jobs.worker import work
        from creditbank.services.log import log_origin

        signer = open_or_create_log_key(bank, log_origin(bank))

        async def main() -> None:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
            print(f"The worker of {bank.home} is at work.", flush=True)
            await work(store=TileStore(bank.log), signer=signer, stop=stop)

        asyncio.run(main())
        print("The worker has stopped.", flush=True)
    return 0
