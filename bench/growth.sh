#!/bin/sh
# How time and memory grow: whole trials of the reference scenario, one size changed at a time (operations, by duration;
# regions; keys; sessions), without readers and with metrics and checks. Prints CSV, and a table; with gnuplot it draws
# growth.png.
# Processor time of a trial in a process of its own, the least of three turns, of one where a turn takes minutes.
# usage, from the folder of the sources: bench/growth.sh BUILD_DIR [MOST_OPERATIONS [FOLDER]]
#   MOST_OPERATIONS: of the longest run, from 100000 (the default is 10 million; 1000000000 takes an hour);
#   FOLDER: where growth.csv and growth.png go (BUILD_DIR/growth)
set -eu
build=$1
most=${2:-10000000}
folder=${3:-$build/growth}
program=$build/bench/georep-bench
case $most in
*[!0-9]* | ?????) echo "growth.sh: $most is no number of operations from 100000" >&2 && exit 2 ;;
esac
mkdir -p "$folder"
csv=$folder/growth.csv
echo "size,value,readers,operations,ns_per_operation,events_per_operation,ns_per_event,setup_seconds,peak_bytes" | tee "$csv"

# measure SIZE VALUE TURNS SET...: both rows; SET are PATH=VALUE, FILE is $scenario
measure() {
    size=$1 value=$2 turns=$3
    shift 3
    for readers in none metrics+checks; do
        # shellcheck disable=SC2086  # a list of arguments
        "$program" scenario --csv --turns "$turns" --readers $readers "$@" "$scenario" |
            awk -F, -v size="$size" -v value="$value" -v readers=$readers 'NR > 1 {
                printf "%s,%s,%s,%s,%.1f,%s,%.1f,%s,%s\n", size, value, readers, $2, $7, $8, $7 / $8, $9, $10 }' | tee -a "$csv"
    done
}

scenario=bench/scenarios/reference.yaml
operations=100000
while [ "$operations" -le "$most" ]; do
    turns=3
    [ "$operations" -lt 10000000 ] || turns=1
    measure operations $operations $turns --set duration=$((operations / 10000))s --set warmup=5s
    operations=$((operations * 10))
done

# The others have 200 thousand operations, 20 seconds at the scenario's rate, whatever the size.
short="--set duration=20s --set warmup=5s"
for keys in 1000 10000 100000 1000000 10000000; do
    # shellcheck disable=SC2086
    measure keys $keys 3 $short --set workload.keys.count=$keys
done
for clients in 2 20 200 2000 20000; do # of each of five regions
    # shellcheck disable=SC2086
    measure sessions $((clients * 5)) 3 $short --set workload.clients=$clients
done

# Regions at 100 ms from each other, as no table has a hundred; they share the ten thousand operations a second.
scenario=$folder/regions.yaml
for regions in 3 5 10 20 50 100; do
    {
        echo "extends: $PWD/bench/scenarios/reference.yaml"
        echo "network: {rtt: 100ms}"
        awk -v n=$regions 'BEGIN { printf "regions: ["; for (i = 1; i <= n; i++) printf "%sr%03d", (i > 1 ? ", " : ""), i; print "]" }'
        awk -v n=$regions 'BEGIN { printf "workload: {arrivals: {poisson: %.3f/s}}\n", 10000 / n }'
    } >"$scenario"
    # shellcheck disable=SC2086
    measure regions $regions 3 $short
done

echo
awk -F, '
    NR == 1 { print "| size | events an operation | ns an operation: no readers | metrics and checks | MB: no readers | metrics and checks |"
              print "| ---: | ---: | ---: | ---: | ---: | ---: |"; next }
    $3 == "none" { alone = $5; alone_mb = $9 / 1e6; next }
    { zeros = length($2) - 1
      value = $1 != "regions" ? "10^" zeros : $2
      printf "| %s %s | %.2f | %.0f | %.0f | %.0f | %.0f |\n", value, $1, $6, alone, $5, alone_mb, $9 / 1e6 }' "$csv"

if command -v gnuplot >/dev/null 2>&1; then
    gnuplot -e "csv='$csv'; png='$folder/growth.png'" bench/growth.gp
    echo "# drawn: $folder/growth.png"
fi
