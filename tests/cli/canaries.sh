#!/bin/sh
# canaries.sh -- a model that breaks its promise one time in a thousand is caught by a run: exit status 1, and
# an example in verdicts.csv that `explain` tells of. The same model without its flaw is accused of nothing.
set -eu
program=$2 tests=$3 work=$(mktemp -d "$3/canaries-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
wrong() { echo "$*"; failures=1; }

cat >canary.yaml <<'YAML'
name: canary
seed: 4
duration: 60s
warmup: 0s
drain: 30s
replications: 1
regions: [us-east-1, eu-west-1, ap-northeast-1]
network: {rtt: aws, jitter: {lognormal: {median: 2ms, sigma: 0.8}}}
storage: {apply: 50ms, workers: 64}   # or a copy would hear of a write no later than the client behind it
workload: {clients: 5, arrivals: {poisson: 200/s}, keys: {count: 100}, mix: {read: 60%, write: 40%}, timeout: 5s}
models: [{name: bird, type: canary}]
YAML

# fly WANTED-STATUS SETTINGS...: of the one model
fly() {
    wanted=$1
    shift
    name=$(echo "$*" | tr ' ./:={}' '_______')
    sets=""
    for setting; do sets="$sets -s $setting"; done
    code=0
    # shellcheck disable=SC2086
    "$program" run canary.yaml --plugin "$tests/canary.so" -q --no-plots --no-report -o "$name" $sets >out 2>err ||
        code=$?
    [ $code -eq "$wanted" ] || { wrong "$*: exit status $code, not $wanted"; cat err; grep '^0,bird,' "$name/verdicts.csv"; }
}

# caught CHECK SETTINGS...: promised, broken, and an example is named
caught() {
    check=$1
    shift
    fly 1 "$@"
    row=$(grep "^0,bird,$check," "$name/verdicts.csv") 
    case $row in *,true,false,*) ;; *) wrong "$*: $check is not broken: $row" ;; esac
    example=$(echo "$row" | cut -d, -f7)
    case $example in
    1:*) "$program" explain "$name" --plugin "$tests/canary.so" --op "$example" >out 2>err ||
        { wrong "explain says nothing of $example"; cat err; } ;;
    *) [ "$check" = eventual ] || [ "$check" = strong_eventual ] || wrong "$*: no example of $check: $row" ;;
    esac
}

for data in register counter set; do
    fly 0 workload.data=$data
    grep -q ',true,false,\|,true,undecided,' "$name/verdicts.csv" && wrong "$data: $(cat "$name/verdicts.csv")"
    for check in linearizable sequential causal read_your_writes monotonic_reads; do
        fly 0 workload.data=$data models.bird.promise=$check
    done
done
fly 0 workload.roam=20%
for bound in bounded_staleness bounded_versions eventual strong_eventual nothing_lost; do
    fly 0 models.bird.read=near models.bird.promise=$bound
done

caught linearizable models.bird.flaw=stale models.bird.promise=linearizable
# Where each region has one session and few keys, a session meets its own writes again.
few="workload.clients=1 workload.keys.count=3"
for check in sequential causal read_your_writes monotonic_reads; do
    # shellcheck disable=SC2086
    caught $check $few models.bird.flaw=stale models.bird.promise=$check
done
caught linearizable workload.data=counter models.bird.flaw=stale models.bird.promise=linearizable
caught linearizable workload.data=set models.bird.flaw=stale models.bird.promise=linearizable
caught read_your_writes workload.roam=20% models.bird.flaw=roaming models.bird.promise=read_your_writes
# shellcheck disable=SC2086
caught monotonic_writes $few models.bird.flaw=older models.bird.promise=monotonic_writes
# shellcheck disable=SC2086
caught writes_follow_reads $few models.bird.flaw=older models.bird.promise=writes_follow_reads
caught nothing_lost models.bird.flaw=forgetful models.bird.promise=nothing_lost
caught bounded_staleness models.bird.flaw=deaf models.bird.one_in=50 models.bird.read=near models.bird.promise=bounded_staleness
caught bounded_staleness models.bird.flaw=deaf models.bird.one_in=50 models.bird.read=near models.bird.promise=bounded_versions
caught eventual workload.keys.count=10000 models.bird.flaw=dropped models.bird.promise=eventual
caught strong_eventual workload.data=counter models.bird.flaw=different models.bird.promise=strong_eventual
exit $failures
