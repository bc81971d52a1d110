# Conflicts, what they cost, and stamps in the wrong order: a bar a model, with its interval; what was lost is
# divided by cause.
HERE = ARG0[1:strlen(ARG0) - strlen("conflicts.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ""; BARS = ""
load HERE . "style.gp"
HEADING = "Conflicts, lost updates and inversions by clock skew, per run"
WIDTH = 1000
HEIGHT = 164 + 28 * (MODELS > 2 ? MODELS : 2)
LEGEND = 0
TOP = 100
BOTTOM = HEIGHT - 56
PARTS = 5
PART_NAMES = "concurrent clock_offset drift late_arrival failover"
PART_COLOURS = "0xBBBBBB 0xCC6677 0x882255 0xDDAA33 0x117733"
load HERE . "open.gp"
FILE = DATA; KIND = "count"; VERBOSE = 0; PLACES = 3
PLACE = 1; COLUMN = 1; STACK = 0; CAPTION = "conflicts"
load HERE . "bars.gp"
PLACE = 2; COLUMN = 4; STACK = 10; CAPTION = "lost updates"
load HERE . "bars.gp"
PLACE = 3; COLUMN = 7; STACK = 15; CAPTION = "inversions by skew"
load HERE . "bars.gp"
load HERE . "parts.gp"
unset multiplot
set output
