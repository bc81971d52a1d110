#!/bin/sh
# interrupt.sh -- SIGINT keeps what was finished, says so, and --resume ends with the bytes of a run that nobody stopped.
set -eu
program=$2 work=$(mktemp -d "$3/interrupt-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "$*"; exit 1; }
cat >long.yaml <<'YAML'
name: long
duration: 20s
warmup: 1s
drain: 5s
replications: 200
regions: [a, b]
network: {rtt: 80ms}
workload: {arrivals: {poisson: 100/s}, keys: {count: 100}}
models: [lww, async]
YAML

# A shell without job control starts `&` with SIGINT ignored, which a program may inherit: env puts it back where it can.
env --default-signal=INT true 2>/dev/null || exit 77
# Stopped after the first finished trials, whatever the machine's speed: more replications where it was done too soon.
for replications in 60 600 6000; do
    rm -rf out
    env --default-signal=INT "$program" run long.yaml -q --no-plots --no-report -j 2 -r "$replications" -o out >text 2>err &
    child=$!
    sleep 1
    kill -INT $child 2>/dev/null || true
    code=0
    wait $child || code=$?
    [ $code -eq 0 ] || break
done
[ "$code" -eq 130 ] || { cat err; fail "interrupted: exit status $code, not 130"; }
[ -s out/metrics.csv ] || fail "interrupted: no metrics.csv"
head -n 1 out/metrics.csv | grep -qx 'point,model,metric,statistic,value,ci_low,ci_high,replications' ||
    fail "interrupted: metrics.csv has no heading"
awk -F, 'NF != 8 { exit 1 }' out/metrics.csv || fail "interrupted: a row of metrics.csv is cut"
grep -q '"complete": false' out/manifest.json || fail "interrupted: the manifest does not say incomplete"

"$program" run long.yaml -q --no-plots --no-report -j 2 -r "$replications" -o out --resume >text 2>err ||
    { cat err; fail "--resume failed"; }
grep -q '"complete": true' out/manifest.json || fail "resumed: the manifest does not say complete"
"$program" run long.yaml -q --no-plots --no-report -j 1 -r "$replications" -o whole >text 2>err ||
    { cat err; fail "the uninterrupted run failed"; }
for file in whole/*.csv; do
    cmp "$file" "out/$(basename "$file")" || fail "resumed and uninterrupted differ in $(basename "$file")"
done
