#!/bin/sh
# Does the simulator cost more than it did? Counts the instructions (callgrind: no noise) of the hot loops of hold and of
# the reference scenario, of this tree and of an earlier commit, both built here and now by their own release presets.
# Prints all counts; exit status 1 beyond 5%.
#
# The earlier commit is the one that last changed bench/guard.txt: whoever makes the program dearer for a reason writes the
# reason there, and the next comparison is with that. A commit's hash would not live through a rebase.
# usage: bench/guard.sh BUILD_DIR_OF_THIS_TREE (with bench/georep-bench in it)
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
now=$1
limit_percent=5

skip() {
    echo "guard.sh: nothing to compare with: $*" >&2
    exit 0
}

[ "$(git -C "$here" rev-parse --is-inside-work-tree 2>/dev/null)" = true ] || skip "this is no git repository"
base=$(git -C "$here" log -1 --format=%H -- bench/guard.txt)
[ -n "$base" ] || skip "bench/guard.txt was never committed"
# Where a shallow clone ends, every file looks as if it had been changed there.
if [ "$(git -C "$here" rev-parse --is-shallow-repository)" = true ] &&
    ! git -C "$here" rev-parse -q --verify "$base^" >/dev/null; then
    skip "this clone is shallow, and the commit is not in it (git fetch --unshallow)"
fi

folder=$here/build/guard
tree=$folder/$base
mkdir -p "$folder"
if [ ! -x "$tree/build/release/bench/georep-bench" ]; then
    rm -rf "$tree"
    mkdir -p "$tree"
    git -C "$here" archive "$base" | tar -x -C "$tree"
    (cd "$tree" && cmake --preset release && cmake --build build/release -j "$(nproc)" --target georep-bench) \
        >"$folder/build.log" 2>&1 || {
        tail -n 20 "$folder/build.log" >&2
        echo "guard.sh: commit $base does not build" >&2
        exit 1
    }
fi

# count PROGRAM ARGUMENT...: the instructions of one run, all its processes (each trial has one of its own).
count() {
    if ! valgrind --tool=callgrind --callgrind-out-file="$folder/callgrind.out.%p" "$@" \
        >"$folder/out" 2>"$folder/err"; then
        cat "$folder/err" >&2
        return 1
    fi
    rm -f "$folder"/callgrind.out.*
    awk '$2 == "Collected" && $3 == ":" { sum += $4 } END { printf "%.0f\n", sum }' "$folder/err"
}

# run PROGRAM TREE WORK AMOUNT: the amount is pops of hold (for each kind of increment), seconds of the scenario.
run() {
    case $3 in
    hold) count "$1" hold --csv --pending 10000 --events "$4" ;;
    scenario) count "$1" scenario --csv --set duration="$4s" --set warmup=0.5s "$2/bench/scenarios/reference.yaml" ;;
    esac
}

# instructions PROGRAM TREE WORK: what the longer of two runs takes more than the shorter, so that set-up (tables, memory,
# the reading of the scenario, filling the queue), which both have alike, is not counted: the rest is the hot loop.
instructions() {
    case $3 in
    hold) shorter=50000 longer=350000 ;;
    scenario) shorter=1 longer=4 ;; # 10 thousand operations a second, thrice: `scenario` measures three turns
    esac
    less=$(run "$1" "$2" "$3" "$shorter")
    more=$(run "$1" "$2" "$3" "$longer")
    echo $((more - less))
}

short=$(git -C "$here" rev-parse --short "$base")
status=0
for work in hold scenario; do
    before=$(instructions "$tree/build/release/bench/georep-bench" "$tree" $work)
    after=$(instructions "$now/bench/georep-bench" "$here" $work)
    awk -v work=$work -v commit="$short" -v before="$before" -v after="$after" -v most=$limit_percent 'BEGIN {
        if (before <= 0 || after <= 0) { print "guard.sh: " work ": nothing was counted"; exit 1 }
        change = 100 * (after - before) / before
        printf "%s: %.0f instructions at %s, %.0f now: %+.2f%%%s\n", work, before, commit, after, change,
               (change > most ? ", more than " most "% dearer" : "")
        exit (change > most) }' || status=1
done
exit $status
