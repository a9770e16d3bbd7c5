"""Rule tables of any size for the figures of the rules."""

from __future__ import annotations


def table_of(rows):
    """A regulation over courses, grades and scores: four rows for each course, two of them in each other's way."""

    def both(text):
        return {"zh": text, "en": text}

    stretches = ({"to": 59}, {"from": 60, "to": 79}, {"from": 80, "to": 89}, {"from": 90})
    many = [
        {
            "id": f"r{number}",
            "when": {"course": f"C{number // 4}", "score": stretches[number % 4]},
            "give": {"credit": "1", "category": "main"},
            "clause": both(f"clause {number}"),
        }
        for number in range(rows)
    ]
    many[rows // 3]["when"]["score"] = {"from": 0}
    return {
        "schema": "creditbank.rules/1",
        "code": "many-rows",
        "kind": "recognition",
        "name": both("many rows"),
        "source": both("invented for the bench"),
        "unit": "credit",
        "rounding": {"step": "0.5", "mode": "down", "place": "end"},
        "categories": [{"code": "main", **both("main")}],
        "facts": [
            {"name": "course", "type": "code", "label": both("course")},
            {"name": "score", "type": "integer", "label": both("score"), "range": {"from": 0, "to": 100}},
        ],
        "tables": [{"code": "main", "columns": ["course", "score"], "rows": many}],
    }


def conversions_of(rows):
    """Conversion rules over certificates and levels: three rows for each certificate, some with groups and grades."""

    def both(text):
        return {"zh": text, "en": text}

    levels = ("primary", "intermediate", "advanced")
    grades = (
        "credit_only",
        {"fixed": "90"},
        {"map": [{"when": {"score": {"from": 90}}, "grade": "A"}, {"grade": "B"}]},
    )
    many = [
        {
            "id": f"r{number}",
            "from": [
                {"when": {"certificate": f"c{number // 3}", "level": [levels[number % 3]]}},
                *([{"any": [{"when": {"certificate": "x"}}, {"unit": f"U{number}"}]}] if number % 5 == 0 else []),
            ],
            "to": [{"course": f"C{number}"}],
            "credit": "full",
            "grade": grades[number % 3],
            "clause": both(f"clause {number}"),
        }
        for number in range(rows)
    ]
    return {
        "schema": "creditbank.conversion_rules/1",
        "code": "many-conversions",
        "kind": "conversion",
        "name": both("many rows"),
        "source": both("invented for the bench"),
        "unit": "credit",
        "rounding": {"step": "0.5", "mode": "down", "place": "end"},
        "carriers": {"certificate": "certificate"},
        "categories": [{"code": "main", **both("main")}],
        "facts": [
            {"name": "certificate", "type": "code", "label": both("certificate")},
            {
                "name": "level", "type": "enum", "ordered": True, "label": both("level"),
                "values": [{"code": level, **both(level)} for level in levels],
            },
            {"name": "score", "type": "integer", "label": both("score"), "range": {"from": 0, "to": 100}},
        ],
        "rules": many,
    }  # fmt: skip
