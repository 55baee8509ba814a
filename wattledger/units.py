"""Units are converted here and nowhere else. Tables hold kWh, kg and litres."""

WH_PER_KWH = 1000.0
J_PER_KWH = 3_600_000.0
G_PER_KG = 1000.0
KG_PER_T = 1000.0
GB_PER_TB = 1000.0
SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0
HOURS_PER_YEAR = 8760.0
