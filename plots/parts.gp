# What the colours of stacked bars are: PARTS of them, PART_NAMES (an underscore is a space) and PART_COLOURS, in one
# line at the bottom of the picture.
set tmargin at screen y(HEIGHT - 40)
set bmargin at screen y(HEIGHT - 8)
set lmargin at screen x(BARS_LEFT)
set rmargin at screen x(WIDTH - 20)
set xrange [0:1] noextend
set yrange [0:1] noextend
unset border
unset tics
unset grid
spaced(s) = strstrt(s, "_") > 0 ? s[1:strstrt(s, "_") - 1] . " " . s[strstrt(s, "_") + 1:*] : s
AT = FROM_SECOND
do for [p = 1:PARTS] {
    set object p rectangle from screen x(AT), y(HEIGHT - 30) to screen x(AT + 16), y(HEIGHT - 18) \
        fc rgb int(word(PART_COLOURS, p)) fs solid 0.85 noborder
    set label p spaced(word(PART_NAMES, p)) at screen x(AT + 22), y(HEIGHT - 24) left font ",11" textcolor rgb INK
    AT = AT + 40 + 7.6 * strlen(word(PART_NAMES, p))
}
plot NaN notitle
unset label
unset object
