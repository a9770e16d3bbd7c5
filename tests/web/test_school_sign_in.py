"""Signing in through OpenID Connect and CAS, each before a real provider on loopback, and what is not believed."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from django.conf import settings

from creditbank.domain.accounts import Provider, Vouched
from creditbank.domain.values import Text
from creditbank.exchange.sign_in import read_providers
from creditbank.gateways import keys, sign_in_providers
from creditbank.gateways.clock import new_id, now
from creditbank.gateways.outbound import OutboundProblem, ask
from creditbank.records.accounts import ExternalIdentity
from creditbank.records.people import Account
from creditbank.records.scope import acting_for
from creditbank.services.people import enrol_learner
from tests.cast import AT, PASSWORD
from tests.intruder import superuser
from tests.web.account_pages import browser, catch_letters, registered, sign_in, signed_in

SECRET = "a secret of the bank"
NUMBER, WITH = "2026010001", "/account/with/school/"


@pytest.fixture
def letters(cast, tmp_path, monkeypatch):
    return catch_letters(tmp_path, monkeypatch)


@pytest.fixture
def pupil(cast):
    """Whom the school has on its roster and who has no account yet."""
    learner = new_id()
    with acting_for(institution=cast.college, purpose="test") as scope:
        enrol_learner(scope=scope, learner_id=learner, student_number=NUMBER, name="林小舟", at=AT)
    return learner


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


def outside(address, form=None):
    """What a browser does at the provider: sends its page; gives the address it is led back to."""
    try:
        build_opener(_Stay).open(Request(address, data=urlencode(form).encode() if form else None))
    except HTTPError as answer:
        return answer.headers["Location"]
    raise AssertionError("the provider led nowhere")


def here(address):
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def oidc(monkeypatch):
    """An OpenID provider of another library, in a thread, and the bank set to believe it about numbers."""
    mock = pytest.importorskip("oidc_provider_mock", reason="oidc-provider-mock is not installed")
    users = [mock.User(sub="s-1", claims={"number": NUMBER}), mock.User(sub="s-2", claims={"number": "2023040117"})]
    with mock.run_server_in_thread(require_nonce=True, user_claims=users) as server:
        issuer = f"http://localhost:{server.server_port}"
        provider = Provider("school", "oidc", Text("学校登录", "School"), issuer, "bank", "svc", "number")
        monkeypatch.setattr(settings, "PROVIDERS", (provider,))
        monkeypatch.setattr(sign_in_providers, "_found", {})
        keys.write(settings.BANK, "sign-in", {"school": SECRET})
        yield provider
        keys.path_of(settings.BANK, "sign-in").unlink()


def go(client, subject="s-1", start=WITH):
    """Through the provider and back."""
    left = client.get(start)
    return client.get(here(outside(left.headers["Location"], {"sub": subject})))


def test_a_learner_of_the_roster_signs_in_through_the_school_and_finds_the_same_account_again(letters, oidc, pupil):
    visit = browser()
    assert go(visit, start=f"{WITH}?next=/learner/requests/").headers["Location"] == "/learner/requests/"
    assert visit.session["_auth_user_id"] == str(pupil)
    again = browser()
    go(again)
    assert again.session["_auth_user_id"] == str(pupil)
    assert ExternalIdentity.objects.count() == 1


def test_a_school_never_opens_the_account_of_somebody_who_signs_in_already(letters, oidc, cast):
    visit = browser()
    answer = go(visit, "s-2")  # the number of lin, who has a password
    assert answer.status_code == 422
    assert "No account is connected" in answer.content.decode()
    assert "_auth_user_id" not in visit.session


def test_somebody_who_has_signed_in_connects_the_school_with_the_password_and_signs_in_there_afterwards(letters, oidc):
    lin = signed_in("lin")
    assert lin.get(WITH).headers["Location"] == "/account/security/"
    assert lin.post("/account/security/", {"connect": "school", "current": "wrong"}).status_code == 422
    page = lin.post("/account/security/", {"connect": "school", "current": PASSWORD})
    address = page.context["address"] if page.context else _address_in(page)
    assert lin.get(here(outside(address, {"sub": "s-2"}))).headers["Location"] == "/account/security/"
    visit = browser()
    assert go(visit, "s-2").headers["Location"] == "/learner/"
    assert lin.post("/account/security/", {"disconnect": "school", "current": PASSWORD}).status_code == 302
    assert go(browser(), "s-2").status_code == 422


def _address_in(page):
    import html
    import re

    return html.unescape(re.search(r'class="btn go" href="([^"]+)"', page.content.decode())[1])


def test_a_self_registered_account_that_connects_its_school_becomes_the_one_of_the_roster(letters, oidc, pupil):
    me = browser()
    registered(me, letters, "linxiaozhou@example.cn")
    page = me.post("/account/security/", {"connect": "school", "current": "quite another long password"})
    me.get(here(outside(_address_in(page), {"sub": "s-1"})))
    assert me.session["_auth_user_id"] == str(pupil)
    assert sign_in(browser(), "linxiaozhou@example.cn", "quite another long password").status_code == 302
    assert "connected" in letters.all()[-1]["text"]


def test_the_answer_of_another_visit_another_browser_or_a_second_time_signs_nobody_in(letters, oidc, pupil):
    visit, other = browser(), browser()
    back = here(outside(visit.get(WITH).headers["Location"], {"sub": "s-1"}))
    other.get(WITH)
    assert other.get(back).status_code == 422
    assert browser().get(back).status_code == 422
    assert visit.get(back.replace("state=", "state=0")).status_code == 422
    assert visit.get(back).status_code == 422  # the question was answered wrongly once
    fresh = browser()
    back = here(outside(fresh.get(WITH).headers["Location"], {"sub": "s-1"}))
    assert fresh.get(back).status_code == 302
    fresh.post("/account/sign-out/")
    assert fresh.get(back).status_code == 422
    assert fresh.get(f"{WITH}?error=access_denied&state=x").status_code == 422


class Forger(BaseHTTPRequestHandler):
    """A provider that answers with whatever token it was told to make."""

    def _say(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        issuer = self.server.issuer
        if self.path.endswith("openid-configuration"):
            places = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            return self._say({"issuer": issuer} | {name: f"{issuer}/{place}" for name, place in places.items()})
        return self._say({"keys": [self.server.key.as_dict(private=False)]})

    def do_POST(self):
        self.server.asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._say({"id_token": self.server.token})

    def log_message(self, *_arguments):
        pass


def test_a_token_is_believed_only_when_everything_about_it_is_right():
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    with _serving(Forger) as server:
        server.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        server.issuer = f"http://127.0.0.1:{server.server_port}"
        provider = Provider("school", "oidc", Text("x"), server.issuer, "bank", "svc", "number")
        seconds = int(now().timestamp())
        right = {"iss": server.issuer, "aud": "bank", "sub": "s-1", "nonce": "n", "exp": seconds + 60, "number": 7}

        def vouched(claims, key=None, alg="RS256", token=None):
            server.token = token or jwt.encode({"alg": alg, "kid": "1"}, claims, key or server.key, algorithms=[alg])
            return sign_in_providers.vouched_by_oidc(
                provider, code="c", secret=SECRET, back="http://localhost/", nonce="n", verifier="v"
            )

        assert vouched(right) == Vouched("s-1", "7")
        assert server.asked["code_verifier"] == ["v"]
        assert vouched(right | {"aud": ["bank", "other"], "azp": "bank"}) == Vouched("s-1", "7")
        for wrong in (
            {"iss": "https://other.example"},
            {"aud": "other"},
            {"aud": ["bank", "other"]},
            {"nonce": "m"},
            {"exp": seconds - 120},
            {"sub": ""},
            {"sub": "x" * 300},
        ):
            assert vouched(right | wrong) is None, wrong
        for name in ("iss", "aud", "sub", "nonce", "exp"):
            assert vouched({key: value for key, value in right.items() if key != name}) is None, name
        assert vouched(right, RSAKey.generate_key(2048, {"kid": "1"})) is None  # signed by somebody else
        head, body, _signature = jwt.encode({"alg": "RS256"}, right, server.key).split(".")

        def coded(data):
            return base64.urlsafe_b64encode(data).decode().rstrip("=")

        none, shared = coded(b'{"alg":"none"}'), coded(b'{"alg":"HS256","kid":"1"}')
        by_public_key = hmac.digest(server.key.as_pem(private=False), f"{shared}.{body}".encode(), "sha256")
        assert vouched(right, token=f"{shared}.{body}.{coded(by_public_key)}") is None
        assert vouched(right, token=f"{none}.{body}.") is None
        assert vouched(right, token=f"{head}.{body}.AAAA") is None
        assert vouched(right, token="junk") is None


def test_a_provider_that_speaks_for_another_issuer_is_not_asked(letters, oidc, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(settings, "PROVIDERS", (replace(oidc, address=f"{oidc.address}/"),))
    assert browser().get(WITH).status_code == 503


class Cas(BaseHTTPRequestHandler):
    """A CAS 3.0 server as its protocol says: a ticket is good once and for the service it was given to."""

    def do_GET(self):
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/cas/login":
            ticket = f"ST-{len(self.server.tickets)}"
            self.server.tickets[ticket] = asked["service"]
            self.send_response(302)
            self.send_header("Location", f"{asked['service']}&ticket={ticket}")
            self.end_headers()
            return
        good = self.server.tickets.pop(asked.get("ticket"), None) == asked.get("service") and "service" in asked
        body = self.server.body or (
            '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">'
            + (
                "<cas:authenticationSuccess><cas:user>t-1</cas:user><cas:attributes>"
                f"<cas:number>{NUMBER}</cas:number></cas:attributes></cas:authenticationSuccess>"
                if good
                else '<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>'
            )
            + "</cas:serviceResponse>"
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments):
        pass


@contextmanager
def _serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.tickets, server.body = {}, ""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def cas(monkeypatch):
    with _serving(Cas) as server:
        address = f"http://127.0.0.1:{server.server_port}/cas"
        provider = Provider("school", "cas", Text("统一身份认证", "CAS"), address, "", "svc", "number")
        monkeypatch.setattr(settings, "PROVIDERS", (provider,))
        yield server


def test_a_learner_signs_in_through_cas_once_for_each_ticket(letters, cas, pupil):
    visit, thief = browser(), browser()
    back = here(outside(visit.get(WITH).headers["Location"]))
    assert thief.get(back).status_code == 422
    assert visit.get(back).headers["Location"] == "/learner/"
    assert visit.session["_auth_user_id"] == str(pupil)
    visit.post("/account/sign-out/")
    assert visit.get(back).status_code == 422


def test_the_ticket_of_another_service_and_a_document_that_declares_things_are_not_believed(letters, cas, pupil):
    visit = browser()
    left = visit.get(WITH).headers["Location"]
    stolen = outside(left.replace("account%2Fwith", "elsewhere"))
    ticket = parse_qs(urlsplit(stolen).query)["ticket"][0]
    state = parse_qs(urlsplit(parse_qs(urlsplit(left).query)["service"][0]).query)["state"][0]
    assert visit.get(f"{WITH}?{urlencode({'state': state, 'ticket': ticket})}").status_code == 422
    whole = "<serviceResponse><authenticationSuccess><user>%s</user></authenticationSuccess></serviceResponse>"
    for body in (
        '<!DOCTYPE x [<!ENTITY u "t-1">]>' + (whole % "&u;"),
        "<authenticationSuccess><user>t-1</user></authenticationSuccess>",
        "not xml",
    ):
        cas.body = body
        other = browser()
        assert other.get(here(outside(other.get(WITH).headers["Location"]))).status_code == 422
    assert Account.objects.filter(id=pupil).count() == 0


def test_the_name_that_a_provider_gives_somebody_lies_nowhere_in_the_open(bank, letters, cas, pupil):
    visit = browser()
    visit.get(here(outside(visit.get(WITH).headers["Location"])))
    with superuser(bank) as connection:
        for table in ("external_identity", "operation", "django_session", "account"):
            text = str(connection.execute(f"SELECT t::text FROM {table} AS t").fetchall())
            assert "t-1" not in text.replace("-t-1", ""), table
    assert ExternalIdentity.objects.get().linked_at <= now()


def test_the_door_out_goes_to_no_private_network_that_nobody_wrote_down():
    for address in ("http://example.cn/", "https://10.0.0.1/", "https://169.254.169.254/", "ftp://x", "https://"):
        with pytest.raises(OutboundProblem):
            ask(address, known="https://school.example.cn/")
    with _serving(Cas) as server, pytest.raises(OutboundProblem, match="private"):
        ask(f"http://127.0.0.1:{server.server_port}/cas/login?service=x", known="https://school.example.cn/")
    with _serving(Cas) as server:
        address = f"http://127.0.0.1:{server.server_port}/cas/login?service=x"
        with pytest.raises(OutboundProblem, match="302"):
            ask(address, known=address)


def test_the_file_of_providers_is_read_and_what_is_wrong_in_it_is_named():
    text = """schema: creditbank.sign_in/1
providers:
  - {code: nmc, kind: oidc, name: 南明, name_en: NMC, address: "https://id.example.cn", client: bank, school: nmc, number: xh}
  - {code: cas, kind: cas, name: 统一身份认证, address: "https://cas.example.cn/cas"}
"""
    first, second = read_providers(text.encode(), name="sign-in.yaml")
    assert (first.code, first.number, second.kind, second.client) == ("nmc", "xh", "cas", "")
    for old, new, said in (
        ("kind: oidc", "kind: saml", "kind is oidc or cas"),
        ("client: bank, ", "", "client"),
        ("https://id", "http://id", "https"),
        (", number: xh", "", "together"),
        ("code: cas", "code: nmc", "one code"),
        ("code: cas", "secret: x, code: cas", "nothing else"),
    ):
        with pytest.raises(ValueError, match=said):
            read_providers(text.replace(old, new).encode(), name="sign-in.yaml")
