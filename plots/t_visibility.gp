# The t-visibility curve: how likely a read, begun t after a write to its key committed, misses that write.
HERE = ARG0[1:strlen(ARG0) - strlen("t_visibility.gp")]
DATA = ARG1; OUT = ARG2; FORMAT = ARG3; SUBTITLE = ARG4; FAULTS = ""; BARS = ""
load HERE . "style.gp"
HEADING = "How soon a write is seen"
WIDTH = 1000
HEIGHT = 480
LEFT = 100
RIGHT = WIDTH - 88 - LETTER * NAME_LONGEST
LEGEND = 1
TOP = 74
load HERE . "open.gp"
array HAS[MODELS]
SOME = 0
TMAX = 1
PMAX = 0
do for [i = 1:MODELS] {
    stats DATA index i - 1 using (number(1) && number(2) ? 1 : 0) nooutput
    HAS[i] = STATS_sum > 0
    SOME = SOME + STATS_sum
}
if (SOME > 0) {
    stats DATA using (number(1) ? column(1) : 0) nooutput
    TMAX = STATS_max > 1 ? STATS_max : 1
    stats DATA using (number(4) ? column(4) : number(2) ? column(2) : 0) nooutput
    PMAX = STATS_max
}
set tmargin at screen y(TOP)
set bmargin at screen y(HEIGHT - 58)
set lmargin at screen x(LEFT)
set rmargin at screen x(RIGHT)
set xrange [-0.02 * bend(TMAX):bend(TMAX)] noextend
FULL = PMAX <= 0.01 ? 0.01 : PMAX <= 0.1 ? 0.1 : PMAX <= 0.5 ? 0.5 : 1.0
set yrange [-0.02 * FULL:1.04 * FULL] noextend
set xtics ("0" 0)
do for [e = 0:7] {
    v = 10.0 ** e
    if (v <= TMAX) { set xtics add (time_text(v) bend(v)) }
    if (2 * v <= TMAX) { set xtics add ("" bend(2 * v)) }
    if (5 * v <= TMAX) { set xtics add (TMAX < 20000 ? time_text(5 * v) : "" bend(5 * v)) }
}
set ytics ("0%%" 0)
do for [k = 1:4] { set ytics add (sprintf("%g%%%%", 25 * k * FULL) 0.25 * k * FULL) }
set xtics nomirror out scale 0.5 font ",11" textcolor rgb INK
set ytics nomirror out scale 0.5 font ",11" textcolor rgb INK
set xlabel "time since the write committed"
set label 5 "reads that miss it" at screen x(20), caption_y(TOP, HEIGHT - 58) center rotate by 90 font ",11" textcolor rgb PALE
if (SOME == 0) { set label 3 "no data" at graph 0.5, 0.5 center font ",14" textcolor rgb PALE }
# Marks shrink from model to model, so that those that coincide show as rings.
plot \
    for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) using (bend(column(1))):3:4 with filledcurves \
        fc rgb colour(i) fs transparent solid 0.13 noborder notitle, \
    for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) using (bend(column(1))):2 with lines lt i lw width(i) notitle, \
    for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) using (bend(column(1))):2 with points lt i ps (1.3 - 0.8 * (i - 1) / MODELS) notitle, \
    NaN notitle
unset multiplot
set output
