"""Conversion rules as a matrix: what stands where a certificate meets a course."""

from __future__ import annotations

from creditbank.domain.conversions.matrix import matrix
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.values import Text
from creditbank.exchange.documents import read_document
from creditbank.gateways.documents import packaged


def packed(name="cn-course-certificate"):
    return read_conversion_rules(read_document(packaged(f"conversion/{name}.yaml"), name=name))


def where(found, outcome, target):
    (column,) = [number for number, one in enumerate(found.targets) if target in one.zh]
    (line,) = [line for line in found.rows if outcome in line.outcome.zh]
    return line.cells[column]


def test_a_certificate_stands_under_each_course_with_the_level_that_it_takes():
    found = matrix(packed(), {"WEB201": Text("Web前端技术", "Web front-end technology")})
    (cell,) = where(found, "web-frontend", "Web前端技术")
    assert (cell.row, cell.together) == ("web-frontend", False)
    assert "中级" in cell.condition.zh
    (first,) = where(found, "web-frontend", "WEB101")
    assert "初级" in first.condition.zh
    assert where(found, "web-frontend", "LOG210") == ()


def test_what_serves_only_with_others_says_so_under_every_course_it_helps_to_make():
    found = matrix(packed())
    for course in ("LOG210", "LOG211"):
        for outcome in ("logistics", "forklift"):
            (cell,) = where(found, outcome, course)
            assert (cell.row, cell.together) == ("logistics-with-practice", True)


def test_every_row_of_the_rules_stands_in_the_matrix_where_its_sources_meet_its_targets():
    for name in ("cn-course-certificate", "cn-conversion-a"):
        rules = packed(name)
        found = matrix(rules)
        standing = {cell.row for line in found.rows for cells in line.cells for cell in cells}
        assert standing == {row.id for row in rules.rows}
        for row in rules.rows:
            columns = {
                number
                for line in found.rows
                for number, cells in enumerate(line.cells)
                if row.id in {cell.row for cell in cells}
            }
            assert len(columns) == len(set(row.targets))
