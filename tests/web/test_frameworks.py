"""Frameworks from a file to the pages of office and portal."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.cli.schema import schema_of
from creditbank.domain.frameworks.write import write_any
from creditbank.exchange.frameworks.files import FileForm, packaged_names, read_file, read_packaged, write_file
from creditbank.gateways import clock
from creditbank.queries.frameworks import library_at, public_library
from creditbank.records.scope import acting_for
from creditbank.services.frameworks import store_documents
from tests.cast import AT
from tests.cli.test_rules import _check as problems
from tests.services.masterdata_rows import bring, rows_in_force
from tests.web.office_cases import client_of as client_in

CENTRE_PACKS = ("units", "levels-10", "levels-7", "eqf", "uk-levels", "crosswalk-uk-levels-eqf", "crosswalk-levels-10-eqf",
                "crosswalk-levels-7-levels-10")  # fmt: skip


def client_of(who=None):
    return client_in(who, "zh-hans")


def keep(place, *names, published=True):
    with acting_for(institution=place, purpose="test") as scope:
        return store_documents(
            scope=scope, documents=[read_packaged(name) for name in names], published=published,
            as_of=AT.date(), actor=place, at=AT,
        )  # fmt: skip


def code_of(cast, place):
    with acting_for(institution=place, purpose="test") as scope:
        return scope.fetch("SELECT code FROM institution WHERE id = %s", [place])[0][0]


def page(client, address, status=200, **given):
    answer = client.get(address, given)
    assert answer.status_code == status, answer.content.decode()[:500]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def kept(bank, cast):
    keep(cast.centre, *CENTRE_PACKS)
    keep(cast.college, "example-certification-units")
    return cast


@pytest.mark.parametrize("name", packaged_names())
def test_what_comes_with_the_program_fits_its_published_schema(name):
    data = write_any(read_packaged(name))
    schema = schema_of(data["schema"].removeprefix("creditbank.").removesuffix("/1"))
    assert problems(data, schema, schema) == []
    assert problems(data | {"more": 1}, schema, schema) != []


def test_a_file_goes_from_the_registrars_desk_to_a_page_that_everybody_reads(bank, cast):
    zhao, anyone = client_of(cast.zhao), client_of()
    code = code_of(cast, cast.college)
    assert "还没有公开的资历框架" in page(anyone, "/frameworks/")
    upload = SimpleUploadedFile("eqf.yaml", write_file(read_packaged("eqf"), FileForm.YAML))
    checked = zhao.post("/office/frameworks/import/", {"file": upload, "published": "on"})
    assert checked.status_code == 200
    assert rows_in_force(cast.college, "framework_levels") == {}
    held = re.search(r'name="held" value="([^"]+)"', checked.content.decode())[1]
    done = zhao.post("/office/frameworks/import/apply/", {"held": html.unescape(held)}, follow=True)
    assert "已保存 9 行" in done.content.decode()
    assert "欧洲资历框架" in page(anyone, "/frameworks/")
    shown = page(anyone, f"/frameworks/of/{code}/eqf/")
    assert "掌握本领域及交叉领域最前沿的知识" in shown
    assert "描述为本项目自拟的概括" in shown
    assert "The descriptors are this project's own" in page(client_in(), f"/frameworks/of/{code}/eqf/")
    case = anyone.get(f"/frameworks/of/{code}/eqf/file/case/")
    assert read_file(case.content, name="eqf.case.json").documents == (read_packaged("eqf"),)
    again = zhao.post("/office/frameworks/import/", {"packaged": "eqf"})
    assert "系统中已有完全相同的内容" in again.content.decode()


def test_another_persons_look_at_a_file_cannot_be_stored(bank, cast):
    checked = client_of(cast.zhao).post("/office/frameworks/import/", {"packaged": "eqf"})
    held = html.unescape(re.search(r'name="held" value="([^"]+)"', checked.content.decode())[1])
    for value in ("", "forged", held[:-2] + "xx"):
        answer = client_of(cast.zhao).post("/office/frameworks/import/apply/", {"held": value})
        assert answer.status_code == 422
        assert "未保存任何内容" in answer.content.decode()
    assert rows_in_force(cast.college, "frameworks") == {}


def test_a_file_with_errors_is_refused_with_every_line_and_path(bank, cast):
    text = write_file(read_packaged("eqf"), FileForm.YAML).decode()
    text = text.replace("ordinal: '3'", "ordinal: third").replace("- code: '5'", "- code: 'a b'")
    answer = client_of(cast.zhao).post(
        "/office/frameworks/import/", {"file": SimpleUploadedFile("eqf.yaml", text.encode())}
    )
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "levels[2].ordinal" in said
    assert "levels[4].code" in said
    assert "有 2 处错误" in said


def test_what_a_case_package_could_not_bring_is_said_before_it_is_stored(bank, cast):
    data = json.loads(write_case_of("eqf"))
    data["CFRubrics"] = [{}]
    data["CFAssociations"][0]["associationType"] = "isSortOf"
    upload = SimpleUploadedFile("eqf.json", json.dumps(data).encode())
    said = client_of(cast.zhao).post("/office/frameworks/import/", {"file": upload}).content.decode()
    assert "CFRubrics 未导入" in said
    assert "isSortOf" in said


def write_case_of(name):
    from creditbank.exchange.frameworks.files import write_case

    return write_case(read_packaged(name), creator="x", at=AT)


def test_a_framework_that_is_not_published_is_on_no_public_page_and_on_the_desks_of_its_school_only(bank, cast):
    keep(cast.college, "eqf", published=False)
    code = code_of(cast, cast.college)
    anyone = client_of()
    assert "eqf" not in page(anyone, "/frameworks/")
    for address in (f"/frameworks/of/{code}/eqf/", f"/frameworks/of/{code}/eqf/file/yaml/"):
        assert anyone.get(address).status_code == 404
    assert "欧洲资历框架" in page(client_of(cast.chen), f"/office/frameworks/of/{code}/eqf/")
    with acting_for(institution=cast.university, purpose="test") as scope:
        assert library_at(scope).frameworks() == ()
        assert scope.fetch("SELECT count(*) FROM framework_row") == [(0,)]
    # Publishing the head publishes its levels; retiring it takes both away again.
    row = {"code": "eqf", "published": "yes"}
    bring(bank, cast.college, "frameworks", [row], "2031-01-01", "p")
    assert "最前沿" in page(anyone, f"/frameworks/of/{code}/eqf/")
    bring(bank, cast.college, "frameworks", [row | {"retired": "yes"}], "2031-01-02", "q")
    assert anyone.get(f"/frameworks/of/{code}/eqf/").status_code == 404
    with acting_for(purpose="test") as scope:
        assert public_library(scope).shelves == ()
        assert scope.fetch("SELECT count(*) FROM framework_row") == [(0,)]


def test_a_school_sees_what_the_centre_publishes_and_the_centre_not_what_a_school_keeps(kept):
    with acting_for(institution=kept.college, purpose="test") as scope:
        library = library_at(scope)
        assert [shelf.own for shelf in library.shelves] == [True, False]
        assert {one.framework.code for one in library.frameworks()} == {"levels-10", "levels-7", "eqf", "uk-levels"}
    with acting_for(institution=kept.centre, purpose="test") as scope:
        assert all(not shelf.certification_units for shelf in library_at(scope).shelves)


def test_two_frameworks_stand_side_by_side_and_a_path_is_said_to_be_one(kept):
    centre = code_of(kept, kept.centre)
    anyone = client_of()
    direct = page(anyone, "/frameworks/compare/", first=f"{centre}:uk-levels", second=f"{centre}:eqf")
    assert "uk-levels-eqf" in direct
    assert "更宽 · 70 %" in direct
    over = page(anyone, "/frameworks/compare/", first=f"{centre}:levels-7", second=f"{centre}:eqf")
    assert "没有直接对照这两个框架的对照表" in over
    assert "levels-7-levels-10 → levels-10-eqf" in over
    assert "· 60 %" in over
    # Seven to ten has 40 where ten to EQF has 60: the path has no more than 40.
    assert "相关 · 40 %" in over
    none = page(anyone, "/frameworks/compare/", first=f"{centre}:eqf", second=f"{centre}:eqf")
    assert "选择的是同一个框架" in none


def test_credit_is_converted_by_every_basis_for_everybody(kept):
    shown = page(client_of(), "/frameworks/credit-units/", amount="10", from_unit="ects", to_unit="uk-cats")
    assert "按名义学时：10 欧洲学分 = 25–30 英国学分" in shown
    assert "按公布的折算比：10 欧洲学分 = 20 英国学分" in shown
    assert "各种依据的结果不一致" in shown
    wrong = page(client_of(), "/frameworks/credit-units/", amount="-1", from_unit="ects", to_unit="nothing")
    assert "25–30 英国学分" not in wrong


def test_a_registrar_begins_a_crosswalk_and_fills_a_cell_which_then_is_public_with_its_crosswalk(kept):
    zhao = client_of(kept.zhao)
    centre, school = code_of(kept, kept.centre), code_of(kept, kept.college)
    begun = zhao.post(
        "/office/frameworks/crosswalks/",
        {"code": "own-1", "first": f"{centre}:levels-10", "second": f"{centre}:uk-levels"},
    )
    assert begun.status_code == 302
    matrix = begun.headers["Location"]
    assert "还没有任何对应关系" in page(zhao, matrix)
    query = matrix.partition("?")[2]
    cell = f"/office/frameworks/crosswalks/{school}/own-1/cell/5/4/?{query}"
    assert zhao.post(cell, {"match": "exact", "confidence": "101"}).status_code == 422
    assert (
        zhao.post(cell, {"match": "broader", "confidence": "65", "note": "相近", "source": "本校"}).status_code == 302
    )
    assert "更宽 · 65 %" in page(zhao, matrix)
    rows = rows_in_force(kept.college, "crosswalks")
    assert [content["confidence"] for content, *_rest in rows.values()] == [65]
    assert zhao.post(cell, {"match": "related", "confidence": "", "source": "本校"}).status_code == 302
    ((content, *_rest),) = rows_in_force(kept.college, "crosswalks").values()
    assert (content["match"], content["confidence"], content["note"]) == ("related", None, None)
    assert zhao.post(cell, {"match": "none"}).status_code == 302
    assert "还没有任何对应关系" in page(zhao, matrix)
    assert zhao.post(cell, {"match": "exact", "confidence": "0", "source": "本校"}).status_code == 302
    assert "对等 · 0 %" in page(zhao, matrix)


def test_a_crosswalk_of_the_centre_is_read_by_a_school_and_not_changed(kept):
    zhao, centre = client_of(kept.zhao), code_of(kept, kept.centre)
    matrix = f"/office/frameworks/crosswalks/{centre}/uk-levels-eqf/"
    assert "对等 · 90 %" in page(zhao, matrix)
    assert zhao.get(f"{matrix}cell/6/6/").status_code == 404
    assert zhao.post(f"{matrix}cell/6/6/", {"match": "none"}).status_code == 404
    file = zhao.get(f"{matrix}file/yaml/")
    (found,) = read_file(file.content, name="x.yaml").documents
    assert set(found.rows) == set(read_packaged("crosswalk-uk-levels-eqf").rows)


def test_what_covers_a_course_is_asked_and_answered_with_exact_credit(kept):
    chen = client_of(kept.chen)
    address = "/office/frameworks/certification-units/"
    shown = page(chen, address + "?target=course:SW2101&held=certificate:x-web-mid&held=outcome:contest-web")
    assert "SW2101 所需的 3 个单元中已覆盖 2 个" in shown
    assert "3.75" in shown
    assert "请至少选择一项已有的成果" in page(chen, address + "?target=course:SW2101")
    school = code_of(kept, kept.college)
    assert "网页设计竞赛二等奖" in page(chen, f"{address}of/{school}/U-WEB-2/")
    assert "上机测试" in page(client_of(), f"/frameworks/certification-units/{school}/U-WEB-2/")
    file = chen.get(f"{address}file/yaml/")
    assert [one.code for one in read_file(file.content, name="x.yaml").documents[0]] == [
        "U-WEB-1",
        "U-WEB-2",
        "U-WEB-3",
    ]


def test_a_code_that_no_document_may_have_is_said_where_a_file_is_asked_for(bank, cast):
    bring(bank, cast.college, "frameworks", [{"code": "本校框架", "name": "一"}], "2026-01-01", "a")
    bring(bank, cast.college, "framework_levels", [{"framework": "本校框架", "level": "五级"}], "2026-01-01", "b")
    school = code_of(cast, cast.college)
    chen = client_of(cast.chen)
    listed = chen.get("/office/frameworks/").content.decode()
    address = re.search(rf'href="(/office/frameworks/of/{school}/~[^"]+)"', listed)[1]
    assert "五级" in page(chen, address)
    answer = chen.get(f"{address}file/yaml/")
    assert answer.status_code == 422
    assert "code: expected a code" in answer.content.decode()


def test_a_framework_may_be_stated_by_sheets_and_by_a_document_and_says_the_same(bank, cast):
    keep(cast.college, "levels-7")
    before = rows_in_force(cast.college, "framework_levels")
    plan = keep(cast.college, "levels-7")
    assert {one.verdict.value for one in plan.judged} == {"same"}
    assert rows_in_force(cast.college, "framework_levels") == before
    bring(bank, cast.college, "framework_levels", [{"framework": "levels-7", "level": "8", "name": "八级", "ordinal": "7.5"}],
          clock.today("Asia/Shanghai").isoformat(), "c")  # fmt: skip
    with acting_for(institution=cast.college, purpose="test") as scope:
        (placed,) = library_at(scope).frameworks()
        assert [str(one.ordinal) for one in placed.framework.levels][-2:] == ["7", "15/2"]
    assert [key for _set, key in keep(cast.college, "levels-7").missing] == ["levels-7|8"]
