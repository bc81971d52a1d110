#!/bin/sh
# How much sooner two threads are done with the reference scenario's replications than one: `georep run --jobs 1` and `--jobs 2`
# in turns, four replications each, by the clock on the wall, the least of the turns. It wants two processors that are idle.
# usage, from the folder of the sources: bench/threads.sh BUILD_DIR [TURNS]; prints jobs,seconds,times_as_fast
set -eu
build=$1
turns=${2:-3}
load=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo 0)
if awk -v load="$load" 'BEGIN { exit !(load >= 0.7) }'; then
    echo "threads.sh: the load is $load: what is measured is what other programs leave" >&2
fi
[ "$(nproc)" -ge 2 ] || { echo "threads.sh: one processor alone: two threads have nothing to run on" >&2 && exit 3; }
mkdir -p "$build/threads"
: >"$build/threads/seconds"
turn=1
while [ "$turn" -le "$turns" ]; do
    for jobs in 1 2; do
        begin=$(date +%s.%N)
        "$build/georep" run bench/scenarios/reference.yaml -q -f -j $jobs -r 4 -s duration=60s --no-plots --no-report \
            -o "$build/threads/results" >/dev/null
        echo "$jobs $begin $(date +%s.%N)" >>"$build/threads/seconds"
    done
    turn=$((turn + 1))
done
awk '{ s = $3 - $2; if (!($1 in least) || s < least[$1]) least[$1] = s }
     END { print "jobs,seconds,times_as_fast"
           for (j = 1; j <= 2; j++) printf "%d,%.3f,%.2f\n", j, least[j], least[1] / least[j] }' "$build/threads/seconds"
