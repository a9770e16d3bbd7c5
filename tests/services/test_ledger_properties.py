"""Whatever is posted in whatever order: replay is the balance, and no credit appears or is lost."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import State, replay
from creditbank.gateways.clock import new_id
from tests.intruder import superuser
from tests.services.bookings import content, deposit, held, post, reverse

LEARNERS = 3

requests = st.tuples(
    st.integers(0, LEARNERS - 1), st.sampled_from(["a", "b", "c"]), st.sampled_from([1, 50, 300, 6000])
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("deposit"), st.lists(requests, min_size=1, max_size=4, unique_by=lambda item: item[:2])),
        st.tuples(st.just("reverse"), st.tuples(st.integers(0, 20), st.booleans())),
    ),
    max_size=12,
)
few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def entries(bank, learner):
    with superuser(bank) as connection:
        return connection.execute(
            "SELECT posting_id, lot_id, state::text, amount FROM entry WHERE learner_id = %s", [learner]
        ).fetchall()


class Model:
    """What the ledger should hold: posted requests by learner and key, and which of them were reversed."""

    def __init__(self):
        self.amounts: dict[tuple[int, str], int] = {}
        self.postings: list[tuple[int, str, UUID]] = []
        self.reversed: set[UUID] = set()

    def may_deposit(self, wanted):
        return all(self.amounts.get((who, key), amount) == amount for who, key, amount in wanted)

    def total(self, learner):
        return sum(
            self.amounts[who, key]
            for who, key, posting in self.postings
            if who == learner and posting not in self.reversed
        )


@few
@given(steps=steps)
def test_replay_is_the_balance_and_equals_a_plain_model_after_any_steps(bank, cast, steps):
    learners = [new_id() for _ in range(LEARNERS)]
    model = Model()
    for kind, detail in steps:
        if kind == "deposit":
            done = post(cast, *(deposit(learners[who], key, amount) for who, key, amount in detail))
            assert isinstance(done, Refusal) != model.may_deposit(detail)
            if isinstance(done, Refusal):
                continue
            for (who, key, amount), posted in zip(detail, done, strict=True):
                assert posted.repeated == ((who, key) in model.amounts)
                if not posted.repeated:
                    model.amounts[who, key] = amount
                    model.postings.append((who, key, posted.posting_id))
        elif model.postings:
            place, fresh_key = detail
            who, key, posting = model.postings[place % len(model.postings)]
            done = reverse(cast, (learners[who], posting), key=f"{key}{new_id() if fresh_key else 'again'}")
            known = posting in model.reversed
            # A second reversal is refused, unless it is the same request once more.
            assert not isinstance(done, Refusal) or known
            model.reversed.add(posting)
    for place, learner in enumerate(learners):
        rows = entries(bank, learner)
        balances = {(lot, State(state)): amount for (lot, state), amount in held(bank, learner).items()}
        replayed = replay((lot, State(state), amount) for _posting, lot, state, amount in rows)
        used = {account: amount for account, amount in replayed.items() if account[1] is not State.ISSUED}
        assert used == {account: amount for account, amount in balances.items() if amount}
        assert sum(balances.values()) == model.total(place)
        assert min(balances.values(), default=0) >= 0
        sums = defaultdict(int)
        for posting, *_, amount in rows:
            sums[posting] += amount
        assert set(sums.values()) <= {0}
        issued = -sum(amount for _, _, state, amount in rows if state == "issued")
        assert issued == model.total(place)


@few
@given(
    wanted=st.lists(requests, min_size=1, max_size=8, unique_by=lambda item: item[:2]),
    order=st.randoms(use_true_random=False),
    cut=st.integers(1, 8),
)
def test_the_order_and_the_cut_of_batches_change_nothing(bank, cast, wanted, order, cut):
    one, other = [new_id() for _ in range(LEARNERS)], [new_id() for _ in range(LEARNERS)]
    post(cast, *(deposit(one[who], key, amount) for who, key, amount in wanted))
    shuffled = list(wanted)
    order.shuffle(shuffled)
    # Each batch begins with the last request of the one before: a retry that overlaps.
    for start in range(0, len(shuffled), cut):
        batch = shuffled[max(0, start - 1) : start + cut]
        post(cast, *(deposit(other[who], key, amount) for who, key, amount in batch))
    mine, theirs = content(bank, *one), content(bank, *other)
    assert {row[:2] for row in mine.pop("idempotency")} == {row[:2] for row in theirs.pop("idempotency")}
    assert mine == theirs
