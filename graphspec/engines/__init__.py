"""Engines run plans. Which one is an argument, never a process-wide switch."""
