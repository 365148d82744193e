"""The values everything speaks of: inert, typed, and without a word of any language."""
