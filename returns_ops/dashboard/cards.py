"""The cards that hang at a bench: a scan of one does what a key would do."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from returns_ops.returns.code128 import svg

# Its signs are those that differ most between keyboard layouts. See static/js/scanner_check.js.
TEST_CODE = "TEST-12/azqwym:A+"


@dataclass(frozen=True)
class Card:
    code: str
    name: str
    does: str

    @property
    def bars(self) -> SafeString:
        return mark_safe(svg(self.code))


COMMAND_CARDS = [
    Card("CMD:APPROVE", "Approve", "Saves the decision that the screen shows."),
    Card("CMD:UNDO", "Undo", "Takes the last decision back, as long as it is held."),
    Card("CMD:HOLD", "Hold", "Stops the time in which a decision can be undone."),
    Card("CMD:NEXT", "Next", "Leaves this return and waits for the next box."),
    Card("CMD:ALL", "All received", "Counts everything as received, as expected."),
    Card("CMD:MISSING", "Rest is missing", "Marks what was not scanned as missing."),
    Card("CMD:REJECT", "Next: reject", "The next unit scanned is rejected."),
    Card("CMD:NORESTOCK", "Next: no restock", "The next unit is refunded, not restocked."),
    Card("CMD:EXCEPTION", "Next: needs a person", "The next unit goes to a colleague."),
    Card("CMD:GOOD", "Next: good", "Takes the last of these three cards back."),
]
TEST_CARD = Card(TEST_CODE, "Test card", "For the scanner check.")
