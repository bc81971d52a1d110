# One panel of horizontal bars, a model a row. Wants: FILE and COLUMN of the value (its interval is in the
# two columns after it); PLACE and PLACES of the panel in its row of panels; TOP and BOTTOM in pixels;
# CAPTION above it; KIND of its values: count, bytes, time, money or share; VERBOSE: 1 where the next
# two columns say whether the value is a lower bound, and the share of replications that converged; STACK, if it is
# there and not 0: the first of PARTS columns that the value is made of, each in its own of PART_COLOURS (parts.gp).
if (!exists("STACK")) { STACK = 0 }
if (!exists("PARTS")) { PARTS = 0 }
set xrange [*:*]
set yrange [*:*]
array VALUE[MODELS]
array CI_LOW[MODELS]
array CI_HIGH[MODELS]
array BOUND[MODELS]
array SHARE[MODELS]
array PART[PARTS * MODELS + 1]
SOME = 0
BIG = 0
figure(c) = number(c) ? column(c) : -1
take(i) = (VALUE[i] = figure(COLUMN), CI_LOW[i] = figure(COLUMN + 1), CI_HIGH[i] = figure(COLUMN + 2), \
    BOUND[i] = VERBOSE ? figure(COLUMN + 3) : 0, SHARE[i] = VERBOSE ? figure(COLUMN + 4) : -1, 0)
do for [i = 1:MODELS] {
    VALUE[i] = -1; CI_LOW[i] = -1; CI_HIGH[i] = -1; BOUND[i] = 0; SHARE[i] = -1
    stats FILE index i - 1 every ::1::1 using (take(i)) nooutput
    do for [p = 1:(STACK > 0 ? PARTS : 0)] {
        stats FILE index i - 1 every ::1::1 using (PART[PARTS * (i - 1) + p] = figure(STACK + p - 1), 0) nooutput
    }
    if (VALUE[i] >= 0) { SOME = SOME + 1 }
    if (VALUE[i] > BIG) { BIG = VALUE[i] }
    if (VALUE[i] >= 0 && CI_HIGH[i] > BIG) { BIG = CI_HIGH[i] }
}
text(v) = KIND eq "bytes" ? bytes_text(v) : KIND eq "time" ? time_text(v) : KIND eq "share" ? share_text(v) \
    : KIND eq "money" ? money_text(v) : count_text(v)
said(i) = VALUE[i] < 0 ? "–" : (BOUND[i] > 0 ? "≥ " : "") . text(VALUE[i]) \
    . (SHARE[i] >= 0 && SHARE[i] < 1 ? sprintf(" (%.0f%% of runs converged)", 100 * SHARE[i]) : "")
SAID_LONGEST = 1
do for [i = 1:MODELS] { SAID_LONGEST = strlen(said(i)) > SAID_LONGEST ? strlen(said(i)) : SAID_LONGEST }
if (KIND eq "share") { BIG = 1 }
if (BIG <= 0) { BIG = 1 }
GAP = 24
BARS_LEFT = LETTER * NAME_LONGEST + 26
BARS_WIDTH = (WIDTH - 20 - BARS_LEFT - GAP * (PLACES - 1)) / real(PLACES)
FROM = BARS_LEFT + (PLACE - 1) * (BARS_WIDTH + GAP)
if (PLACE == 2) { FROM_SECOND = FROM }
# The figures stand behind the longest bar, in room kept for the longest of them.
ROOM = 7.5 * SAID_LONGEST + 16
ROOM = ROOM > 0.6 * BARS_WIDTH ? 0.6 * BARS_WIDTH : ROOM
XHI = BIG * BARS_WIDTH / (BARS_WIDTH - ROOM)
set tmargin at screen y(TOP)
set bmargin at screen y(BOTTOM)
set lmargin at screen x(FROM)
set rmargin at screen x(FROM + BARS_WIDTH)
set xrange [0:XHI] noextend
set yrange [-(MODELS + 0.6):-0.4] noextend
unset xlabel
unset ylabel
unset xtics
unset grid
unset border
unset ytics
set label 3 CAPTION at graph 0, 1 left offset 0, 0.8 font ",12" textcolor rgb INK
set arrow 1 from graph 0, 0 to graph 0, 1 nohead lc rgb "#999999" lw 1
do for [i = 1:MODELS] {
    END = VALUE[i] < 0 ? 0 : VALUE[i] > CI_HIGH[i] ? VALUE[i] : CI_HIGH[i]
    if (VALUE[i] > 0 && STACK > 0) {
        SUM = 0
        do for [p = 1:PARTS] {
            if (PART[PARTS * (i - 1) + p] > 0) {
                set object PARTS * i + p rectangle from SUM, -i - 0.32 to SUM + PART[PARTS * (i - 1) + p], -i + 0.32 \
                    fc rgb int(word(PART_COLOURS, p)) fs solid 0.85 noborder
                SUM = SUM + PART[PARTS * (i - 1) + p]
            }
        }
    }
    if (VALUE[i] > 0 && STACK == 0) {
        set object i rectangle from 0, -i - 0.32 to VALUE[i], -i + 0.32 fc rgb colour(i) fs solid 0.85 noborder
    }
    if (VALUE[i] >= 0 && CI_HIGH[i] > CI_LOW[i] && CI_LOW[i] >= 0) {
        set arrow 100 + i from CI_LOW[i], -i to CI_HIGH[i], -i nohead front lc rgb INK lw 1.2
        # Ends only where there is room for them.
        if (CI_HIGH[i] - CI_LOW[i] > 0.02 * XHI) {
            set arrow 100 + i heads size screen 0.003, 90
        }
    }
    if (PLACE == 1) { set label 200 + i NAME[i] at 0, -i right offset -1, 0 font ",11" textcolor rgb INK }
    if (SOME > 0) { set label 100 + i said(i) at END, -i left offset 0.7, 0 font ",11" textcolor rgb (VALUE[i] < 0 ? PALE : INK) }
}
if (SOME == 0) { set label 4 "no data" at graph 0.5, 0.5 center font ",14" textcolor rgb PALE }
plot NaN notitle
unset label
unset arrow
unset object
set border 3 lc rgb "#999999" lw 1
