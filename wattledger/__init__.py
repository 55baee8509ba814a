"""wattledger: an energy and carbon ledger for cloud and AI spending."""

__version__ = "0.1.0"
