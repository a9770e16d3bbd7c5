"""Make a demonstration bank with invented people and cases, and serve it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import Any

from creditbank.cli.boot import bank_of, opened
from creditbank.cli.simulate import LEAST, MOST, STUDENTS, simulate_college
from creditbank.gateways import bank as banks
from creditbank.gateways import database, keys
from creditbank.gateways.problem import Problem

LEARNERS, CLAIMING = 150, 150
"""Learners of the university and the company, and learners of the college who have filed something."""
_BUILDING = "creditbank.demo.building/1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How it is made, and whether it is served."""
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bank (default: 1)")
    parser.add_argument(
        "--students", type=int, default=STUDENTS, help=f"of the invented college, {LEAST} or more (default: {STUDENTS})"
    )
    parser.add_argument("--no-serve", action="store_true", help="end after the work")
    parser.add_argument("--reset", action="store_true", help="remove an earlier demonstration bank first")
    parser.add_argument("--port", type=int, help="the port (default: 8000, or the next free one)")


def run(arguments: argparse.Namespace) -> int:
    """Build once, keep what is there, serve until interrupted."""
    if not LEAST <= arguments.students <= MOST:
        raise Problem(
            en=f"The college of the demonstration has {LEAST} to {MOST} students. Nothing was made.",
            zh=f"演示学院的学生数须在 {LEAST} 到 {MOST} 之间。没有创建任何内容。",
        )
    bank = bank_of(arguments)
    if banks.exists(bank) and (arguments.reset or (keys.read(bank, "demo") or {}).get("schema") == _BUILDING):
        # A build that was stopped is begun again: half a demonstration is none.
        _remove(bank)
    with opened(arguments, "demo", migrated=False):
        cast = keys.read(bank, "demo")
        if cast is None:
            if _holds_institutions():
                raise Problem(
                    en=f"{bank.home} already holds a bank that is no demonstration. Nothing was changed."
                    " Name another folder with --bank.",
                    zh=f"{bank.home} 中已有一个非演示的学分银行。没有任何改动。请用 --bank 指定其他文件夹。",
                )
            keys.write(bank, "demo", {"schema": _BUILDING})
            cast = _build(bank, arguments.seed, arguments.students)
            keys.write(bank, "demo", cast)
        else:
            _say("Keeping the demonstration bank that is there (--reset makes a new one)")
            from creditbank.services.bank import migrate_bank

            migrate_bank()
        if arguments.json:
            print(json.dumps(cast, ensure_ascii=False, indent=2))
        if arguments.no_serve:
            if not arguments.json:
                _print_cast(cast, "")
            return 0
        from creditbank.cli.serve import serve

        return serve(
            "127.0.0.1",
            arguments.port,
            workers=1,
            worker=True,
            ready=lambda address: None if arguments.json else _print_cast(cast, address),
        )


def _remove(bank: banks.Bank) -> None:
    """Remove an earlier demonstration, never a bank that was not made as one and never one in use."""
    if keys.read(bank, "demo") is None:
        raise Problem(
            en=f"The bank in {bank.home} is not a demonstration bank. Nothing was removed."
            " Name another folder with --bank.",
            zh=f"{bank.home} 中的学分银行不是演示银行。没有删除任何内容。请用 --bank 指定其他文件夹。",
        )
    if database.server_url() is not None:
        raise Problem(
            en="--reset does not remove databases on a server (DATABASE_URL). Nothing was removed.",
            zh="--reset 不会删除服务器（DATABASE_URL）上的数据库。没有删除任何内容。",
        )
    if database.holders(bank):
        raise Problem(
            en=f"The bank in {bank.home} is in use. Nothing was removed. Stop the programs that use it first.",
            zh=f"{bank.home} 中的学分银行正在使用。没有删除任何内容。请先停止正在使用它的程序。",
        )
    for folder in (bank.sheets, bank.db, bank.files, bank.log, bank.keys):
        shutil.rmtree(folder, ignore_errors=True)
    bank.label.unlink(missing_ok=True)
    _say("The earlier demonstration bank is removed")


def _build(bank: banks.Bank, seed: int, students: int) -> dict[str, Any]:
    from django.db import connections

    from creditbank.exchange.catalogue import read_catalogue
    from creditbank.exchange.college import Simulated
    from creditbank.exchange.documents import read_document
    from creditbank.exchange.frameworks.files import packaged_names, read_packaged
    from creditbank.gateways import chance as chances
    from creditbank.gateways import clock
    from creditbank.gateways.documents import packaged
    from creditbank.projections.progress import rebuild_progress
    from creditbank.queries.institutions import institution_named
    from creditbank.records.scope import acting_for
    from creditbank.services.bank import migrate_bank
    from creditbank.services.demonstration import learners, places
    from creditbank.services.demonstration.catalogue import publish_items
    from creditbank.services.demonstration.college.calendar import present_year
    from creditbank.services.demonstration.college.sheets import RESULTS_EACH
    from creditbank.services.demonstration.conversions import convert_credit
    from creditbank.services.log import publish_waiting
    from creditbank.services.masterdata.existing import take_existing_everywhere

    started = clock.monotonic()
    _say("Making the tables")
    migrate_bank()
    at, on = clock.now(), clock.today("Asia/Shanghai")
    chance = chances.seeded(seed)
    passwords: dict[str, str] = {}

    def password(sign_in: str) -> str:
        passwords[sign_in] = keys.new_password()[:20]
        return passwords[sign_in]

    def pack(name: str) -> Any:
        return read_document(packaged(f"{name}.yaml"), name=name)

    _say("Founding the centre, an open university and a training company")
    ids = places.found_places()
    places.open_calendars(ids, on.year - 4, on.year)
    places.publish_catalogue(ids, pack, ids["centre"], at)
    take_existing_everywhere(at)
    units = {name for name in packaged_names() if name.startswith("example-")}
    shared = [read_packaged(name) for name in packaged_names() if name not in units]
    places.publish_frameworks(ids["centre"], shared, at)
    _say(f"A college of {students:,} students sends its sheets")
    asked = Simulated(seed, students, students * RESULTS_EACH, present_year(on))
    simulated = simulate_college(bank, asked, code=places.COLLEGE, say=lambda en, _zh: _say(en))
    college = institution_named(places.COLLEGE)
    assert college is not None
    places.publish_frameworks(college.id, [read_packaged(name) for name in sorted(units)], at)
    ids |= places.college_places(college.id)
    people = places.hire_staff(ids, password, chances.romanised, at)
    _say(f"Enrolling {LEARNERS} learners of the university and the company")
    enrolled = learners.enrol_learners(
        ids, chance, LEARNERS, sort_key=chances.sort_key, romanised=chances.romanised, at=at
    )
    learners.import_results(ids, enrolled, chance, at)
    own = learners.college_learners(college.id, places.COLLEGE, simulated["stars"], CLAIMING)
    chosen = dict(zip(simulated["stars"], own, strict=False))
    chosen |= {"wei": enrolled[0], "he": enrolled[2]}
    people += learners.open_learner_accounts(ids, chosen, password, chances.romanised, at)
    _say("Filing and reviewing claims")
    staff = {item.sign_in: item for item in people}
    counts = learners.file_claims(ids, [*own, *enrolled], staff, bank, chance, at=at, on=on)
    converting = [one for one in own if one.id not in {staff[name].id for name in ("lin", "mei") if name in staff}]
    converted = convert_credit(college.id, converting, staff["chen"].id, at=at, on=on)
    _say("Publishing a catalogue of outcomes")
    items = read_catalogue(packaged("catalogue/demo.yaml"), name="demo-catalogue")
    publish_items(ids[places.COLLEGE], items, author=staff["zhao"].id, second=staff["liu"].id, at=at, on=on)
    _say("Auditing programmes")
    for code in (places.COLLEGE, "dou"):
        with acting_for(institution=ids[code], purpose="job") as scope:
            rebuild_progress(scope, at=at, on=on)
    _say("Publishing the log")
    connections["sequencer"].ensure_connection()
    publish_waiting(connections["sequencer"].connection, bank)
    _say(f"Done in {clock.monotonic() - started:.0f} s")
    names = {code: name for code, _kind, _above, name, _en in places.PLACES} | _names(college.id)
    return {
        "schema": "creditbank.demo/1",
        "seed": seed,
        "institutions": [{"code": code, "name": names[code], "id": str(ids[code])} for code in ids],
        "people": [
            {
                "sign_in": person.sign_in,
                "password": passwords[person.sign_in],
                "name": person.name,
                "role": person.role,
                "place": names[person.place],
                "id": str(person.id),
            }
            for person in people
        ],
        "claims": counts,
        "conversions": converted,
        "college": simulated,
    }


def _names(college: Any) -> dict[str, str]:
    """What the college and its units are called, by code."""
    from creditbank.queries.institutions import all_institutions

    return {place.code: place.name for place in all_institutions() if college in (place.id, place.parent_id)}


def _holds_institutions() -> bool:
    """Whether somebody's institutions are in this bank already."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('institution') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT EXISTS (SELECT FROM institution)")
        return bool(cursor.fetchone()[0])


def _print_cast(cast: dict[str, Any], address: str) -> None:
    if address:
        print(f"\n  {address}          public portal  门户网站")
        print(f"  {address}learner/  learner        学生端")
        print(f"  {address}office/   office         学校管理端\n")
    print(f"  {'sign in':<9}{'password':<23}{'role':<11}name, place")
    for person in cast["people"]:
        who = f"{person['name']}, {person['place']}"
        print(f"  {person['sign_in']:<9}{person['password']:<23}{person['role']:<11}{who}")
    print()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
