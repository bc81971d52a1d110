# Staleness over time: how old what reads return is, and how many reads are stale at all.
HERE = ARG0[1:strlen(ARG0) - strlen("staleness.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ARG5; BARS = ARG6
load HERE . "style.gp"
HEADING = "How stale reads are over time"
WIDTH = 1000
HEIGHT = 620
LEFT = 100
RIGHT = WIDTH - 88 - LETTER * NAME_LONGEST
LEGEND = 1
TOP = 74
load HERE . "open.gp"
COLUMN = 2; KIND = "time"; CAPTION = "mean staleness of a read"; BOTTOM = 320; LAST = 0
load HERE . "timeline.gp"
COLUMN = 3; KIND = "share"; FROM_ZERO = 1; CAPTION = "reads that are stale"; TOP = 345; BOTTOM = 565; LAST = 1
load HERE . "timeline.gp"
unset multiplot
set output
