# The distributions of latency, tails and all: the axis is log(1 / (1 - q)), each further nine as tall as the last.
HERE = ARG0[1:strlen(ARG0) - strlen("latency.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ""; BARS = ""
load HERE . "style.gp"
HEADING = "How long clients wait"
WIDTH = 1000
HEIGHT = 520
LEFT = 116
RIGHT = WIDTH - 88 - LETTER * NAME_LONGEST
LEGEND = 1
TOP = 100
load HERE . "open.gp"
# What takes no time at all has no place on a logarithmic axis: it stands at the axis' foot.
FLOOR = 0.01
nines(q) = -log10(1 - q)
latency(c) = column(c) < FLOOR ? FLOOR : column(c)
drawn(c) = number(1) && number(c) && column(1) < 1
# One range for both panels, so that reads and writes compare by eye.
LOW = 1e9
HIGH = 0
NINES = 1
do for [c = 2:3] {
    stats DATA using (drawn(c) ? 1 : 0) nooutput
    if (exists("STATS_sum") && STATS_sum > 0) {
        stats DATA using (drawn(c) ? latency(c) : 1 / 0) nooutput
        LOW = STATS_min < LOW ? STATS_min : LOW
        HIGH = STATS_max > HIGH ? STATS_max : HIGH
        stats DATA using (drawn(c) ? nines(column(1)) : 0) nooutput
        NINES = STATS_max > NINES ? STATS_max : NINES
    }
}
if (HIGH == 0) { LOW = 1; HIGH = 100 }
LOW = 0.8 * LOW
HIGH = 1.25 * HIGH
if (HIGH / LOW < 20) { LOW = LOW / 3; HIGH = HIGH * 3 }
GAP = 30
PANEL = (RIGHT - LEFT - GAP) / 2.0
array TITLE[2]
TITLE[1] = "reads"
TITLE[2] = "writes"
do for [p = 1:2] {
    set tmargin at screen y(TOP)
    set bmargin at screen y(HEIGHT - 58)
    set lmargin at screen x(LEFT + (p - 1) * (PANEL + GAP))
    set rmargin at screen x(LEFT + (p - 1) * (PANEL + GAP) + PANEL)
    set xrange [*:*]
    set yrange [*:*]
    array HAS[MODELS]
    SOME = 0
    do for [i = 1:MODELS] {
        stats DATA index i - 1 using (drawn(p + 1) ? 1 : 0) nooutput
        HAS[i] = STATS_sum > 0
        SOME = SOME + STATS_sum
    }
    set logscale x
    set xrange [LOW:HIGH] noextend
    set yrange [0:NINES * 1.03] noextend
    unset xtics
    set xtics (" " 1) nomirror out scale 0.5 font ",11" textcolor rgb INK
    do for [e = -2:7] {
        v = 10.0 ** e
        if (v >= LOW && v <= HIGH) { set xtics add ((e == -2 ? "≤ 0.01 ms" : time_text(v)) v) }
        # As many more as the width has room for: 1, 2, 5 on a short axis, 1, 3 on a longer one.
        if (HIGH / LOW < 60) {
            if (2 * v >= LOW && 2 * v <= HIGH) { set xtics add (time_text(2 * v) 2 * v) }
            if (5 * v >= LOW && 5 * v <= HIGH) { set xtics add (time_text(5 * v) 5 * v) }
        } else { if (HIGH / LOW < 700) {
            if (3 * v >= LOW && 3 * v <= HIGH) { set xtics add (time_text(3 * v) 3 * v) }
        } }
    }
    unset ytics
    set ytics (" " 0) nomirror out scale 0.5 font ",11" textcolor rgb INK
    set ytics add ((p == 1 ? "0%%" : "") 0, (p == 1 ? "50%%" : "") nines(0.5), (p == 1 ? "90%%" : "") 1, (p == 1 ? "99%%" : "") 2, \
        (p == 1 ? "99.9%%" : "") 3, (p == 1 ? "99.99%%" : "") 4, (p == 1 ? "99.999%%" : "") 5, (p == 1 ? "99.9999%%" : "") 6)
    if (p == 1) { set label 5 "operations that took no longer" at screen x(20), caption_y(TOP, HEIGHT - 58) center rotate by 90 font ",11" textcolor rgb PALE }
    set label 3 TITLE[p] at graph 0, 1 left offset 0, 0.8 font ",12" textcolor rgb INK
    if (SOME == 0) { set label 4 "no data" at graph 0.5, 0.5 center font ",14" textcolor rgb PALE }
    set grid xtics ytics back lc rgb GRID lt 1 dt solid lw 1
    # A mark at every half nine, each model's a little above the one before.
    array MARKED[MODELS]
    do for [i = 1:MODELS] { MARKED[i] = -5 }
    step(i, n) = floor(2 * n - real(i) / MODELS)
    marked(i, n) = n > 0.05 && step(i, n) > MARKED[i] ? (MARKED[i] = step(i, n), 1) : 0
    plot \
        for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) \
            using (HAS[i] ? latency(p + 1) : 1):(HAS[i] ? (drawn(p + 1) ? nines(column(1)) : NaN) : -1) with lines lt i lw width(i) notitle, \
        for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) \
            using (HAS[i] ? latency(p + 1) : 1):(HAS[i] && drawn(p + 1) && marked(i, nines(column(1))) ? nines(column(1)) : -1) with points lt i notitle, \
        NaN notitle
    unset label
    unset arrow
    unset logscale x
}
unset multiplot
set output
