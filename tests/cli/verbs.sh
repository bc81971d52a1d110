#!/bin/sh
# shellcheck disable=SC2012,SC2015,SC2016  # names are plain; `A && B || complaint` is meant; back-quotes are text
# verbs.sh -- each verb from outside: its help, what it prints, standard input, the overrides, and near names.
set -eu
program=$2 tests=$3 work=$(mktemp -d "$3/verbs-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
wrong() { echo "$*"; failures=1; }

# status WANTED COMMAND...: its exit status; the output stays in out and err
status() {
    wanted=$1
    shift
    code=0
    timeout 120 "$@" >out 2>err </dev/null || code=$?
    [ $code -eq "$wanted" ] || { wrong "$*: exit status $code, not $wanted"; cat err; }
}
says() { grep -q -e "$2" "$1" || { wrong "$1 says nothing like '$2' but:"; cat "$1"; }; }

status 0 "$program" --version
for verb in $("$program" --help | awk '/^  [a-z]/ { print $1 }'); do
    status 0 "$program" "$verb" --help
    says out "^georep $verb"
done
for kind in models presets distributions metrics checks faults; do
    status 0 "$program" list $kind
    [ -s out ] || wrong "list $kind prints nothing"
done
for model in $("$program" list models | awk '/^[a-z]/ { print $1 }'); do
    status 0 "$program" list models "$model"
    says out "$model"
    says out 'promise'
done
status 0 "$program" schema
[ "$(head -c 1 out)" = '{' ] && [ "$(tail -n 1 out)" = '}' ] || wrong "the schema is no JSON object"
says out '"\$schema"'
says out '"regions"'

status 0 "$program" init starter.yaml
status 0 "$program" check starter.yaml
cp starter.yaml before
code=0
"$program" init starter.yaml >out 2>err || code=$?
[ $code -ne 0 ] && cmp -s starter.yaml before || wrong "init replaced a file that was there (status $code)"

cat >small.yaml <<'YAML'
name: small
duration: 2s
warmup: 0s
drain: 2s
replications: 2
regions: [a, b]
network: {rtt: 80ms}
workload: {arrivals: {poisson: 50/s}, keys: {count: 10}}
models: [lww, async]
YAML
run() { status 0 "$program" run "$@" -q --no-plots --no-report; }
run small.yaml -o plain
if LC_ALL=C grep -q "$(printf '\033')" out err; then wrong "escape codes in a pipe"; fi
says out lww
says out '^  async .*kept'
says out '^  lww .*kept'
says out '^Promises: [0-9]* of [0-9]* held'
"$program" run - -q --no-plots --no-report -o piped <small.yaml >out 2>err || wrong "standard input is not read"
cmp plain/metrics.csv piped/metrics.csv || wrong "standard input gives other figures than the file"
run small.yaml -m async -o chosen
grep -q '^0,async,' chosen/metrics.csv || wrong "-m async: no async"
if grep -q '^0,lww,' chosen/metrics.csv; then wrong "-m async: also lww"; fi
run small.yaml -s network.rtt=200ms -o slower
grep -q '^0,lww,replication_lag_ms,p50,99\.\|^0,lww,replication_lag_ms,p50,100' slower/metrics.csv ||
    wrong "-s network.rtt=200ms: the lag is not 100 ms: $(grep '^0,lww,replication_lag_ms,p50' slower/metrics.csv)"
run small.yaml --seed 2 -o seeded
if cmp -s plain/metrics.csv seeded/metrics.csv; then wrong "--seed 2 changes nothing"; fi
run small.yaml -r 3 -o thrice
[ "$(awk -F, '$2 == "lww" && $3 == "operations" { print $8 }' thrice/metrics.csv)" = 3 ] || wrong "-r 3: not 3 replications"
run small.yaml --json -o json
[ "$(head -c 1 out)" = '{' ] || wrong "--json prints no object"
(cd / && "$program" run "$work/small.yaml" -q --no-plots --no-report -o "$work/fromroot") >out 2>err || wrong "fails from /"
cmp plain/metrics.csv fromroot/metrics.csv || wrong "other figures from /"

run small.yaml --history -o told
history=$(find told/history -name '*.jsonl*' | LC_ALL=C sort | head -n 1)
case $history in
*.jsonl) if grep -qv '^{.*}$' "$history"; then wrong "$history: a line is no object"; fi ;;
*) wrong "no history: $(ls told)" ;;
esac
case $history in *async*) ;; *) wrong "the first history is not of async, which promises monotonic writes: $history" ;; esac
status 0 "$program" verify "$history" --check monotonic_writes
says out "monotonic_writes: holds"

status 2 "$program" chekc small.yaml
says err 'did you mean `check`'
status 2 "$program" run small.yaml --sede 3
says err 'did you mean --seed'
sed 's/async/asinc/' small.yaml >near.yaml
status 2 "$program" check near.yaml
says err 'near.yaml:9:.*error:.*async'
status 2 "$program" list models asinc
says err async

sed 's/\[lww, async\]/[primary]/' small.yaml >primary.yaml
run primary.yaml --plugin "$tests/primary.so" -o plugged
grep -q '^0,primary,availability' plugged/metrics.csv || wrong "the plug-in has no figures"
status 2 "$program" run primary.yaml --plugin "$work/small.yaml" -o refused
[ ! -e refused ] || wrong "a refused plug-in left a results folder"
exit $failures
