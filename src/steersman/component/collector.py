"""How often Python looks for cycles.

A server keeps many small objects for long. What was there at the start is never garbage, and most of what comes later
is freed by its count; looking for cycles at Python's own pace would stop everything for a tenth of a second again and
again.
"""

import gc

# Containers made since the last look at the youngest; looks at the youngest for one at the next; and so on.
THRESHOLDS = (20_000, 50, 100)


def tune() -> None:
    """Leave what is there alone, and look at the rest less often. Call it when all is imported."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
