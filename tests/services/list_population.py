"""A school of thousands and an issuer's list of as many rows, for figures."""

from __future__ import annotations

from datetime import date, timedelta

from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes
from creditbank.gateways import clock
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from tests.cast import AT
from tests.services.masterdata_rows import bring

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红玲芬"
HEAD = ("序号", "姓名", "身份证号", "学号", "学校", "证书名称", "证书等级", "考核结果", "证书编号", "发证日期")


def person(place):
    """Name, student number and identity number of the learner at a place; names repeat, numbers do not."""
    name = SURNAMES[place % 20] + GIVEN[place // 20 % 30] + GIVEN[place // 600 % 5]
    born = date(2000, 1, 1) + timedelta(place % 2000)
    return name, f"2024{place:06d}", identity_of(born, place % 900 + 100)


def identity_of(born, nth):
    """A valid identity number. Source of the check digit: GB 11643-1999."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    front = f"110101{born:%Y%m%d}{nth}"
    return front + "10X98765432"[sum(int(one) * weight for one, weight in zip(front, weights, strict=True)) % 11]


def enrol_many(bank, institution, count):
    """Bring a roster in through the import of master data."""
    rows = [
        {"number": number, "name": name, "national_id": identity}
        for name, number, identity in (person(place) for place in range(count))
    ]
    bring(bank, institution, "students", rows, "2026-09-01")


def claim_many(institution, count):
    """Waiting claims of the first learners about the certificate of the list, every other one with another level."""
    with acting_for(institution=institution, purpose="test") as scope:
        learners = scope.fetch(
            "SELECT learner_id FROM learner_number WHERE institution_id = %s ORDER BY student_number LIMIT %s",
            [institution, count],
        )
        made = []
        for place, (learner,) in enumerate(learners):
            facts = {
                "kind": "vocational", "certificate_level": "level4" if place % 2 else "level3", "earned_on": "2026-06-25",
            }  # fmt: skip
            made.append(
                Claim(
                    learner_id=learner,
                    claim_id=clock.new_id(),
                    institution_id=institution,
                    number=f"N{place}",
                    state="submitted",
                    outcome_type="innovation",
                    title="示范前端开发中级",
                    facts=facts,
                    created_at=AT,
                    submitted_at=AT,
                )
            )
        Claim.objects.using(scope.using).bulk_create(made, batch_size=1000)


def list_workbook(rows, ours):
    """A workbook of so many rows: most by identity number, some by student number or name alone, some of others."""
    lines = []
    for place in range(rows):
        name, number, identity = person(place)
        school = "示范职业学院"
        if place >= ours:
            school = "别的学院"
        elif place % 10 == 8:
            identity = ""
        elif place % 10 == 9:
            identity = number = ""
        elif place % 50 == 7:
            identity = identity[:-1] + ("0" if identity[-1] != "0" else "1")
        else:
            number = ""
        cells = (
            place + 1,
            name,
            identity,
            number,
            school,
            "示范前端开发",
            "中级",
            "合格",
            f"X2026{place:08d}",
            "2026-06-30",
        )
        lines.append([str(cell) for cell in cells])
    return workbook_bytes([SheetContent("结果", HEAD, lines)])
