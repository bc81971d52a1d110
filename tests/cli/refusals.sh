#!/bin/sh
# shellcheck disable=SC2012,SC2015,SC2016  # names are plain; `A && B || complaint` is meant; back-quotes are text
# refusals.sh -- what the command refuses, with which status, and that nothing is lost or written then; and a plug-in.
set -eu
program=$2 tests=$3 work=$(mktemp -d "$3/refusals-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

# expect STATUS PATTERN COMMAND...: its exit status, and a line of its standard error
expect() {
    wanted=$1 pattern=$2
    shift 2
    code=0
    timeout 60 "$@" >out 2>err </dev/null || code=$?
    [ $code -eq "$wanted" ] || { echo "$*: exit status $code, not $wanted"; cat err; failures=1; }
    grep -q "$pattern" err || { echo "$*: says nothing like '$pattern' but:"; cat err; failures=1; }
}

good() {
    cat >"$1" <<YAML
name: $2
duration: 3s
warmup: 1s
replications: 1
regions: [a, b]
network: {rtt: 80ms}
workload: {arrivals: {poisson: 20/s}}
models: [$3]
YAML
}
good good.yaml good lww

expect 2 'did you mean `run`' "$program" rnu good.yaml
expect 2 'did you mean --jobs' "$program" run --jbos 1 good.yaml
expect 2 'No such file' "$program" run missing.yaml
expect 2 'error' "$program" run .
expect 2 'error' "$program" run /dev/zero
: >empty.yaml
expect 2 'empty.yaml' "$program" check empty.yaml
head -c 4096 "$program" >garbage.yaml
expect 2 'garbage.yaml' "$program" check garbage.yaml
printf 'name: x\nregions: [a, b\nmodels: [lww]\n' >cut.yaml
expect 2 'cut.yaml:3:7: error: this is not YAML' "$program" check cut.yaml
printf 'a: &a [*a]\nregions: *a\n' >cycle.yaml
expect 2 'cycle.yaml:' "$program" check cycle.yaml
{ echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'; for i in 1 2 3 4 5 6 7 8 9; do j=$((i - 1)); echo "x-a$i: &a$i [*a$j, *a$j, *a$j, *a$j, *a$j, *a$j, *a$j, *a$j, *a$j, *a$j]"; done; } >laughs.yaml
expect 2 'laughs.yaml:' "$program" check laughs.yaml
printf 'x-deep: %s%s\n' "$(printf '[%.0s' $(seq 100))" "$(printf ']%.0s' $(seq 100))" >deep.yaml
expect 2 'deep.yaml:1:' "$program" check deep.yaml
expect 2 'memory' "$program" run good.yaml -s workload.keys.count=1000000000 -s workload.data=set -s models.0=crdt -o big
[ ! -e big ] || { echo "a refused scenario left a results folder"; failures=1; }

# a results folder that holds something else, or a file in its place
mkdir mine
echo precious >mine/thesis.txt
expect 2 'mine' "$program" run good.yaml -q --no-plots --no-report -o mine
expect 2 'mine' "$program" run good.yaml -q --no-plots --no-report -f -o mine
[ "$(cat mine/thesis.txt)" = precious ] || { echo "a stranger's file is gone"; failures=1; }
echo file >inplace
expect 3 'inplace' "$program" run good.yaml -q --no-plots --no-report -o inplace/below

# another scenario's results need --force, the same scenario's are replaced
"$program" run good.yaml -q --no-plots --no-report -o kept >/dev/null
"$program" run good.yaml -q --no-plots --no-report -o kept >/dev/null
good other.yaml other async
expect 2 'force' "$program" run other.yaml -q --no-plots --no-report -o kept
"$program" run other.yaml -q --no-plots --no-report -f -o kept >/dev/null

# of several scenarios one is wrong: nothing is written
expect 2 'cut.yaml' "$program" run good.yaml cut.yaml -o both
[ ! -e both ] || { echo "one of two was wrong, and something was written"; failures=1; }

# a plug-in runs as if it were built in; what is none is refused; a scenario alone loads nothing
good plugin.yaml plugin primary
expect 2 'primary' "$program" check plugin.yaml
"$program" run plugin.yaml -q --no-plots --no-report --plugin "$tests/primary.so" -o plugged >/dev/null
grep -q '^0,primary,availability,value,1,' plugged/metrics.csv || { echo "the plug-in's figures are not there"; failures=1; }
expect 2 'good.yaml' "$program" run plugin.yaml --plugin ./good.yaml
exit $failures
