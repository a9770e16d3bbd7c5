"""What levels hand down, against a reference that looks at one row of one tree at a time."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.masterdata.codes import NATURE
from creditbank.domain.masterdata.declaration import Kind
from creditbank.domain.masterdata.editions import KINDS, code_table, is_kind, rows_by_key, table_of
from creditbank.domain.masterdata.inheritance import (
    TIGHTENINGS,
    Edition,
    Inherited,
    Level,
    Tighten,
    compare,
    inherit,
    judge_row,
    lay,
    valid_rows,
)
from creditbank.domain.masterdata.reading import Fault, Record, read_record
from creditbank.domain.masterdata.sets import CODES, COURSES
from creditbank.domain.values import Text

FIRST = date(2026, 1, 1)
KEYS = ("A", "B", "C")


def day(number):
    return FIRST + timedelta(days=number)


def rows():
    one = st.fixed_dictionaries(
        {}, optional={"credit": st.integers(1, 5), "locked": st.just(True), "retired": st.just(True),
                      "college": st.sampled_from("xy"), "name": st.sampled_from("mn")}
    )  # fmt: skip
    return st.dictionaries(st.sampled_from(KEYS), one, max_size=3)


def levels():
    """A way down a tree: one to four levels, each with editions of different days."""
    editions = st.dictionaries(st.integers(0, 6), rows(), max_size=3)
    return st.lists(editions, min_size=1, max_size=4)


def made(tree):
    return [
        Level(None, Text(str(place)), tuple(Edition(None, day(number), said) for number, said in editions.items()))
        for place, editions in enumerate(tree)
    ]


def said_by(editions, key, number):
    """What one level says of a row on a day: its latest edition, or the last word of an earlier one, retired."""
    due = sorted(one for one in editions if one <= number)
    if not due:
        return None
    for one in reversed(due):
        if key in editions[one]:
            return dict(editions[one][key]) if one == due[-1] else editions[one][key] | {"retired": True}
    return None


def reference(tree, key, number):
    """One row from the top down, written out by hand: first word, then what each level below may say."""
    row, locked = None, False
    for editions in tree:
        own = said_by(editions, key, number)
        if own is None:
            continue
        if row is None:
            row, locked = own, own.get("locked", False)
            continue
        if locked:
            continue
        if "credit" in own and ("credit" not in row or own["credit"] <= row["credit"]):
            row = row | {"credit": own["credit"]}
        if "college" in own:
            row = row | {"college": own["college"]}
        if "name" in own and "name" not in row:
            row = row | {"name": own["name"]}
        for closing in ("retired", "locked"):
            if own.get(closing):
                row = row | {closing: True}
        locked = row.get("locked", False)
    return row


@given(levels(), st.integers(-1, 8))
def test_what_is_handed_down_equals_the_reference_for_every_tree_and_day(tree, number):
    found = inherit("courses", made(tree), day(number))
    for key in KEYS:
        expected = reference(tree, key, number)
        assert (dict(found[key].content) if key in found else None) == expected
        if expected is not None:
            assert found[key].locked is bool(expected.get("locked"))


@given(levels(), st.integers(0, 8), st.randoms())
def test_the_order_in_which_editions_arrive_does_not_matter(tree, number, chance):
    straight = made(tree)
    turned = []
    for level in straight:
        editions = list(level.editions)
        chance.shuffle(editions)
        turned.append(Level(level.institution, level.name, tuple(editions)))
    assert inherit("courses", straight, day(number)) == inherit("courses", turned, day(number))


@given(levels(), st.integers(0, 8), rows())
def test_no_level_loosens_a_row_from_above(tree, number, own):
    above = inherit("courses", made(tree), day(number))
    below = lay("courses", above, own, Text("school"))
    for key, row in above.items():
        held = below.rows[key]
        if "credit" in row.content:
            assert held.content["credit"] <= row.content["credit"]
        assert held.retired or not row.retired
        if row.locked:
            assert held.content == row.content
        if "name" in row.content:
            assert held.content["name"] == row.content["name"]


@given(levels(), st.integers(0, 8), rows())
def test_what_is_allowed_holds_and_what_is_not_is_named(tree, number, own):
    above = inherit("courses", made(tree), day(number))
    settled = lay("courses", above, own, Text("school"))
    for key, stated in own.items():
        refused = {conflict.field for conflict in settled.conflicts.get(key, ())}
        for name, value in stated.items():
            assert (settled.rows[key].content.get(name) == value) is (name not in refused), (key, name)


def test_a_locked_row_names_who_locked_it_and_not_who_wrote_it():
    top = Level(None, Text("top"), (Edition(None, FIRST, {"A": {"credit": 4}}),))
    middle = Level(None, Text("middle"), (Edition(None, FIRST, {"A": {"credit": 3, "locked": True}}),))
    row = inherit("courses", [top, middle], FIRST)["A"]
    _made, (conflict,) = judge_row("courses", row, {"credit": 2})
    assert (conflict.publisher, conflict.code, conflict.above, conflict.own) == (
        Text("middle"), "inheritance.locked", 3, 2,
    )  # fmt: skip
    assert row.publisher == Text("top")


def test_an_empty_field_of_an_open_row_may_be_filled_and_a_stated_one_not_emptied():
    row = Inherited({"credit": 4, "name": "x"}, Text("top"))
    made_row, wrong = judge_row("courses", row, {"category": "c", "credit": None, "name": ""})
    assert made_row["category"] == "c"
    assert {one.field: one.code for one in wrong} == {"credit": "inheritance.more", "name": "inheritance.fixed"}


def test_why_a_school_once_retired_a_row_is_no_conflict_with_a_lock():
    stated = {"retired": True, "retired_reason": "no teacher"}
    open_row, locked = Inherited({"name": "x"}, Text("top")), Inherited({"name": "x"}, Text("top"), Text("top"))
    assert judge_row("courses", open_row, stated)[0]["retired_reason"] == "no teacher"
    made_row, wrong = judge_row("courses", locked, stated)
    assert "retired_reason" not in made_row
    assert [one.field for one in wrong] == ["retired"]


def test_an_earlier_day_is_a_tightening_and_a_later_one_is_not():
    row = Inherited({"until": "2027-01-01"}, Text("top"))
    assert judge_row("codes.sex", row, {"until": "2026-12-31"}) == ({"until": "2026-12-31"}, ())
    _made, (conflict,) = judge_row("codes.sex", row, {"until": "2027-01-02"})
    assert conflict.code == "inheritance.later"
    assert judge_row("codes.sex", Inherited({}, Text("top")), {"until": "2030-01-01"})[1] == ()


def test_every_field_that_may_be_tightened_exists_and_fits_its_kind():
    for kind, data_set in (("courses", COURSES), ("codes", CODES)):
        fields = {field.name: field for field in data_set.fields}
        for name, way in TIGHTENINGS[kind].items():
            kinds = {
                Tighten.LESS: {Kind.INTEGER, Kind.AMOUNT},
                Tighten.EARLIER: {Kind.DATE},
                Tighten.CLOSE: {Kind.YES_NO},
            }
            assert fields[name].kind in kinds.get(way, set(Kind)), (kind, name)


def test_an_update_says_what_is_new_what_changes_and_what_ends():
    before = {"A": Inherited({"name": "a", "credit": 4}, Text("t")), "B": Inherited({"name": "b"}, Text("t"))}
    after = {
        "A": Inherited({"name": "a", "credit": 3}, Text("t")),
        "B": Inherited({"name": "b", "retired": True}, Text("t")),
        "C": Inherited({"name": "c", "credit": 2}, Text("t")),
        "D": Inherited({"name": "d"}, Text("t")),
    }
    own = {"A": {"credit": 4}, "C": {"credit": 5, "name": "c"}, "E": {"name": "e"}}
    found = compare("courses", before, after, own, Text("school"))
    assert list(found.new) == ["C", "D"]
    assert [(one.key, [(c.field, c.old, c.new) for c in one.changes]) for one in found.changed] == [
        ("A", [("credit", 4, 3)])
    ]
    assert list(found.retired) == ["B"]
    assert {key: [one.field for one in held] for key, held in found.collisions.items()} == {"C": ["credit"]}
    assert {key: [one.code for one in held] for key, held in found.too_wide.items()} == {"A": ["inheritance.more"]}


def test_a_conflict_that_stood_before_is_no_news_of_an_update():
    before = {"A": Inherited({"credit": 4}, Text("t"))}
    found = compare("courses", before, before, {"A": {"credit": 5}}, Text("school"))
    assert found.conflicts == 0


def test_rows_that_an_edition_lacks_are_retired_and_keep_their_last_word():
    editions = [
        Edition(None, day(0), {"A": {"name": "a"}, "B": {"name": "b"}}),
        Edition(None, day(5), {"A": {"name": "z"}}),
    ]
    assert valid_rows(editions, day(4)) == {"A": {"name": "a"}, "B": {"name": "b"}}
    assert valid_rows(editions, day(5)) == {"A": {"name": "z"}, "B": {"name": "b", "retired": True}}
    assert valid_rows(editions, day(-1)) == {}


CENTRE = {"compulsory": {"code": "compulsory", "name": "必修"}, "general": {"code": "general", "name": "通识"}}


def nature_on(number, *levels):
    return code_table(NATURE, levels, day(number))


def test_a_cell_is_read_by_the_edition_of_the_day_and_an_old_code_is_still_said():
    centre = Level(None, Text("centre"), (Edition(None, day(5), CENTRE, "2026-2", "x"),))
    school = Level(None, Text("school"))
    before, after = nature_on(4, centre, school), nature_on(5, centre, school)
    assert before is NATURE
    assert (after.edition, after.source) == ("2026-2", "x")
    assert {choice.code for choice in after.in_use} == {"compulsory", "general"}
    assert {choice.code for choice in after.choices} == {one.code for one in NATURE.choices} | {"general"}

    def read(text, table):
        return read_record(COURSES, {"code": "A", "nature": text}, tables={"course_nature": table})

    assert read("限选", before) == Record("A", {"code": "A", "nature": "restricted"})
    assert read("通识", after) == Record("A", {"code": "A", "nature": "general"})
    assert isinstance(read("通识", before)[0], Fault)
    (fault,) = read("限选", after)
    assert (fault.code, fault.facts["value"]) == ("masterdata.retired_choice", "限选")
    assert "限选" not in fault.facts["choices"]


def test_a_school_closes_codes_and_adds_words_and_codes_below_its_centre():
    centre = Level(None, Text("centre"), (Edition(None, day(0), CENTRE),))
    school = Level(None, Text("school"), (Edition(None, day(2), {
        "compulsory": {"code": "compulsory", "aliases": "必选"}, "general": {"code": "general", "retired": True},
        "craft": {"code": "craft", "name": "工匠"},
    }),))  # fmt: skip
    table = nature_on(3, centre, school)
    assert [choice.code for choice in table.in_use] == ["compulsory", "craft"]
    assert next(one for one in table.choices if one.code == "compulsory").aliases == ("必选",)


def test_a_code_ends_on_its_last_day():
    rows_given = {"compulsory": {"code": "compulsory", "name": "必修", "until": day(3).isoformat()}}
    level = Level(None, Text("centre"), (Edition(None, day(0), rows_given),))
    assert [one.code for one in nature_on(3, level).in_use] == ["compulsory"]
    assert nature_on(4, level).in_use == ()


def test_a_word_of_a_code_in_use_goes_before_the_same_word_of_a_retired_one():
    rows_given = rows_by_key([{"code": "basic", "name": "限选"}])
    table = nature_on(1, Level(None, Text("c"), (Edition(None, day(0), rows_given),)))
    found = read_record(COURSES, {"code": "A", "nature": "限选"}, tables={"course_nature": table})
    assert found.content["nature"] == "basic"


def test_every_kind_that_can_be_published_is_known_and_no_other():
    assert all(is_kind(kind) for kind in KINDS)
    assert not any(is_kind(kind) for kind in ("students", "codes.", "codes.none", "", "courses.x"))
    assert table_of("codes.course_nature") is NATURE
