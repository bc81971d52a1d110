# What crosses between regions in a run, and what a month of it costs.
HERE = ARG0[1:strlen(ARG0) - strlen("traffic.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ""; BARS = ""
load HERE . "style.gp"
HEADING = "Traffic between regions"
WIDTH = 1000
HEIGHT = 130 + 28 * (MODELS > 2 ? MODELS : 2)
LEGEND = 0
TOP = 100
BOTTOM = HEIGHT - 22
load HERE . "open.gp"
FILE = DATA; VERBOSE = 0; PLACES = 3
PLACE = 1; COLUMN = 1; KIND = "bytes"; CAPTION = "bytes, per run"
load HERE . "bars.gp"
PLACE = 2; COLUMN = 4; KIND = "count"; CAPTION = "messages, per run"
load HERE . "bars.gp"
PLACE = 3; COLUMN = 7; KIND = "money"; CAPTION = "egress, USD per month"
load HERE . "bars.gp"
unset multiplot
set output
