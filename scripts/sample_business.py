"""What the invented company sold: orders of its web shop and searches of its search service, by day.

Round numbers, INVENTED, in step with nothing else: fewer at the weekend. A day without a count and one that was never
written are planted, so that one can see what becomes of them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sample_world as world
from sample_world import END, JULY, JUNE, MAY

_ORDERS, _ORDERS_AT_WEEKENDS = 12000, 9000
_SEARCHES, _SEARCHES_AT_WEEKENDS = 150000, 90000
_NOT_COUNTED = JUNE + timedelta(days=11)
_NOT_WRITTEN = JULY + timedelta(days=3)


def metric_rows() -> Iterator[dict[str, object]]:
    """Yield one row per day and metric."""
    for day in _days(MAY, END):
        if day == _NOT_WRITTEN:
            continue
        count = _ORDERS_AT_WEEKENDS if day.weekday() >= 5 else _ORDERS
        yield _row(day, "orders", "" if day == _NOT_COUNTED else count, "aws", world.WEB)
    for day in _days(JUNE, JULY):
        count = _SEARCHES_AT_WEEKENDS if day.weekday() >= 5 else _SEARCHES
        yield _row(day, "searches", count, "gcp", "*-search")


def _days(start: datetime, end: datetime) -> Iterator[datetime]:
    return (start + timedelta(days=number) for number in range((end - start).days))


def _row(day: datetime, metric: str, quantity: object, provider: str, account: str) -> dict[str, object]:
    return {
        "date": f"{day:%Y-%m-%d}",
        "metric": metric,
        "quantity": quantity,
        "provider": provider,
        "account": account,
    }
