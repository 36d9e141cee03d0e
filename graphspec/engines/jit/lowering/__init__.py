"""From a plan to a table of operations: what runs, on which memory, in which order."""
