# Opens the picture: WIDTH x HEIGHT in pixels of the SVG, HEADING its title, a legend from TOP down and to
# the right of RIGHT where LEGEND is 1. Then panels follow, each placed by the screen fractions
# x(pixels from the left) and y(pixels from the top).
x(pixels) = pixels / real(WIDTH)
y(pixels) = 1 - pixels / real(HEIGHT)
if (FORMAT eq "png") {
    set terminal pngcairo noenhanced size 2 * WIDTH, 2 * HEIGHT font "DejaVu Sans,10" fontscale 2 linewidth 2 pointscale 2 background rgb "white"
} else { if (FORMAT eq "pdf") {
    set terminal pdfcairo noenhanced size WIDTH / 96.0, HEIGHT / 96.0 font "DejaVu Sans,10" fontscale 0.78 dashlength 2 linewidth 1 background rgb "white"
} else {
    set terminal svg noenhanced size WIDTH, HEIGHT dynamic font "DejaVu Sans,10" fontscale 1.3 linewidth 1 background rgb "white"
} }
set output OUT
set multiplot
# The title is a label of the first panel drawn; each panel's script takes it away again.
set label 1 HEADING at screen x(16), y(26) left font ",16" textcolor rgb INK
set label 2 SUBTITLE at screen x(16), y(48) left font ",11" textcolor rgb PALE

# The y axis' caption stands at a fixed place: left to itself it follows the tics' width, which the SVG
# terminal can only guess.
caption_y(top, bottom) = (y(top) + y(bottom)) / 2

# The legend, by hand: gnuplot's own folds into columns when it is taller than its panel.
if (LEGEND) {
    do for [i = 1:MODELS] {
        ROW = y(TOP + 8 + 23 * (i - 1))
        set arrow i from screen x(RIGHT + 22), ROW to screen x(RIGHT + 62), ROW nohead lt i
        set label 100 + i "" at screen x(RIGHT + 42), ROW left point lt i
        set label 300 + i NAME[i] at screen x(RIGHT + 72), ROW left font ",11" textcolor rgb INK
    }
    if (FAULT_COUNT > 6) {
        ROW = y(TOP + 8 + 23 * MODELS)
        set object 100000 rectangle from screen x(RIGHT + 22), y(TOP + 2 + 23 * MODELS) to screen x(RIGHT + 62), y(TOP + 14 + 23 * MODELS) \
            fc rgb SHADE fs solid 0.7 noborder
        set label 100 "a fault is on" at screen x(RIGHT + 72), ROW left font ",11" textcolor rgb INK
    }
}
