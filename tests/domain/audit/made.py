"""Short ways to write programmes and credits in tests."""

from __future__ import annotations

from creditbank.domain.audit.model import Credit
from creditbank.domain.programmes.fields import SCHEMA
from creditbank.domain.programmes.reading import read_programme


def programme(requirement, **more):
    return read_programme({"schema": SCHEMA, "code": "P", "title": "方案", "requirement": requirement, **more})


def credits_from(name, minimum, accepts=None, of_which=()):
    node = {"id": name, "title": name, "credits_from": accepts or {}, "minimum": minimum}
    return {**node, "of_which": list(of_which)} if of_which else node


def courses_from(name, n, accepts=None):
    return {"id": name, "title": name, "courses_from": accepts or {}, "n": n}


def group(name, kind, children, **more):
    return {"id": name, "title": name, kind: children, **more}


def part(name, accepts=None, **bounds):
    return {"id": name, "title": name, "from": accepts or {}, **bounds}


def credit(name, amount, field="", **more):
    return Credit(name, amount * 100 if isinstance(amount, int) else int(amount * 100), field=field, **more)
