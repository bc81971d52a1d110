#!/bin/sh
# charts.sh -- what the program hands to gnuplot: every figure is drawn, with as many columns as plots/README.md says.
#
# A gnuplot of ours in front of PATH keeps the data instead of drawing. Nothing was cut off in this run, so no bar of the
# convergence figure is a lower bound (its fourth column); the healing at 4 s takes a while, but not in `local`.
set -eu
program=$2 work=$(mktemp -d "$3/charts-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/data"
cat >"$work/bin/gnuplot" <<'FAKE'
#!/bin/sh
[ "$1" = -c ] || { echo 'gnuplot 5.4 patchlevel 4'; exit 0; }
name=$(basename "$2" .gp)
cp "$3" "$KEEP/$name.data"
[ -z "${8:-}" ] || cp "$8" "$KEEP/$name.bars"
echo picture >"$4"
FAKE
chmod +x "$work/bin/gnuplot"
cat >"$work/charts.yaml" <<'YAML'
name: charts
duration: 8s
warmup: 1s
replications: 2
regions: [a, b]
network: {rtt: 80ms}
workload: {arrivals: {poisson: 50/s}, keys: {count: 100}, probes: {share: 20%, after: [0ms, 100ms]}}
models: [local, lww]
faults: [{at: 2s, for: 2s, partition: [[a], [b]]}]
YAML
PATH="$work/bin:$PATH" KEEP="$work/data" "$program" run "$work/charts.yaml" -q -o "$work/out" >/dev/null

# columns FILE: the counts of columns of its rows of numbers, each once
columns() { awk 'NF > 0 && $1 !~ /^"/ { print NF }' "$work/data/$1" | sort -un | tr '\n' ' '; }

status=0
expect() { # FILE COLUMNS
    found=$(columns "$1")
    [ "$found" = "$2 " ] || { echo "$1 has $found columns, not $2"; status=1; }
}
expect staleness.data 3
expect t_visibility.data 4
expect latency.data 3
expect conflicts.data 19
expect convergence.data 2
expect convergence.bars 5
expect availability.data 2
expect availability.bars 12
expect lag.data 3
expect traffic.data 9
bounds=$(awk 'NF == 5 && $1 !~ /^"/ { print $4 }' "$work/data/convergence.bars" | tr '\n' ' ')
[ "$bounds" = "0 0 " ] || { echo "lower bounds in convergence.bars: $bounds, where none was cut off"; status=1; }
[ ! -e "$work/data/failover.data" ] || { echo 'a picture of failovers where none was and nothing was lost'; status=1; }
rm -f "$work/data/t_visibility.data"
PATH="$work/bin:$PATH" KEEP="$work/data" "$program" run "$work/charts.yaml" -q -o "$work/unprobed" -s workload.probes.share=0 >/dev/null
[ ! -e "$work/data/t_visibility.data" ] || { echo 'a picture of t-visibility where nothing was probed'; status=1; }
sed -e 's/^models.*/models: [{type: async, failover: {after: 500ms}}, lww]/' -e 's/name: charts/name: led/' "$work/charts.yaml" >"$work/led.yaml"
PATH="$work/bin:$PATH" KEEP="$work/data" "$program" run "$work/led.yaml" -q -o "$work/led" >/dev/null
expect failover.data 3
expect failover.bars 9
grep -q 'figure id="failover"' "$work/led/report.html" || { echo 'no failovers in the report'; status=1; }
for figure in staleness t_visibility latency conflicts convergence availability lag traffic; do
    for format in svg png; do
        [ -s "$work/out/charts/$figure.$format" ] || { echo "no $figure.$format"; status=1; }
    done
done
exit $status
