# What faults cost: how far back what each took goes, and how long until writes succeed again, as shares of the faults; below,
# of failovers: how soon another led, how long two did, and the commits lost in a run.
HERE = ARG0[1:strlen(ARG0) - strlen("failover.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ""; BARS = ARG6
load HERE . "style.gp"
HEADING = "What crashes and partitions cost"
WIDTH = 1000
TOP = 100
FOOT = 360
HEIGHT = strlen(BARS) ? FOOT + 120 + 28 * (MODELS > 2 ? MODELS : 2) : FOOT + 58
LEFT = 92
RIGHT = WIDTH - 88 - LETTER * NAME_LONGEST
LEGEND = 1
load HERE . "open.gp"
# What is nothing has no place on a logarithmic axis: it stands at the axis' foot.
FLOOR = 1
cost(c) = column(c) < FLOOR ? FLOOR : column(c)
drawn(c) = number(1) && number(c)
GAP = 40
PANEL = (RIGHT - LEFT - GAP) / 2.0
array TITLE[2]
TITLE[1] = "recovery point: how far back is lost"
TITLE[2] = "recovery time: until writes succeed"
do for [p = 1:2] {
    set tmargin at screen y(TOP)
    set bmargin at screen y(FOOT)
    set lmargin at screen x(LEFT + (p - 1) * (PANEL + GAP))
    set rmargin at screen x(LEFT + (p - 1) * (PANEL + GAP) + PANEL)
    set xrange [*:*]
    set yrange [*:*]
    array HAS[MODELS]
    SOME = 0
    HIGH = 1000
    do for [i = 1:MODELS] {
        stats DATA index i - 1 using (drawn(p + 1) ? 1 : 0) nooutput
        HAS[i] = STATS_sum > 0
        SOME = SOME + STATS_sum
        if (HAS[i]) {
            stats DATA index i - 1 using (drawn(p + 1) ? cost(p + 1) : FLOOR) nooutput
            HIGH = STATS_max > HIGH ? STATS_max : HIGH
        }
    }
    HIGH = 1.4 * HIGH
    set logscale x
    set xrange [0.8 * FLOOR:HIGH] noextend
    set yrange [0:1.04] noextend
    unset xtics
    set xtics (" " 1) nomirror out scale 0.5 font ",11" textcolor rgb INK
    do for [e = 0:8] {
        v = 10.0 ** e
        if (v <= HIGH) { set xtics add ((e == 0 ? "≤ 1 ms" : time_text(v)) v) }
    }
    unset ytics
    set ytics (" " 0) nomirror out scale 0.5 font ",11" textcolor rgb INK
    set ytics add ((p == 1 ? "0%%" : "") 0, (p == 1 ? "25%%" : "") 0.25, (p == 1 ? "50%%" : "") 0.5, (p == 1 ? "75%%" : "") 0.75, \
        (p == 1 ? "100%%" : "") 1)
    if (p == 1) { set label 5 "faults that cost no more" at screen x(20), caption_y(TOP, FOOT) center rotate by 90 font ",11" textcolor rgb PALE }
    set label 3 TITLE[p] at graph 0, 1 left offset 0, 0.8 font ",12" textcolor rgb INK
    if (SOME == 0) { set label 4 "no data" at graph 0.5, 0.5 center font ",14" textcolor rgb PALE }
    set grid xtics ytics back lc rgb GRID lt 1 dt solid lw 1
    # A mark at every tenth, each model's a little above the one before.
    array MARKED[MODELS]
    do for [i = 1:MODELS] { MARKED[i] = -1 }
    step(i, q) = floor(5 * q - real(i) / MODELS)
    marked(i, q) = step(i, q) > MARKED[i] ? (MARKED[i] = step(i, q), 1) : 0
    plot \
        for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) \
            using (HAS[i] ? cost(p + 1) : 1):(HAS[i] ? (drawn(p + 1) ? column(1) : NaN) : -1) with lines lt i lw width(i) notitle, \
        for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) \
            using (HAS[i] ? cost(p + 1) : 1):(HAS[i] && drawn(p + 1) && marked(i, column(1)) ? column(1) : -1) with points lt i notitle, \
        NaN notitle
    unset label
    unset arrow
    unset logscale x
}
if (strlen(BARS)) {
    FILE = BARS; VERBOSE = 0; PLACES = 3; TOP = FOOT + 94; BOTTOM = HEIGHT - 18
    PLACE = 1; COLUMN = 1; KIND = "time"; CAPTION = "until another leads, mean"
    load HERE . "bars.gp"
    PLACE = 2; COLUMN = 4; KIND = "time"; CAPTION = "two leaders answer, a run"
    load HERE . "bars.gp"
    PLACE = 3; COLUMN = 7; KIND = "count"; CAPTION = "lost commits, a run"
    load HERE . "bars.gp"
}
unset multiplot
set output
