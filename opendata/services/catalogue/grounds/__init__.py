"""The gate before what isn't open: it needs a ground on the negative list that is in force."""
