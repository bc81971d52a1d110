#!/bin/sh
# verify.sh -- recorded histories from outside: exit statuses, what cannot be read, and that a history written
# again as Jepsen does, in EDN or JSON lines, is judged the same.
set -eu
sources=$1 program=$2 work=$(mktemp -d "$3/verify-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
wrong() { echo "$*"; failures=1; }

# verdicts FILE OPTIONS...: check and verdict, a line each
verdicts() {
    timeout 60 "$program" verify "$@" 2>&1 | grep -E '^[a-z_]*: (holds|broken|undecided)' | sed -E 's/^([a-z_]*: [a-z]*).*/\1/'
}
again() {
    verdicts "$1" --check all -o again.edn >first
    verdicts again.edn --check all -o again.jsonl >second
    verdicts again.jsonl --check all >third
    if [ "$(wc -l <first)" -ne 11 ] || ! cmp -s first second || ! cmp -s first third; then
        wrong "$1 is judged another way when written again"
        diff first second || true
        diff first third || true
    fi
}
for history in "$sources"/tests/golden/histories/*.edn "$sources"/tests/golden/histories/*.json; do
    [ "$(basename "$history")" = broken_syntax.edn ] || again "$history"
done

# georep's own, of each kind of data: decided, without being told what counters begin with.
cat >own.yaml <<'YAML'
name: own
duration: 5s
warmup: 0s
replications: 1
regions: [a, b]
network: {rtt: 80ms}
workload: {arrivals: {poisson: 100/s}, keys: {count: 20}}
models: [{name: leader, type: sync, acks: all, read: leader}, {name: local, type: async, read: local}]
YAML
for kind in 'register read:60%,write:40%' 'counter read:60%,increment:30%,decrement:10%' 'set read:60%,add:15%,remove:10%,write:15%'; do
    data=${kind% *} mix=$(echo "${kind#* }" | sed 's/:/: /g')
    "$program" run own.yaml -q --no-plots --no-report --history -o "$data" -s "workload.data=$data" -s "workload.mix={$mix}" >out 2>err ||
        { wrong "$data: run fails"; cat err; }
    for model in leader local; do
        history=$(echo "$data"/history/*-$model-*.jsonl)
        code=0
        "$program" verify "$history" --check linearizable >out 2>err || code=$?
        [ "$model $code" = 'leader 0' ] || [ "$model $code" = 'local 1' ] || { wrong "$data, $model: status $code"; cat out err; }
        again "$history"
    done
done

# refuses STATUS TEXT WORDS...: of a history that is no history
refuses() {
    code=0
    printf '%b' "$2" | timeout 60 "$program" verify - >out 2>err || code=$?
    [ $code -eq "$1" ] || { wrong "status $code, not $1, for: $2"; cat out err; }
    grep -q -e "$3" out err || { wrong "nothing like '$3' for: $2"; cat out err; }
}
refuses 2 '' 'error'
refuses 2 '{:type :invoke, :f :fly, :process 0}' 'standard input:1:20: error: no such function'
refuses 2 '{:type :invoke, :f :read, :process 0}\r\n{:type :ok, :f :read, :val' 'standard input:2:1: error'
refuses 2 '{"type":"invoke","f":"read","process":0}\n{"type":"ok" "f"' 'standard input:2:14: error'
refuses 2 '\0\0\0\377\376' 'standard input:1:1: error'
refuses 2 '{:type :invoke, :f :read, :process 0}{:type :ok, :f :write, :value 1, :process 0}' 'another function'
refuses 2 "$(printf '{:process 0 :type :invoke :f :write :value %500s' '' | tr ' ' '[')" 'error'
refuses 0 '{:type :invoke, :f :read, :process 0}\r\n{:type :ok, :f :read, :value nil, :process 0}\r\n' 'holds'
refuses 1 '{:type :invoke, :f :read, :process 0}\n{:type :ok, :f :read, :value 3, :process 0}\n' 'nobody had written'
refuses 0 '{:type :invoke, :f :write, :value 1, :process 0}\n{:type :info, :f :write, :value 1, :process 0}\n{:type :invoke, :f :read, :process 0}\n{:type :ok, :f :read, :value 1, :process 0}\n' 'holds'
refuses 2 '##' 'standard input:1:'
refuses 2 '0\t:invoke' 'standard input:1:'
printf '#{a}{process 0 :type :invoke :f :read}' >word.edn
code=0
"$program" verify word.edn -o written.edn >out 2>err || code=$?
[ $code -eq 2 ] || { wrong "a set before the history: status $code"; cat out err; }
printf '{process 0, :type :invoke, :f :write, :value sym}{process 0, :type :ok, :f :write, :value sym}' >word.edn
"$program" verify word.edn -o written.edn >out 2>err || { wrong "symbols"; cat out err; }
grep -q ':value sym}' written.edn || { wrong "a symbol is written as something else"; cat written.edn; }
exit $failures
