"""Errors for clients that ask for JSON: problem details of RFC 9457, and pages for everybody else."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from creditbank.services.accounts.sessions import MOST_FOR_ACCOUNT
from creditbank.web.problems import STATUSES, type_of
from tests.web.office_cases import client_of

JSON = {"accept": "application/json"}


def problem_of(response):
    assert response.headers["Content-Type"] == "application/problem+json"
    said = json.loads(response.content)
    assert set(said) == {"type", "title", "status", "detail", "instance", "request_id"}
    assert (said["status"], said["type"]) == (response.status_code, type_of(response.status_code))
    assert said["request_id"] == response.headers["X-Request-ID"]
    assert "Accept" in response.headers["Vary"]
    return said


@pytest.mark.parametrize(
    "accept", ["application/json", "application/problem+json", "application/json, text/html;q=0.5"]
)
def test_a_client_that_asks_for_json_gets_problem_details(bank, accept):
    said = problem_of(client_of().get("/nowhere/", headers={"accept": accept}))
    assert (said["title"], said["instance"]) == ("This page does not exist", "/nowhere/")


@pytest.mark.parametrize("accept", ["text/html", "*/*", "text/html,application/json;q=0.9", "", "nonsense"])
def test_everybody_else_gets_a_page(bank, accept):
    response = client_of().get("/nowhere/", headers={"accept": accept})
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
    assert "Accept" in response.headers["Vary"]


def test_the_words_are_in_the_readers_language(bank):
    said = problem_of(client_of(language="zh-hans").get("/nowhere/", headers=JSON))
    assert said["title"] == "该页面不存在" or "页面" in said["title"]


def test_who_is_not_signed_in_is_told_so_instead_of_being_sent_to_a_page(bank):
    response = client_of().get("/learner/", headers=JSON)
    assert response.status_code == 401
    assert "Location" not in response.headers
    assert response.headers["WWW-Authenticate"].startswith("Session ")
    assert problem_of(response)["title"] == "Sign in first"
    assert client_of().get("/learner/").status_code == 302


def test_what_is_not_yours_is_not_there(bank, cast):
    assert problem_of(client_of(cast.lin).get("/office/", headers=JSON))["status"] == 404


def test_a_wrong_method_keeps_its_allow_header(bank):
    response = client_of().put("/verify/", headers=JSON)
    assert problem_of(response)["status"] == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_too_many_attempts_say_when_to_come_back(bank, cast):
    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    for _attempt in range(MOST_FOR_ACCOUNT):
        client.post("/account/sign-in/", {"sign_in": "lin", "password": "wrong"})
    response = client.post("/account/sign-in/", {"sign_in": "lin", "password": "wrong"}, headers=JSON)
    assert problem_of(response)["status"] == 429
    assert int(response.headers["Retry-After"]) > 0


def test_a_forged_form_is_refused(bank):
    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert problem_of(client.post("/settings/appearance/", {"theme": "dark"}, headers=JSON))["status"] == 403


def test_a_defect_is_told_without_its_inside(bank, monkeypatch):
    from creditbank.web.public import health

    monkeypatch.setattr(health.connections["default"], "cursor", lambda: 1 / 0)
    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost", raise_request_exception=False)
    response = client.get("/ready/", headers=JSON)
    assert problem_of(response)["status"] == 500
    assert b"ZeroDivision" not in response.content


def test_an_answer_that_is_json_already_stays(bank):
    assert client_of().get("/health/", headers=JSON).json() == {"alive": True}


def test_an_unknown_host_is_refused_in_the_same_form(bank):
    response = Client(SERVER_NAME="elsewhere.example").get("/", headers=JSON | {"accept-language": "en"})
    assert problem_of(response)["status"] == 400


def test_every_kind_of_error_has_a_name_of_its_own():
    assert len({type_of(status) for status in STATUSES}) == len(STATUSES)
    assert type_of(404) == "urn:problem-type:creditbank:not-found"
