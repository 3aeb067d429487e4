"""Readers, one per family of formats; each turns a file into a `RawFile` of text cells."""
