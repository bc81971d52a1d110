# One panel over simulated time, the faults shaded. Wants: COLUMN to draw against column 1; TOP and
# BOTTOM in pixels; CAPTION of the y axis; KIND of its values: time, count or share (FROM_ZERO: a share
# whose axis may end below 100%); LAST for the
# panel that carries the time axis.
set xrange [*:*]
set yrange [*:*]
stats DATA using (number(1) && number(COLUMN) ? 1 : 0) nooutput
SOME = exists("STATS_sum") ? STATS_sum : 0
XMAX = 1
YMAX = 0
if (SOME > 0) {
    stats DATA using (number(1) ? column(1) : 0) nooutput
    # The last row is the middle of the last bin: the axis ends half a bin later.
    LAST_T = STATS_max
    stats DATA index 0 every ::1::2 using (number(1) ? column(1) : 0) nooutput
    HALF = STATS_records == 2 && STATS_max > STATS_min ? (STATS_max - STATS_min) / 2 : 0
    XMAX = LAST_T + HALF > 0 ? LAST_T + HALF : 1
    stats DATA using (number(COLUMN) ? column(COLUMN) : 0) nooutput
    YMAX = STATS_max
}
# A model without a single number is left to the legend: gnuplot would warn of it.
array HAS[MODELS]
do for [i = 1:MODELS] {
    stats DATA index i - 1 using (number(1) && number(COLUMN) ? 1 : 0) nooutput
    HAS[i] = STATS_sum > 0
}
set tmargin at screen y(TOP)
set bmargin at screen y(BOTTOM)
set lmargin at screen x(LEFT)
set rmargin at screen x(RIGHT)
set xrange [0:XMAX] noextend
set xtics auto
if (LAST) { set xlabel "simulated time (s)" textcolor rgb PALE font ",11"; set format x "%g" } else { unset xlabel; set format x "" }
unset ylabel
set label 5 CAPTION at screen x(20), caption_y(TOP, BOTTOM) center rotate by 90 font ",11" textcolor rgb PALE
unset ytics
if (KIND eq "share") {
    FULL = FROM_ZERO && YMAX <= 0.01 ? 0.01 : FROM_ZERO && YMAX <= 0.1 ? 0.1 : FROM_ZERO && YMAX <= 0.5 ? 0.5 : 1.0
    YHI = FULL * 1.08
    set ytics (sprintf("%g%%%%", 0) 0)
    do for [k = 1:4] { set ytics add (sprintf("%g%%%%", 25 * k * FULL) 0.25 * k * FULL) }
    scaled(v) = v
} else {
    YHI = bend(YMAX > 1 ? YMAX : 1) * 1.12
    scaled(v) = bend(v)
    set ytics ("0" 0)
    do for [e = 0:11] {
        v = 10.0 ** e
        if (bend(v) <= YHI) {
            set ytics add ((KIND eq "time" ? time_text(v) : count_text(v)) bend(v))
        }
    }
}
set ytics nomirror out scale 0.5 font ",11" textcolor rgb INK
YLO = -0.02 * YHI
set yrange [YLO:YHI]
do for [k = 1:FAULT_COUNT] {
    set object k rectangle from FAULT_START[k], graph 0 to FAULT_END[k], graph 1 behind fc rgb SHADE fs solid 0.7 noborder
    # The names stand where the curves seldom go, and once a figure: at the top, or under what stays near 100%.
    if (FAULT_COUNT <= 6 && (TOP < 100)) {
        AT = KIND eq "share" ? 0.06 + ((k - 1) % 3) * 0.075 : 0.955 - ((k - 1) % 3) * 0.075
        if (FAULT_START[k] < 0.75 * XMAX) {
            set label 10 + k FAULT_LABEL[k] at FAULT_START[k], graph AT left offset 0.4, 0 font ",10" tc rgb "#8a5a1a"
        } else {
            set label 10 + k FAULT_LABEL[k] at FAULT_END[k], graph AT right offset -0.4, 0 font ",10" tc rgb "#8a5a1a"
        }
    }
}
if (SOME == 0) { set label 3 "no data" at graph 0.5, 0.5 center font ",14" textcolor rgb PALE }
# Marks are thinned, and each model's begin at another row, so that curves that coincide all show.
STEP = ROWS > 12 ? (int(ROWS / 7) > MODELS ? int(ROWS / 7) : MODELS) : 1
phase(i) = 1 + int((i - 1) * STEP / (MODELS > 0 ? MODELS : 1))
plot \
    for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) using 1:(scaled(column(COLUMN))) with lines lt i lw width(i) notitle, \
    for [i = 1:MODELS] (HAS[i] ? DATA : "$NOWHERE") index (HAS[i] ? i - 1 : 0) every (HAS[i] ? STEP : 1)::(HAS[i] ? phase(i) : 0) \
        using 1:(scaled(column(COLUMN))) with points lt i notitle, \
    NaN notitle
unset label
unset arrow
unset object
