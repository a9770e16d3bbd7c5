"""Serving: told to stop, the server ends in order and says that nothing failed."""

from __future__ import annotations

import signal
import subprocess
import sys

CODE = """
import sys, django
django.setup()
from creditbank.cli.serve import serve
sys.exit(int(serve("127.0.0.1", None, workers=1, worker=False)))
"""


def test_a_server_that_is_told_to_stop_ends_with_status_0():
    server = subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert "The bank is open at" in server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0, server.stderr.read()
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(30)
        server.stdout.close()
        server.stderr.close()
