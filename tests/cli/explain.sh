#!/bin/sh
# explain.sh -- georep explain from a results folder alone: moved, without the files it was made from, a point of a
# sweep, with overrides; its causes are those that were counted, one by one.
#
#     sh explain.sh SOURCES PROGRAM WORK_FOLDER
set -eu
program=$2 work=$(mktemp -d "$3/explain-XXXXXX")
trap 'rm -rf "$work"' EXIT
status=0

fail() {
    echo "explain.sh: $*"
    status=1
}

cat >"$work/matrix.csv" <<'CSV'
from,a,b,c
a,0,80,120
b,80,0,90
c,120,90,0
CSV
cat >"$work/lossy.yaml" <<'YAML'
name: lossy
duration: 20s
warmup: 1s
replications: 2
regions: [a, b, c]
network: {rtt: matrix.csv}
clocks: {offset: {normal: {mean: 0ms, stddev: 60ms}}, drift: {normal: {mean: 0ppm, stddev: 3000ppm}}}
workload: {clients: 3, arrivals: {poisson: 30/s}, keys: {count: 1000}, mix: {read: 50%, write: 50%}}
models: [{name: wall, type: lww}, {name: merge, type: crdt, variant: lww_register}, quorum, async,
         {name: one, type: quorum, n: 3, w: 1, r: 1, handoff: false}]
faults: [{at: 5s, for: 4s, crash: {region: b, lose: disk}}, {at: 12s, for: 3s, partition: [[a], [b, c]]}]
sweep: {network.loss: [0%, 5%]}
YAML
"$program" run "$work/lossy.yaml" -s workload.keys.count=60 -q --no-plots --no-report -o "$work/made" >/dev/null ||
    fail "run: status $?"
mkdir "$work/elsewhere"
mv "$work/made" "$work/elsewhere/moved"
rm "$work/lossy.yaml" "$work/matrix.csv"
results=$work/elsewhere/moved

# Counts by cause of a model: mean over replications in metrics.csv, so twice that is what explain must list.
counted() { # POINT MODEL METRIC
    awk -F, -v p="$1" -v m="$2" -v x="$3" '$1 == p && $2 == m && $3 == x && $4 == "value" { print 2 * $5 }' \
        "$results/metrics.csv"
}
for point in 0 1; do
    "$program" explain "$results" --lost --point $point >"$work/lost" || fail "--lost: status $?"
    for model in wall merge quorum async one; do
        sum=0
        for cause in concurrent clock_offset drift late failover; do
            words=$(echo $cause | sed 's/late/late arrival/; s/_/ /')
            for skew in '' true; do
                metric=$([ -z "$skew" ] && echo lost_updates || echo skew_inversions)
                listed=$(awk -F, -v m=$model -v c="$words" -v s="$skew" \
                    '$2 == m && $7 == c && (s == "" || $8 == s)' "$work/lost" | wc -l)
                [ "$(counted $point $model "${metric}_$cause")" -eq "$listed" ] ||
                    fail "point $point: $model has $(counted $point $model "${metric}_$cause") ${metric}_$cause, and explain lists $listed"
                [ -n "$skew" ] || sum=$((sum + listed))
            done
        done
        [ "$(counted $point $model lost_updates)" -eq $sum ] || fail "point $point: the causes of $model do not add up"
    done
    # The first examples of the folder are the first that explain lists.
    for model in wall merge quorum; do
        awk -F, -v p=$point -v m=$model '$1 == p && $2 == m' "$results/conflicts.csv" >"$work/examples"
        awk -F, -v m=$model '$2 == m' "$work/lost" | head -n 20 >"$work/first"
        cmp -s "$work/examples" "$work/first" || fail "point $point: conflicts.csv of $model is not the first of them"
    done
done
for cause in concurrent 'clock offset' drift 'late arrival' failover; do
    line=$(awk -F, -v c="$cause" '$7 == c { print; exit }' "$work/lost")
    [ -n "$line" ] || { fail "nothing lost by $cause"; continue; }
    model=$(echo "$line" | cut -d, -f2) op=$(echo "$line" | cut -d, -f3,4 | tr , :)
    "$program" explain "$results" --point 1 --model "$model" --op "$op" >"$work/told" || fail "--op: status $?"
    grep -q "^  cause: .*($cause)$" "$work/told" || { fail "$model $op was lost by $cause; told:"; cat "$work/told"; }
done

"$program" explain "$results" --point 1 >"$work/told" || fail "explain: status $?"
grep -q '^The stalest read (' "$work/told" || fail "no stalest read"
grep -q '^A failed write (' "$work/told" || fail "no failed write"
grep -q '^A lost' "$work/told" || fail "nothing lost is told of"

# A broken promise says which replica lost what, in the table, the report and the story: one copy, whose disk goes.
cat >"$work/fire.yaml" <<'YAML'
name: fire
duration: 12s
warmup: 1s
replications: 2
regions: [a, {name: b, nodes: 1}]
network: {rtt: 80ms}
workload: {clients: 3, arrivals: {poisson: 30/s}, keys: {count: 5}, mix: {read: 50%, write: 50%}, timeout: 2s}
models: [local]
faults: [{name: fire, at: 6s, for: 1s, crash: {region: a, lose: disk}}]
YAML
code=0
"$program" run "$work/fire.yaml" -q --no-plots -o "$work/fire" >"$work/table" || code=$?
[ $code -eq 1 ] || fail "broken promises give status $code, not 1"
for check in linearizable read_your_writes monotonic_reads monotonic_writes writes_follow_reads; do
    op=$(awk -F, -v c=$check '$3 == c && $5 == "false" { print $7 }' "$work/fire/verdicts.csv")
    [ -n "$op" ] || { fail "$check is not broken"; continue; }
    lost=$(sed -n "s/^0,local,,$check,,\"*$(echo "$op" | sed 's,/,\\/,') goes without \([^,]*\), which a lost with its disk at 6.000 s (fire).*/\1/p" \
        "$work/fire/notes.csv")
    [ -n "$lost" ] || { fail "$check: no note of what $op goes without"; cat "$work/fire/notes.csv"; continue; }
    grep -q "$op goes without $lost, which a lost with its disk at 6.000 s (fire)" "$work/table" ||
        fail "$check: the table does not say what was lost"
    grep -q "$op goes without $lost, which a lost with its disk" "$work/fire/report.html" ||
        fail "$check: the report does not say what was lost"
done
"$program" explain "$work/fire" --case broken-promise >"$work/told" || fail "explain of broken promises: status $?"
for check in linearizable monotonic_writes; do
    grep -q "^A broken promise, $check (local" "$work/told" || fail "no story of $check"
done
[ "$(grep -c "^  cause: a lost its disk at 6.000 s by 'fire', .*, of which there is no other copy$" "$work/told")" -eq \
    "$(grep -c '^  cause: ' "$work/told")" ] || { fail "the fire is not the cause:"; cat "$work/told"; }

refused() { # WORDS ARGUMENT...
    words=$1
    shift
    code=0
    "$program" explain "$@" >/dev/null 2>"$work/errors" || code=$?
    [ $code -eq 2 ] || fail "explain $*: status $code, not 2"
    grep -q -- "$words" "$work/errors" || { fail "explain $* does not say: $words"; cat "$work/errors"; }
}
refused 'no point 7' "$results" --point 7
refused 'no model' "$results" --model mine
refused 'no replication 9' "$results" --replication 9
refused 'no operation' "$results" --model wall --op 1:a/999999
refused 'wants --model' "$results" --op 1:a/1
refused '--lost lists' "$results" --lost --case stalest-read
refused 'no results folder' "$work"
sed -i 's/quorum/quorom/g' "$results/manifest.json"
refused '--plugin FILE' "$results"
exit $status
