# Availability: the share of operations that succeed, over time and in sum.
HERE = ARG0[1:strlen(ARG0) - strlen("availability.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ARG5; BARS = ARG6
load HERE . "style.gp"
HEADING = "Availability"
WIDTH = 1000
TOP = 74
BOTTOM = 330
LEFT = 92
RIGHT = WIDTH - 88 - LETTER * NAME_LONGEST
LEGEND = 1
HEIGHT = 450 + 28 * (MODELS > 2 ? MODELS : 2)
load HERE . "open.gp"
COLUMN = 2; KIND = "share"; FROM_ZERO = 0; CAPTION = "operations that succeed"; LAST = 1
load HERE . "timeline.gp"
if (strlen(BARS)) {
    FILE = BARS; KIND = "share"; VERBOSE = 0; TOP = 425; BOTTOM = HEIGHT - 18
    array TITLE[4]
    TITLE[1] = "all operations"
    TITLE[2] = "reads"
    TITLE[3] = "writes"
    TITLE[4] = "while a fault is on"
    # A panel that no model has is left out; the first stays.
    array SHOWN[4]
    PLACES = 0
    set xrange [*:*]
    set yrange [*:*]
    do for [k = 1:4] {
        stats FILE using (number(3 * k - 2) ? 1 : 0) nooutput
        SHOWN[k] = k == 1 || (exists("STATS_sum") && STATS_sum > 0)
        PLACES = PLACES + SHOWN[k]
    }
    PLACE = 0
    do for [k = 1:4] {
        if (SHOWN[k]) {
            PLACE = PLACE + 1; COLUMN = 3 * k - 2; CAPTION = TITLE[k]
            load HERE . "bars.gp"
        }
    }
}
unset multiplot
set output
