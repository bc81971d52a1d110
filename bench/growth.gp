# growth.gp -- the chart of bench/growth.sh: gnuplot -e "csv='growth.csv'; png='growth.png'" growth.gp
# Above nanoseconds an operation (of regions: an event, as a write makes a copy a region), below megabytes at the peak; a
# column a size.
set terminal pngcairo size 1280,600 font "DejaVu Sans,10" background rgb "white"
set output png
set datafile separator comma
set multiplot layout 2,4 margins 0.06,0.985,0.1,0.93 spacing 0.055,0.12
set logscale x 10
set format x "10^{%T}"
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set key top right samplen 2
set style line 1 lc rgb "#0b5fa5" lw 2 pt 7 ps 0.6
set style line 2 lc rgb "#c8541b" lw 2 pt 5 ps 0.6

# The rows that are of a size and have these readers.
of(size, readers) = sprintf("< grep '^%s,[0-9]*,%s,' '%s'", size, readers, csv)
sizes = "operations keys sessions regions"

do for [which in "5 9"] { # of growth.csv
    do for [size in sizes] {
        what = which eq "5" && size eq "regions" ? 7 : int(which)
        set title size . (what == 5 ? ": ns an operation" : what == 7 ? ": ns an event" : ": MB at the peak")
        scale = which eq "5" ? 1 : 1e-6
        if (size eq "regions") { set format x "%g"; set xtics (3, 5, 10, 20, 50, 100); set xrange [2.5:120] } \
        else { set format x "10^{%T}"; set xtics autofreq; set xrange [*:*] }
        set yrange [0:*]
        if (which eq "5" && size eq "operations") { set offsets 0, 0, graph 0.35, 0 } \
        else { unset key; unset offsets } # the legend has room above the lines of the first
        plot of(size, "metrics+checks") using 2:(column(what) * scale) with linespoints ls 2 title "metrics and checks", \
             of(size, "none") using 2:(column(what) * scale) with linespoints ls 1 title "no readers"
    }
}
unset multiplot
