# Replication lag and backlog over time: how far behind the other regions are, and what waits to be shipped or applied.
HERE = ARG0[1:strlen(ARG0) - strlen("lag.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ARG5; BARS = ""
load HERE . "style.gp"
HEADING = "How far behind the other regions are"
WIDTH = 1000
HEIGHT = 620
LEFT = 100
RIGHT = WIDTH - 88 - LETTER * NAME_LONGEST
LEGEND = 1
TOP = 74
load HERE . "open.gp"
FROM_ZERO = 0
COLUMN = 2; KIND = "time"; CAPTION = "mean replication lag"; BOTTOM = 320; LAST = 0
load HERE . "timeline.gp"
COLUMN = 3; KIND = "count"; CAPTION = "operations waiting"; TOP = 345; BOTTOM = 565; LAST = 1
load HERE . "timeline.gp"
unset multiplot
set output
