#!/bin/sh
# shellcheck disable=SC2012,SC2015,SC2016  # names are plain; `A && B || complaint` is meant; back-quotes are text
# folder.sh -- the results folder: what is somebody else's is left alone, and nothing half-written stays behind.
set -eu
program=$2 work=$(mktemp -d "$3/folder-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
wrong() { echo "$*"; failures=1; }

# run WANTED ARGUMENTS...: exit status of a run without pictures
run() {
    wanted=$1
    shift
    code=0
    timeout 120 "$program" run "$@" -q --no-plots --no-report >out 2>err </dev/null || code=$?
    [ $code -eq "$wanted" ] || { wrong "run $*: exit status $code, not $wanted"; cat err; }
}
for name in one two; do
    cat >$name.yaml <<YAML
name: $name
duration: 2s
warmup: 0s
drain: 2s
replications: 1
regions: [a, b]
network: {rtt: 80ms}
workload: {arrivals: {poisson: 50/s}, keys: {count: 10}}
models: [lww, async]
YAML
done

# something else, also beside a file that has the name of one of ours
mkdir mine
echo precious >mine/thesis.txt
echo theirs >mine/metrics.csv
for force in '' -f; do
    run 2 one.yaml $force -o mine
    [ "$(cat mine/thesis.txt mine/metrics.csv)" = "precious
theirs" ] && [ "$(ls mine | wc -l)" -eq 2 ] || wrong "a stranger's folder was touched (options '$force')"
done

# another's results, and the same scenario's
run 0 one.yaml -o kept
cp -r kept before
run 2 two.yaml -o kept
grep -q force err || wrong "another scenario's results: --force is not named"
diff -r kept before >difference || { wrong "refused, and yet the results changed"; cat difference; }
run 0 one.yaml --seed 2 -o kept
if cmp -s kept/metrics.csv before/metrics.csv; then wrong "the same scenario's results were not replaced"; fi
run 0 two.yaml -f -o kept
grep -q '"name": "two"' kept/manifest.json || wrong "--force did not replace"
echo precious >kept/notes-of-mine.txt
for force in '' -f; do run 2 two.yaml $force --seed 3 -o kept; done
[ "$(cat kept/notes-of-mine.txt 2>/dev/null)" = precious ] || wrong "a stranger's file among the results is gone"

# below a file
echo file >inplace
run 3 one.yaml -o inplace/below
[ "$(cat inplace)" = file ] || wrong "the file in place of a folder was touched"

# several: DIR/NAME; one bad: nothing
run 0 one.yaml two.yaml -o both
[ -s both/one/metrics.csv ] && [ -s both/two/metrics.csv ] || wrong "several scenarios: not DIR/NAME"
sed 's/80ms/80/' one.yaml >bad.yaml
run 2 two.yaml bad.yaml -o none
grep -q '^bad.yaml:7:' err || { wrong "one bad of several: not said where"; cat err; }
[ ! -e none ] || wrong "one bad of several, and something was written"

# a disk that is full: a small one of our own, where we may mount
mkdir disk
if mount -t tmpfs -o size=24k tmpfs disk 2>/dev/null; then
    trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
    run 3 one.yaml --history -o disk/results
    [ ! -e disk/results ] || [ -z "$(find disk/results -name '*.csv')" ] || { wrong "a full disk left half of it:"; find disk; }
    umount disk
    trap 'rm -rf "$work"' EXIT
fi
exit $failures
