#!/bin/sh
# Each figure is drawn for full, odd, missing and absent data: silently, and with what it must say.
# usage: figures.sh SOURCE_DIR. Exit 77 (skipped) without gnuplot.
set -eu
source_dir=$1
export LC_ALL=C.UTF-8 # as the program does: in the C locale gnuplot warns
command -v gnuplot >/dev/null 2>&1 || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

fail() {
    echo "figures.sh: $*" >&2
    status=1
}

# draw FIGURE DATA FORMAT FAULTS BARS: into $work/out.FORMAT
draw() {
    rm -f "$work/out.$3"
    if ! gnuplot -c "$source_dir/plots/$1.gp" "$2" "$work/out.$3" "$3" 'a "sub" {title} 100%' "$4" "$5" >"$work/log" 2>&1; then
        fail "$1 of $(basename "$2") as $3: gnuplot failed: $(head -n 3 "$work/log")"
    elif [ -s "$work/log" ]; then
        fail "$1 of $(basename "$2") as $3: not silent: $(head -n 3 "$work/log")"
    elif [ ! -s "$work/out.$3" ]; then
        fail "$1 of $(basename "$2") as $3: no picture"
    fi
}

# says FIGURE TEXT: the last SVG has it among its words.
says() { grep -qF -- "$2" "$work/out.svg" || fail "$1 does not say: $2"; }

# block NAME ROWS COLUMN...: ROWS rows of increasing time and the given columns
block() {
    printf '"%s"\n' "$1"
    rows=$2
    shift 2
    row=0
    while [ $row -lt "$rows" ]; do
        echo "$row.5 $*"
        row=$((row + 1))
    done
    printf '\n\n'
}

missing='NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN'
zeros='0 0 0 0 0 0 0 0 0 0 0'
for k in 1 2 3 4 5 6 7 8 9 10 11 12; do block "model-$k" 30 0.$k 0.$k 0.$k; done >"$work/full"
{ block alone 1 "$zeros"; } >"$work/one"
{ block here 30 "$zeros" && block gone 1 "$missing"; } >"$work/some"
{ printf '"a"\nNaN %s\n\n\n"b"\nNaN %s\n' "$missing" "$missing"; } >"$work/none"
{ block 'od_d {na}me 100% of-a-length-that-no-legend-holds' 3 "$zeros"; } >"$work/odd"
printf '20 30 "partition"\n' >"$work/faults"
k=0
while [ $k -lt 20 ]; do
    echo "$k $k.5 \"crash $k\""
    k=$((k + 1))
done >"$work/many"

for figure in staleness t_visibility latency conflicts convergence availability traffic lag failover; do
    for data in full one some none odd; do
        draw $figure "$work/$data" svg "$work/faults" "$work/$data"
        draw $figure "$work/$data" svg '' ''
        draw $figure "$work/$data" svg "$work/many" "$work/$data"
    done
    for format in png pdf svg; do
        draw $figure "$work/full" $format "$work/faults" "$work/full"
    done
    for k in 1 2 3 4 5 6 7 8 9 10 11 12; do says $figure "model-$k<"; done
    says $figure '{title} 100%'
    draw $figure "$work/none" svg '' "$work/none"
    says $figure 'no data'
done
for figure in staleness convergence availability lag; do
    draw $figure "$work/full" svg "$work/faults" ''
    says $figure 'partition'
    draw $figure "$work/full" svg "$work/many" ''
    says $figure 'a fault is on'
done

# Bars say their figure: zero as 0, a lower bound as one, a missing one as missing.
printf '"a"\n0 0 0 812 800 824 NaN NaN NaN 12 800 0 0 0 NaN NaN NaN NaN NaN\n\n\n' >"$work/bars"
printf '"b"\n7 6 8 12400 12000 12800 NaN NaN NaN 0 0 12400 0 0 NaN NaN NaN NaN NaN\n' >>"$work/bars"
draw conflicts "$work/bars" svg '' ''
for text in '>0<' '>812<' '>12.4k<' '>7<' 'no data' '>late arrival<'; do says conflicts "$text"; done
# A piece a cause that there is, in the cause's colour: of a two, of b one; and one of each in the key.
for red in 187 204 136; do
    pieces=$(grep -cE "fill *= *'rgb\( *$red," "$work/out.svg" || true)
    [ "$pieces" -eq 2 ] || fail "conflicts has $pieces pieces of a red of $red, not 2"
done
printf '"a"\n2300 1900 2700 1 0.7\n\n\n"b"\nNaN NaN NaN NaN NaN\n' >"$work/bars"
draw convergence "$work/some" svg '' "$work/bars"
for text in '≥ 2.3 s (70% of runs converged)' '>–<'; do says convergence "$text"; done
printf '"a"\n0 0 900\n0.5 0 1100\n1 11000 1500\n\n\n"b"\nNaN NaN NaN\n' >"$work/loss"
printf '"a"\n1010 990 1030 9980 9900 10060 214 201 227\n\n\n"b"\nNaN NaN NaN 0 NaN NaN 0 0 0\n' >"$work/loss-bars"
draw failover "$work/loss" svg '' "$work/loss-bars"
for text in '>1.01 s<' '>9.98 s<' '>214<' '>0<' '>–<' '≤ 1 ms'; do says failover "$text"; done
printf '"a"\n0.99999 NaN NaN 1 1 1 0.5 0.4 0.6 NaN NaN NaN\n' >"$work/bars"
draw availability "$work/one" svg '' "$work/bars"
for text in '>99.999%<' '>100%<' '>50.0%<'; do says availability "$text"; done
if grep -qF 'while a fault is on' "$work/out.svg"; then fail "availability shows a panel that no model has"; fi
exit $status
