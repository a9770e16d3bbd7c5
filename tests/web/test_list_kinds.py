"""Kinds of official lists of a school's own: made in the office of one that exists, kept by version, used, retired."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from creditbank.cli.main import main
from creditbank.domain.official_lists.kind import KINDS
from creditbank.exchange.documents import read_document, write_document
from creditbank.exchange.official_lists import kinds_here
from creditbank.gateways.documents import packaged
from creditbank.records.scope import acting_for
from tests.intruder import superuser
from tests.services.list_sheets import CONTEST
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")
LIST = "/office/lists/kinds/"


@pytest.fixture
def zhao(bank, cast):
    return client_of(cast.zhao)


def own(**changes):
    """The kind of contests with a code of its own, as text."""
    document = read_document(packaged("mappings/list-contest.yaml"), name="contest")
    return write_document(
        document | {"code": "city-contest", "name": {"zh": "市赛名单", "en": "City contest"}} | changes
    )


def codes(place):
    with acting_for(institution=place, purpose="test") as scope:
        return [kind.code for kind in kinds_here(scope)]


def made(zhao, text=None):
    answer = zhao.post(f"{LIST}new/contest/", {"document": text or own()})
    assert answer.status_code == 302, answer.context["form"].errors
    return answer.headers["Location"]


@pytest.mark.parametrize("code", KINDS)
def test_a_document_written_out_is_read_back_as_it_was(code):
    document = read_document(packaged(f"mappings/list-{code}.yaml"), name=code)
    assert read_document(write_document(document).encode(), name=code) == document


def test_a_kind_is_made_of_another_and_is_the_schools_own(zhao, cast):
    page = zhao.get(f"{LIST}new/contest/")
    assert "code: contest-own" in page.context["form"].initial["document"]
    assert made(zhao) == f"{LIST}city-contest/"
    assert codes(cast.college) == [*KINDS, "city-contest"]
    assert codes(cast.university) == list(KINDS)
    assert [row["name"] for row in zhao.get(LIST).context["rows"]][-1] == "City contest"
    assert client_of(cast.sun).get(f"{LIST}city-contest/").status_code == 404
    template = zhao.get("/office/lists/template/city-contest.xlsx")
    assert template.content[:2] == b"PK"
    choices = dict(zhao.get("/office/lists/bring/").context["form"].fields["kind"].choices)
    assert choices["city-contest"] == "City contest"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code: [", "document"),
        (own(title="{nothing}"), "there is no column nothing"),
        (own(columns={}), "columns"),
        (own(surprise=1), "surprise"),
        (own(code="contest"), "comes with the program"),
        (own(outcome_type="moon"), "takes no outcomes of the type moon"),
        (own().replace("creditbank.list_mapping/1", "creditbank.rules/1"), "list_mapping"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_nothing_is_kept(zhao, cast, text, said):
    answer = zhao.post(f"{LIST}new/contest/", {"document": text})
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors["document"])
    assert codes(cast.college) == list(KINDS)


def test_a_changed_kind_is_its_next_version_and_the_same_one_again_is_none(zhao, bank):
    made(zhao)
    change = f"{LIST}city-contest/change/"
    assert zhao.post(change, {"document": own()}).status_code == 302
    assert zhao.post(change, {"document": own(all_ours=True)}).status_code == 302
    with superuser(bank) as connection:
        assert connection.execute("SELECT number, retired FROM list_kind ORDER BY 1").fetchall() == [
            (1, False),
            (2, False),
        ]
    assert zhao.get(f"{LIST}city-contest/").context["own"].number == 2
    assert zhao.post(change, {"document": own(code="other")}).status_code == 422
    assert zhao.post(f"{LIST}new/contest/", {"document": own()}).status_code == 422
    assert zhao.get(f"{LIST}contest/change/").headers["Location"] == f"{LIST}new/contest/"


def test_a_retired_kind_is_offered_no_more_and_can_come_back(zhao, cast):
    made(zhao)
    zhao.post(f"{LIST}city-contest/retire/")
    assert codes(cast.college) == list(KINDS)
    assert zhao.get(f"{LIST}city-contest/").status_code == 404
    assert zhao.post(f"{LIST}city-contest/retire/").status_code == 302
    made(zhao)
    assert zhao.get(f"{LIST}city-contest/").context["own"].number == 3


def test_a_desk_of_one_college_makes_none(bank, cast):
    qian = client_of(cast.qian)
    assert qian.get(f"{LIST}new/contest/").status_code == 404
    assert qian.post(f"{LIST}new/contest/", {"document": own()}).status_code == 404
    assert codes(cast.college) == list(KINDS)


def test_a_list_is_brought_in_by_a_kind_of_ones_own(zhao, bank, cast, tmp_path, monkeypatch, capsys):
    from creditbank.cli import list as command

    @contextmanager
    def opened(*_arguments, **_options):
        yield bank

    monkeypatch.setattr(command, "opened", opened)
    made(zhao)
    path = tmp_path / "list.csv"
    path.write_text(
        f"获奖者,学号,竞赛名称,竞赛级别,获奖等级,获奖日期\nlin,2023040117,{CONTEST},省级,二等奖,2026-06-20\n",
        encoding="utf-8",
    )
    words = ["list", "import", str(path), "--institution", "svc", "--issued-on", "2026-06-30", "--json"]
    assert main([*words, "--kind", "city-contest"]) == 0
    assert json.loads(capsys.readouterr().out)["proposed"] == 1
    assert main([*words, "--kind", "nowhere"]) == 2
    assert "there is no such kind; there are cet, city-contest, contest" in capsys.readouterr().err
    page = zhao.get("/office/lists/")
    assert "City contest" in zhao.get(page.context["rows"][0]["url"]).content.decode()
