"""The physics: classification rules, factor sets, power models, the rate card."""
