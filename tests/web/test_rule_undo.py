"""The way back from changes of a text: whatever was written, the text before it comes back whole."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.gateways.clock import new_id
from creditbank.web.office import rule_undo

texts = st.lists(st.sampled_from(("a", "b", "b", "", "c")), max_size=8).map("\n".join)


@settings(max_examples=50)
@given(st.lists(texts, min_size=2, max_size=5))
def test_every_text_comes_back_in_the_order_in_which_it_was_left(written):
    request, draft = SimpleNamespace(session={}), new_id()
    for number, (before, after) in enumerate(pairwise(written), start=2):
        rule_undo.note_change(request, draft, before, after, number)
    revision, text = len(written), written[-1]
    for before in reversed(written[:-1]):
        text = rule_undo.text_before(request, SimpleNamespace(draft_id=draft, revision=revision), text)
        assert text == before
        revision += 1
        rule_undo.went_back(request, revision)
    assert not rule_undo.can_go_back(request, SimpleNamespace(draft_id=draft, revision=revision))


def test_steps_are_kept_within_bounds_and_of_one_draft_alone():
    request, draft = SimpleNamespace(session={}), new_id()
    for number in range(2, 60):
        rule_undo.note_change(request, draft, f"{number - 1}", f"{number}", number)
    steps = request.session[rule_undo.KEY]
    assert (len(steps), steps[-1]["revision"]) == (rule_undo.MOST_STEPS, 59)
    rule_undo.note_change(request, draft, "x" * rule_undo.MOST_LETTERS, "y", 60)
    assert request.session[rule_undo.KEY] == [], "a step longer than all is not kept, nor what stands before it"
    rule_undo.note_change(request, draft, "1", "2", 61)
    rule_undo.note_change(request, new_id(), "1", "2", 62)
    assert len(request.session[rule_undo.KEY]) == 1
