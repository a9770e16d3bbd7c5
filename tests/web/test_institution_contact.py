"""The contact line of an institution: set once, shown where a learner has a question."""

from __future__ import annotations

import pytest

from creditbank.domain.explanation import Refusal
from creditbank.domain.institutions import MOST_LETTERS, read_contact
from creditbank.gateways import clock
from creditbank.records.institutions import Institution
from creditbank.records.operations import Operation
from creditbank.records.scope import acting_for
from creditbank.services.institutions import set_contact
from creditbank.services.recognition.review import refuse_claim
from tests.web.office_cases import client_of, handed_in

LINE = "教务处学分办公室 <0551-1234567>"


def say(institution, line):
    with acting_for(institution=institution, purpose="test") as scope:
        return set_contact(scope=scope, contact=line, actor=institution, at=clock.now())


def contact_of(institution):
    with acting_for(purpose="test") as scope:
        return scope.rows(Institution).values_list("contact", flat=True).get(pk=institution)


def page_of(cast, key):
    return client_of(cast.lin).get(f"/learner/requests/{key.claim_id}/").content.decode()


@pytest.mark.parametrize("line", ["a\nb", "a\tb", "\x00", "a\u2028b"])
def test_a_contact_is_one_line(line):
    assert read_contact(line).explanation[0].code == "institution.contact_not_one_line"


def test_a_contact_has_a_limit():
    assert read_contact(f" {'学' * MOST_LETTERS} ") == "学" * MOST_LETTERS
    line = read_contact("学" * (MOST_LETTERS + 1)).explanation[0]
    assert (line.code, line.facts) == ("institution.contact_too_long", {"most": 120, "letters": 121})


def test_a_refused_learner_reads_where_to_ask(bank, cast):
    assert say(cast.college, LINE) == LINE
    key = handed_in(bank, cast)
    assert "Questions about it" not in page_of(cast, key)
    with acting_for(institution=cast.college, purpose="test") as scope:
        refuse_claim(scope=scope, actor=cast.chen, key=key, reason="outside_period", at=clock.now())
    assert "Questions about it: 教务处学分办公室 &lt;0551-1234567&gt;" in page_of(cast, key)
    say(cast.college, "")
    assert "Questions about it" not in page_of(cast, key)


def test_a_refused_line_keeps_the_former_one(bank, cast):
    say(cast.college, LINE)
    assert isinstance(say(cast.college, "x\ny"), Refusal)
    assert (contact_of(cast.college), contact_of(cast.university)) == (LINE, "")


def test_who_set_it_stands_in_the_journal(bank, cast):
    say(cast.college, LINE)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(Operation).filter(action="institution.set_contact", outcome="done").count() == 1


def test_another_institution_cannot_set_it(bank, cast):
    with acting_for(institution=cast.university, purpose="test") as scope:
        changed = scope.rows(Institution).filter(pk=cast.college).update(contact="elsewhere")
    assert (changed, contact_of(cast.college)) == (0, "")
