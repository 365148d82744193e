"""Pages of duties with a clock: the ledger, its rules, the working calendar, what was done on time."""
