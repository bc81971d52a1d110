# Convergence: how many keys differ between replicas over time, and how long after the last fault they agree.
HERE = ARG0[1:strlen(ARG0) - strlen("convergence.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ARG5; BARS = ARG6
load HERE . "style.gp"
HEADING = "How replicas diverge, and how soon they agree again"
WIDTH = 1000
TOP = 74
BOTTOM = 330
LEFT = 92
RIGHT = WIDTH - 88 - LETTER * NAME_LONGEST
LEGEND = 1
# Under the lines a list of bars, no less tall than the legend may need.
HEIGHT = 450 + 28 * (MODELS > 2 ? MODELS : 2)
load HERE . "open.gp"
COLUMN = 2; KIND = "count"; FROM_ZERO = 0; CAPTION = "keys that differ"; LAST = 1
load HERE . "timeline.gp"
if (strlen(BARS)) {
    FILE = BARS; COLUMN = 1; KIND = "time"; VERBOSE = 1; PLACE = 1; PLACES = 1
    CAPTION = "from a fault's end until what had committed by then is applied everywhere"; TOP = 425; BOTTOM = HEIGHT - 18
    load HERE . "bars.gp"
}
unset multiplot
set output
