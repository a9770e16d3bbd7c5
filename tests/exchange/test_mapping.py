"""A mapping says everything a row needs, or is refused with the path of what is wrong."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.mapping import read_mapping
from tests.exchange.sheet_files import DOCUMENT, document

PLAN = {
    "gives": "mark",
    "function": "weighted_mean",
    "value": "scores.score",
    "weight": "items.weight",
    "join": ["scores.item", "items.item"],
    "group_by": {
        "learner_number": "scores.number",
        "course": "items.course",
        "presentation": "items.presentation",
    },
}
RELATED = {"scores": {"file": "scores.csv"}, "items": {"file": "items.csv"}}
WITHOUT_MARK = {fact: column for fact, column in DOCUMENT["columns"].items() if fact != "mark"}


def changed(path, value):
    """The test mapping with one place changed; None takes it away."""
    made = copy.deepcopy({**DOCUMENT, "columns": WITHOUT_MARK, "related": RELATED, "aggregate": PLAN})
    *above, last = path.split("/")
    below = made
    for key in above:
        below = below.setdefault(key, {})
    if value is None:
        del below[last]
    else:
        below[last] = value
    return made


def test_the_mapping_of_the_tests_is_read():
    mapping = read_mapping(changed("note", {"zh": "注", "en": "note"}))
    assert mapping.name.zh == "测试映射"
    assert mapping.courses["MATH"].presentations["2024B"].declared.credit == 350
    assert (mapping.credit_more_than, mapping.credit_at_most) == (0, 6000)
    assert mapping.aggregate.join[0].sheet == "scores"


def test_the_digest_is_of_the_content_and_not_of_its_order():
    turned = dict(reversed(document().items()))
    assert read_mapping(turned).digest == read_mapping(document()).digest
    other = document(name={"zh": "另一个", "en": "Another"})
    assert read_mapping(other).digest != read_mapping(document()).digest


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("schema", "creditbank.rules/1", "schema"),
        ("colour", "red", "colour"),
        ("columns/outcome", None, "columns"),
        ("columns/colour", "red", "columns.colour"),
        ("columns/course", 7, "columns.course"),
        ("values/outcome/Pass", "passed", "values.outcome.Pass"),
        ("values/colour", {}, "values.colour"),
        ("dates", ["DD.MM.YY"], "dates[0]"),
        ("courses/MATH/credit", 0, "courses.MATH.credit"),
        ("courses/MATH/credit", 61, "courses.MATH.credit"),
        ("courses/MATH/credit", "3.555", "courses.MATH.credit"),
        ("courses/MATH/credit", Decimal("3.555"), "courses.MATH.credit"),
        ("courses/MATH/credit", True, "courses.MATH.credit"),
        ("courses/MATH/credit", None, "courses.MATH.presentations.2024A"),
        ("courses/MATH/level", "one", "courses.MATH.level"),
        (
            "courses/MATH/presentations/2024A/ends_on",
            "2024-02-30",
            "courses.MATH.presentations.2024A.ends_on",
        ),
        (
            "courses/MATH/presentations/2024A/ends_on",
            "2024-02-01",
            "courses.MATH.presentations.2024A.ends_on",
        ),
        (
            "courses/MATH/presentations/2024A/starts_on",
            "0024-02-26",
            "courses.MATH.presentations.2024A.starts_on",
        ),
        ("courses/MATH/presentations/2024A/term", None, "courses.MATH.presentations.2024A"),
        ("courses/MATH/presentations", None, "courses.MATH"),
        ("defaults/rule_set", None, "courses.MATH.presentations.2024A"),
        ("credit_limits", {"at_most": 0}, "credit_limits"),
        ("credit_limits", {"at_most": "much"}, "credit_limits.at_most"),
        ("mark_limits", {"at_least": 5, "at_most": 1}, "mark_limits"),
        ("mark_limits", {"at_least": 0, "at_most": 1000}, "mark_limits"),
        ("columns/mark", "mark", "aggregate.gives"),
        ("aggregate/gives", "credit", "aggregate.gives"),
        ("aggregate/function", "median", "aggregate.function"),
        ("aggregate/value", "score", "aggregate.value"),
        ("aggregate/value", "other.score", "aggregate.value"),
        ("aggregate/join", ["scores.item", "scores.item"], "aggregate.join"),
        ("aggregate/join", ["scores.item"], "aggregate.join"),
        ("aggregate/join", None, "aggregate.weight"),
        ("aggregate/group_by/course", None, "aggregate.group_by"),
        ("aggregate/places", 3, "aggregate.places"),
        ("related/scores", {}, "related.scores"),
        ("related/scores", {"file": "../secret.csv"}, "related.scores.file"),
        ("related/scores", {"file": "/etc/passwd"}, "related.scores.file"),
        ("related/scores", {"file": ".."}, "related.scores.file"),
        ("related/a.b", {"file": "x"}, "related.a.b"),
        ("sheet", {"head_line": 0}, "sheet.head_line"),
        ("sheet", {"delimiter": "|"}, "sheet.delimiter"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_named_with_its_path(path, value, place):
    read_mapping(changed("defaults/rule_set", "transfer-courses"))
    with pytest.raises(UnreadableError) as refused:
        read_mapping(changed(path, value))
    assert place in [problem.path for problem in refused.value.problems]


def test_the_problems_of_all_courses_are_named_at_once():
    bad = changed("courses", {"A": {"credit": 0}, "B": {"level": "x"}})
    with pytest.raises(UnreadableError) as refused:
        read_mapping(bad)
    assert [problem.path for problem in refused.value.problems] == ["courses.A.credit", "courses.B.level"]


def test_wider_limits_let_a_larger_course_in():
    wide = {**changed("courses/MATH/credit", 75), "credit_limits": {"at_most": 90}}
    assert read_mapping(wide).courses["MATH"].declared.credit == 7500


def test_presentations_common_to_all_courses_can_stand_once():
    common = {**document(), "presentations": DOCUMENT["courses"]["MATH"]["presentations"]}
    common["courses"] = {"MATH": {"credit": 3}, "ART": {"credit": 2}}
    assert read_mapping(common).presentations["2024A"].term == "2024-1"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(changed("note", "x"))), ANYTHING)
def test_anything_in_any_place_is_read_or_refused_with_a_path(key, value):
    try:
        read_mapping({**changed("defaults/rule_set", "x"), key: value})
    except UnreadableError as refused:
        problems = refused.problems
    else:
        return
    assert problems
    assert all(problem.message for problem in problems)


def test_what_holds_for_every_row_stands_for_a_column_that_is_not_there():
    columns = {"learner_number": "a", "course": "b", "outcome": "c"}
    mapping = read_mapping(document(columns=columns, every={"presentation": "2024A", "sitting": "resit"}))
    assert mapping.headings == ("a", "b", "c")
    assert mapping.every == {"presentation": "2024A", "sitting": "resit"}
    assert mapping.defaults.repeat is None


@pytest.mark.parametrize(
    "change",
    [
        {"every": {"sitting": "second"}},
        {"every": {"course": "MATH"}},
        {"every": {"presentation": "2024A"}},
        {"defaults": {"repeat": "twice"}},
    ],
)
def test_what_holds_for_every_row_and_repeats_are_held_to_what_they_may_say(change):
    with pytest.raises(UnreadableError):
        read_mapping(document(**change))
