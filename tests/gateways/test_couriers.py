"""Messages reach a real mail server and a real HTTP service on loopback, or the outbox of the bank."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from creditbank.gateways import keys
from creditbank.gateways.bank import Bank
from creditbank.gateways.couriers import CourierProblem, Couriers, Letter

LETTER = Letter("email", "lin@example.cn", "验证码", "您的验证码是 1234 5678。")
SHORT = Letter("phone", "+8613800138000", "", "12345678")


@contextmanager
def listening(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class Catcher(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 to take a message."""

    def handle(self):
        self.wfile.write(b"220 catcher\r\n")
        while line := self.rfile.readline():
            match line.split()[0].upper():
                case b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (said := self.rfile.readline()) != b".\r\n":
                        lines.append(said.removeprefix(b".") if said.startswith(b"..") else said)
                    self.server.caught.append(b"".join(lines))
                    self.wfile.write(b"250 taken\r\n")
                case b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case _:
                    self.wfile.write(b"250 fine\r\n")


class Service(BaseHTTPRequestHandler):
    """Takes a text message as JSON, from whoever has the token."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.caught.append((self.path, self.headers["Authorization"], body))
        self.send_response(202 if self.headers["Authorization"] == "Bearer secret" else 401)
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def bank(tmp_path):
    return Bank(tmp_path)


def test_a_letter_arrives_over_smtp_with_its_chinese_words(bank):
    with listening(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Catcher)) as server:
        server.caught = []
        Couriers(bank, f"smtp://127.0.0.1:{server.server_address[1]}", "bank@example.cn", "outbox:").carry(LETTER)
    (caught,) = server.caught
    read = message_from_bytes(caught, policy=policy.default)
    assert (read["To"], read["From"], read["Subject"]) == ("lin@example.cn", "bank@example.cn", "验证码")
    assert read.get_content().strip() == LETTER.text


def test_a_text_message_goes_to_the_configured_service_with_the_token_of_the_keys_folder(bank):
    with listening(HTTPServer(("127.0.0.1", 0), Service)) as server:
        server.caught = []
        couriers = Couriers(bank, "outbox:", "x@y.cn", f"http://127.0.0.1:{server.server_address[1]}/send")
        with pytest.raises(CourierProblem, match="ValueError"):
            couriers.carry(SHORT)
        keys.write(bank, "sms", {"token": "secret"})
        couriers.carry(SHORT)
    assert server.caught[-1] == ("/send", "Bearer secret", {"to": "+8613800138000", "text": "12345678"})


def test_without_a_server_letters_lie_in_the_outbox_readable_by_the_bank_alone(bank):
    couriers = Couriers(bank, "outbox:", "x@y.cn", "outbox:")
    couriers.carry(LETTER)
    couriers.carry(SHORT)
    files = sorted((bank.home / "outbox").iterdir())
    assert [json.loads(path.read_text())["to"] for path in files] == ["lin@example.cn", "+8613800138000"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (bank.home / "outbox").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mail", ["smtp://127.0.0.1:1", "gopher://x", "smtp:"])
def test_a_letter_that_nobody_takes_is_a_problem_that_names_no_address(bank, mail):
    with pytest.raises(CourierProblem) as raised:
        Couriers(bank, mail, "x@y.cn", "outbox:").carry(LETTER)
    assert "lin@" not in raised.value.en + raised.value.zh
    assert raised.value.__cause__ is None


def test_a_code_never_leaves_the_machine_in_the_clear(bank):
    with pytest.raises(CourierProblem):
        Couriers(bank, "outbox:", "x@y.cn", "http://sms.example/send").carry(SHORT)
