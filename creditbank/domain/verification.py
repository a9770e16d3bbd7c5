"""What a verification says beyond the proof: where the credit stands in the ledger now."""

from __future__ import annotations

MESSAGES = {
    "verification.stands": "The posting stands in the ledger and has not been reversed.",
    "verification.reversed": "The posting was reversed on {day}; the credit no longer counts.",
    "verification.is_reversal": "This is the reversal of an earlier posting: it takes credit away.",
    "verification.use_reversed": "The conversion that used this credit was reversed on {day}; the credit counts again.",
    "verification.is_return": "This is the reversal of a conversion: it gives back credit that was used.",
    "verification.is_use": "This posting uses credit up in a conversion; what it became has a posting of its own.",
    "verification.converted": "The posting stands. Of its {amount} credits {converted} were converted into other credit"
    " since; they cannot be used a second time.",
    "verification.not_here": "This bank's ledger has no such posting.",
}
