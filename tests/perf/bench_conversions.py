"""How fast a learner learns what their credit can become: 60 lots, 400 courses, all rules in force."""

from __future__ import annotations

from datetime import date

from creditbank.gateways import clock
from creditbank.gateways.documents import packaged

LOTS, COURSES = 60, 400


def gather(place):
    """Give an institution a library and three conversion packs, and return a learner with lots there."""
    from creditbank.domain.ledger import Deposit
    from creditbank.exchange.documents import read_document
    from creditbank.records.catalogue import Course
    from creditbank.records.scope import acting_for
    from creditbank.services.ledger.post import post_deposits
    from creditbank.services.rules import publish_rule_version

    learner, on = clock.new_id(), date(2026, 1, 20)
    with acting_for(institution=place, purpose="bench") as scope:
        for code in ("cn-conversion-a", "cn-course-certificate", "cn-electives"):
            document = read_document(packaged(f"conversion/{code}.yaml"), name=code)
            publish_rule_version(scope=scope, document=document, effective_from=on, actor=place, at=clock.now())
        categories = ("major-elective", "general-elective", "professional", "public")
        scope.rows(Course).bulk_create(
            [
                Course(
                    id=clock.new_id(), institution_id=place, code=f"C{index}", name=f"课程{index}", credit=100 + index % 4 * 50,
                    category=categories[index % 4],
                )
                for index in range(COURSES)
            ]
        )  # fmt: skip
        deposits = [
            Deposit(
                learner_id=learner, key=f"c{index}", amount=100 + index % 5 * 50, outcome_type="contest", title=f"成果{index}",
                category=("innovation", "certificate", "practice")[index % 3], earned_on=on, effective_on=on,
            )
            for index in range(LOTS)
        ]  # fmt: skip
        post_deposits(scope=scope, deposits=deposits, reason="bench.row", actor=place, at=clock.now())
    return learner


def ask(place, learner):
    """Everything the credit could become; how many answers there are."""
    from creditbank.queries.conversion_options import holdings_of, options_of
    from creditbank.records.scope import acting_for

    with acting_for(person=learner, institution=place, purpose="bench") as scope:
        return len(options_of(holdings_of(scope, learner, on=date(2026, 11, 18))))


def bench_options(table, place):
    """The median of 15 questions, each with everything read from the database."""
    import gc
    import statistics

    learner = gather(place)
    answers = ask(place, learner)
    gc.collect()
    gc.freeze()  # as the server does once it is loaded
    spent = []
    for _ in range(15):
        start = clock.monotonic()
        ask(place, learner)
        spent.append(clock.monotonic() - start)
    table.add(
        "what 60 lots can become, 400 courses", statistics.median(spent) * 1000, "ms", limit=100, least=False,
        note=f"{answers} answers with reasons",
    )  # fmt: skip
