"""The portable engine, and the oracle for every other."""
