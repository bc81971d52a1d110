# Conflicts, what they cost, and stamps in the wrong order: a bar a model, with its interval.
HERE = ARG0[1:strlen(ARG0) - strlen("conflicts.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ""; BARS = ""
load HERE . "style.gp"
HEADING = "Conflicts, lost updates and inversions by clock skew, per run"
WIDTH = 1000
HEIGHT = 130 + 28 * (MODELS > 2 ? MODELS : 2)
LEGEND = 0
TOP = 100
BOTTOM = HEIGHT - 22
load HERE . "open.gp"
FILE = DATA; KIND = "count"; VERBOSE = 0; PLACES = 3
PLACE = 1; COLUMN = 1; CAPTION = "conflicts"
load HERE . "bars.gp"
PLACE = 2; COLUMN = 4; CAPTION = "lost updates"
load HERE . "bars.gp"
PLACE = 3; COLUMN = 7; CAPTION = "inversions by skew"
load HERE . "bars.gp"
unset multiplot
set output
