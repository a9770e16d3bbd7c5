"""What tests of the account pages share: browsers, the letters that went out, and the codes in them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from django.conf import settings
from django.test import Client

from creditbank.gateways.bank import Bank
from tests.cast import PASSWORD

NEW = "quite another long password"


def browser(address="127.0.0.1", **headers):
    return Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en", REMOTE_ADDR=address, **headers)


def sign_in(client, who, password=PASSWORD, **more):
    return client.post("/account/sign-in/", {"sign_in": who, "password": password, **more})


def signed_in(who, password=PASSWORD):
    client = browser()
    assert sign_in(client, who, password).status_code == 302
    return client


class Letters:
    """The letters that the bank has sent, oldest first."""

    def __init__(self, home):
        self.folder = home / "outbox"

    def all(self):
        files = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        return [json.loads(path.read_text()) for path in files]

    def code(self):
        return re.search(r"\d{4} ?\d{4}", self.all()[-1]["text"])[0]


def catch_letters(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "COURIERS", replace(settings.COURIERS, bank=Bank(tmp_path)))
    return Letters(tmp_path)


def proven(client, letters, address):
    """The browser after it has typed in the code of an address."""
    assert client.post("/account/begin/", {"address": address}).status_code == 302
    assert client.post("/account/code/", {"code": letters.code()}).status_code == 302
    return client


def registered(client, letters, address, name="林小舟"):
    return proven(client, letters, address).post("/account/finish/", {"name": name, "new": NEW})
