"""An hourly series of the grid of one region, as a vendor would hand it out: INVENTED, no measurement of any grid.

Round numbers: solar power at noon, gas in the evening, less load at the weekend. One value for each hour of the day in
Oregon, so that work at night has another intensity than the mean of the year.
"""

from collections.abc import Iterator

import sample_world as world
from sample_world import HOUR, MAY

_ZONE = "aws:us-west-2"
_HOURS_BEHIND_UTC = 7  # of Oregon in summer
_NIGHT_G, _NOON_G, _EVENING_G = 340, 240, 420  # g CO2e per kWh over the life cycle
_NOON, _EVENING = range(10, 17), range(18, 23)  # hours of the day there
_LESS_AT_WEEKENDS_G = 20
_SOURCE, _LICENCE = "Northlight, constructed", "no licence needed: invented numbers"


def grid_rows() -> Iterator[dict[str, object]]:
    """Yield one row per hour of the months on the bill, UTC."""
    start = MAY
    while start < world.END:
        there = start - _HOURS_BEHIND_UTC * HOUR
        grams = _NOON_G if there.hour in _NOON else _EVENING_G if there.hour in _EVENING else _NIGHT_G
        yield {
            "zone": _ZONE,
            "start": f"{start:%Y-%m-%dT%H:%M}Z",
            "g_co2e_per_kwh": grams - (_LESS_AT_WEEKENDS_G if there.weekday() >= 5 else 0),
            "boundary": "lifecycle",
            "source": _SOURCE,
            "licence": _LICENCE,
        }
        start += HOUR
