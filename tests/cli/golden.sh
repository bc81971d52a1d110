#!/bin/sh
# golden.sh -- every scenario at a short horizon, byte for byte: each .csv and each history against committed digests.
#
#     sh golden.sh SOURCES PROGRAM WORK_FOLDER        UPDATE=1: writes the digests anew
#
# The same digests serve every compiler and every -O: run the test in each build (./dev test, ./dev test --all). Here it
# also compares one job with two. A change of a figure must be meant: look at the difference, then update.
set -eu
sources=$1 program=$2 work=$(mktemp -d "$3/golden-XXXXXX")
trap 'rm -rf "$work"' EXIT
digests=$sources/tests/golden/digests
status=0

# run SCENARIO NAME JOBS: results in $work/NAME-JOBS
run() {
    "$program" run "$1" -q --no-plots --no-report --history -r 2 -j "$3" -o "$work/$2-$3" \
        -s duration=8s -s warmup=1s -s drain=20s -s faults.0.at=3s -s faults.0.for=2s >/dev/null 2>"$work/errors" || {
        code=$?
        # 1 and 4 speak of expectations, which are made for the whole horizon
        if [ $code -ne 1 ] && [ $code -ne 4 ]; then
            echo "$1: exit status $code"
            cat "$work/errors"
            exit 1
        fi
    }
}

# digest FOLDER: a line a file
digest() {
    (cd "$1" && find . -name '*.csv' -path './*' ! -path './inputs/*' -o -name '*.jsonl' | LC_ALL=C sort | xargs sha256sum)
}

for scenario in "$sources"/scenarios/*.yaml; do
    name=$(basename "$scenario" .yaml)
    run "$scenario" "$name" 1
    run "$scenario" "$name" 2
    digest "$work/$name-1" >"$work/$name.1"
    digest "$work/$name-2" >"$work/$name.2"
    if ! diff "$work/$name.1" "$work/$name.2" >"$work/difference"; then
        echo "$name: one job and two differ:"
        cat "$work/difference"
        status=1
    fi
    [ "$(wc -l <"$work/$name.1")" -ge 10 ] || { echo "$name: hardly any files"; status=1; }
    if [ "${UPDATE:-}" = 1 ]; then
        cp "$work/$name.1" "$digests/$name.sha256"
    elif ! diff "$digests/$name.sha256" "$work/$name.1" >"$work/difference"; then
        echo "$name: other bytes than committed (< committed, > now); if that is meant: UPDATE=1 sh tests/cli/golden.sh ..."
        cat "$work/difference"
        status=1
    fi
done
exit $status
