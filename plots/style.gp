# What every figure shares: the palette, the models' names, number formats, axes. Loaded first by each
# FIGURE.gp, which has put its arguments into variables (a `load` hides ARG1 and the rest).
# README.md has the form of the data files.

# A model is told by colour, dash and mark together, so that neither a black-and-white print nor a
# colour-blind reader loses it. Colours: Okabe & Ito's, without the yellow that white swallows, then Tol's "muted".
COLOURS = "0x0072B2 0xD55E00 0x009E73 0xCC79A7 0xE69F00 0x56B4E9 0x332288 0x882255 0x999933 0x000000 0x44AA99 0x888888"
MARKS = "7 5 9 11 13 6 4 8 10 12 2 1"
PALETTE = words(COLOURS)
colour(i) = int(word(COLOURS, (i - 1) % PALETTE + 1))
mark(i) = int(word(MARKS, (i - 1) % PALETTE + 1))
INK = "#222222"
PALE = "#666666"
GRID = "#e4e4e4"
SHADE = "#f0dcc4"

set encoding utf8
do for [i = 1:PALETTE] {
    if (i % 3 == 1) { set linetype i lc rgb colour(i) lw 2 pt mark(i) ps 0.7 dt solid }
    if (i % 3 == 2) { set linetype i lc rgb colour(i) lw 2 pt mark(i) ps 0.7 dt (10, 4) }
    if (i % 3 == 0) { set linetype i lc rgb colour(i) lw 2 pt mark(i) ps 0.7 dt (3, 3) }
}
set linetype cycle PALETTE

# What stands for an empty file, and what a model without numbers is drawn from: a point that no axis reaches.
$NOTHING << EOD
" "
NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN
EOD
$NOWHERE << EOD
-1e9 -1e9 -1e9 -1e9
-1e9 -1e9 -1e9 -1e9
EOD

# How many models, and what they are called. The guard in `using` keeps NaN from reaching stats,
# which would warn.
stats DATA using (column(-2)) nooutput
MODELS = exists("STATS_max") ? int(STATS_max) + 1 : 0
if (MODELS == 0) {
    # An empty file is drawn as one model without a name and without data.
    DATA = "$NOTHING"
    BARS = ""
    MODELS = 1
    STATS_records = 2
}
ROWS = int(STATS_records / MODELS) - 1
array NAME[MODELS]
NAME_LONGEST = 4
remember(i, text) = (NAME[i] = text, NAME_LONGEST = (strlen(text) > NAME_LONGEST ? strlen(text) : NAME_LONGEST), 0)
do for [i = 1:MODELS] {
    stats DATA index i - 1 every ::0::0 using (remember(i, stringcolumn(1))) nooutput
}
number(c) = valid(c) && column(c) == column(c)
# A name that is too long for its place loses its middle: the ends are what tells names apart.
NAME_LIMIT = 24
if (NAME_LONGEST > NAME_LIMIT) {
    NAME_LONGEST = NAME_LIMIT
    do for [i = 1:MODELS] {
        n = strlen(NAME[i])
        if (n > NAME_LIMIT) { NAME[i] = NAME[i][1:14] . "…" . NAME[i][n - 8:n] }
    }
}

LETTER = 8.4 # the width of a letter of a name, in pixels

# Curves that coincide: each is drawn narrower than the one beneath, and leaves its edges to be seen.
width(i) = 1.6 + 2.2 * (MODELS - i) / real(MODELS)

# Numbers as a reader wants them: three figures, k and M, and zero as 0.
three(v) = v >= 99.95 ? sprintf("%.0f", v) : v >= 9.995 ? sprintf("%.1f", v) : sprintf("%.2f", v)
short(s) = sprintf("%g", real(s))
count_text(v) = v == 0 ? "0" : v >= 999.5e6 ? short(three(v / 1e9)) . "G" : v >= 999.5e3 ? short(three(v / 1e6)) . "M" \
    : v >= 9999.5 ? short(three(v / 1e3)) . "k" : v >= 0.01 ? short(three(v)) : sprintf("%.1e", v)
bytes_text(v) = v == 0 ? "0" : v >= 999.5e6 ? short(three(v / 1e9)) . " GB" : v >= 999.5e3 ? short(three(v / 1e6)) . " MB" \
    : v >= 999.5 ? short(three(v / 1e3)) . " kB" : sprintf("%.0f B", v)
time_text(ms) = ms == 0 ? "0" : ms >= 59999.5 ? short(three(ms / 6e4)) . " min" : ms >= 999.5 ? short(three(ms / 1e3)) . " s" \
    : ms >= 0.01 ? short(three(ms)) . " ms" : sprintf("%.1e ms", ms)
# A share near 1 keeps the figures that tell it from 1; only a true 1 is written 100%.
share_text(v) = v == 0 || v == 1 ? sprintf("%.0f%%", 100 * v) : v > 0.999995 ? ">99.999%" : v > 0.9995 ? sprintf("%.3f%%", 100 * v) \
    : v > 0.98 ? sprintf("%.2f%%", 100 * v) : sprintf("%.1f%%", 100 * v)
money_text(v) = v == 0 ? "0" : v >= 9999.5 ? short(three(v / 1e3)) . "k" : sprintf(v < 0.01 ? "%.1e" : "%.2f", v)

# From 0 to minutes on one axis: linear up to 1, logarithmic above.
bend(v) = asinh(v)

set border 3 lc rgb "#999999" lw 1
set tics nomirror out scale 0.5 textcolor rgb INK font ",11"
set grid xtics ytics lc rgb GRID lt 1 dt solid lw 1
set xlabel textcolor rgb PALE font ",11"
set ylabel textcolor rgb PALE font ",11"
set style fill solid 1.0 noborder
unset key
set datafile missing "NaN"

# The faults: when, until when, and what to call them.
FAULT_COUNT = 0
if (strlen(FAULTS)) {
    stats FAULTS using (number(1) && number(2) ? 1 : 0) nooutput
    FAULT_COUNT = exists("STATS_sum") ? int(STATS_sum) : 0
}
array FAULT_START[FAULT_COUNT + 1]
array FAULT_END[FAULT_COUNT + 1]
array FAULT_LABEL[FAULT_COUNT + 1]
remember_fault(k, from, to, text) = (FAULT_START[k] = from, FAULT_END[k] = to, FAULT_LABEL[k] = text, 0)
if (FAULT_COUNT > 0) {
    stats FAULTS using (remember_fault(int(column(0)) + 1, column(1), column(2), strlen(stringcolumn(3)) ? stringcolumn(3) : "")) nooutput
}
if (FAULT_COUNT > 6 && NAME_LONGEST < 13) { NAME_LONGEST = 13 } # the legend says "a fault is on"
