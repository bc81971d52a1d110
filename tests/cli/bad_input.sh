#!/bin/sh
# bad_input.sh -- each wrong input: exit status 2, the place as FILE:LINE:COLUMN, what would be right, nothing written.
set -eu
program=$2 work=$(mktemp -d "$3/bad-input-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

# refused 'PATTERN' ARGUMENTS...: status 2 and the pattern on standard error, no results folder
refused() {
    pattern=$1
    shift
    code=0
    timeout 60 "$program" run "$@" -q --no-plots --no-report -o results >out 2>err </dev/null || code=$?
    [ $code -eq 2 ] || { echo "$pattern: exit status $code, not 2"; head -n 5 err; failures=1; }
    grep -q -e "$pattern" err || { echo "nothing like '$pattern' but:"; head -n 5 err; failures=1; }
    [ ! -e results ] || { echo "$pattern: a results folder was written"; failures=1; rm -rf results; }
}
# bad 'PATTERN' <<YAML: the scenario on standard input, in bad.yaml, below four lines that are right
bad() {
    { printf 'name: bad\nduration: 2s\nwarmup: 0s\nreplications: 1\n'; cat; } >bad.yaml
    refused "$1" bad.yaml
}
# value KEY VALUE: refused on its line, 7
value() {
    printf 'regions: [a, b]\nmodels: [lww]\n%s\n' "$1" | bad '^bad.yaml:7:[0-9]*: error: '
}
for wrong in nan .nan inf .inf -.inf NaNms infms -1ms 1e400ms 99999999999999d 80 80mss 80kg ''; do
    value "network: {rtt: $wrong}"
done
value 'network: {rtt: 80ms, loss: 101%}'
value 'network: {rtt: 80ms, loss: -1%}'
value 'network: {rtt: 80ms, loss: nan}'
value 'network: {rtt: 80ms, bandwidth: -1Gbps}'
value 'network: {rtt: {normal: {mean: 80ms, stddev: -8ms}}}'
value 'workload: {clients: -1}'
value 'workload: {clients: 1.5}'
value 'workload: {arrivals: {poisson: inf/s}}'
value 'workload: {arrivals: {poisson: 100}}'
value 'workload: {keys: {count: 0}}'
value 'workload: {keys: {distribution: {zipfian: nan}}}'
value 'faults: [{at: -1s, partition: [[a], [b]]}]'
value 'faults: [{at: 1s, crash: {region: nowhere}}]'

bad '^bad.yaml:6:.*lww' <<'YAML'
regions: [a, b]
models: [lwww]
YAML
bad '^bad.yaml:7:.*network' <<'YAML'
regions: [a, b]
models: [lww]
netwrok: {rtt: 80ms}
YAML
bad '^bad.yaml:5:14: error: ' <<'YAML'
regions: [a, a]
network: {rtt: 80ms}
models: [lww]
YAML
# all errors of a file in one go
bad '^bad.yaml:6:' <<'YAML'
regions: [a, b]
network: {rtt: 80}
workload: {clients: -1}
models: [lwww]
YAML
for line in 7 8; do grep -q "^bad.yaml:$line:" err || { echo "the error of line $line is not said"; failures=1; }; done

printf 'from,a,b\na,0,80\nb,,0\n' >matrix.csv
bad '^bad.yaml:6:[0-9]*: error: .*matrix.csv.* from b to a' <<'YAML'
regions: [a, b]
network: {rtt: matrix.csv}
models: [lww]
YAML
bad '^bad.yaml:6:.*nowhere.csv' <<'YAML'
regions: [a, b]
network: {rtt: nowhere.csv}
models: [lww]
YAML
bad '^bad.yaml:5:' <<'YAML'
regions: &a [*a]
models: [lww]
YAML
{
    echo 'x-0: &a0 [x, x, x, x, x, x, x, x, x, x]'
    for i in 1 2 3 4 5 6 7 8 9; do
        a="*a$((i - 1))"
        echo "x-$i: &a$i [$a, $a, $a, $a, $a, $a, $a, $a, $a, $a]"
    done
} | bad '^bad.yaml:[0-9]*:[0-9]*: error: .*million\|^bad.yaml:[0-9]*:[0-9]*: error: .*1000000\|^bad.yaml:[0-9]*:.*1 000 000'
printf 'x-deep: %s%s\n' "$(printf '[%.0s' $(seq 65))" "$(printf ']%.0s' $(seq 65))" | bad '^bad.yaml:5:.*64'
bad '^bad.yaml:[56]:[0-9]*: error: ' <<'YAML'
regions: [a, b
YAML
bad 'memory.* [0-9.]* [KMGTP]\{0,1\}i\{0,1\}B' <<'YAML'
regions: [a, b]
network: {rtt: 80ms}
workload: {data: set, keys: {count: 1000000000}}
models: [crdt]
YAML

refused 'missing.yaml.*No such file' missing.yaml
mkdir folder.yaml
refused 'folder.yaml' folder.yaml
refused '/dev/zero' /dev/zero
: >empty.yaml
refused 'empty.yaml' empty.yaml
head -c 4096 "$program" >garbage.yaml
refused '^garbage.yaml:1:' garbage.yaml
exit $failures
