"""``python -m graphspec_gui [FILE|RUN]``."""

from graphspec_gui.app import run

run()
