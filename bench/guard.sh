#!/bin/sh
# Does the simulator cost more than it did? Counts the instructions (callgrind: no noise) of two small fixed runs, hold and
# the reference scenario, of this tree and of an earlier commit, both built here and now by their own release presets.
# Prints all counts; exit status 1 beyond 5%.
#
# The earlier commit is the one that last changed bench/guard.txt: whoever makes the program dearer for a reason writes the
# reason there, and the next comparison is with that. A commit's hash would not live through a rebase.
# usage: guard.sh BUILD_DIR_OF_THIS_TREE (with bench/georep-bench in it)
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

# instructions PROGRAM TREE WORK
instructions() {
    case $3 in
    hold) set -- "$1" "$2" hold --csv --pending 10000 --events 50000 ;;
    scenario) set -- "$1" "$2" scenario --csv --set duration=0.2s --set warmup=0.05s "$2/bench/scenarios/reference.yaml" ;;
    esac
    program=$1
    shift 2
    rm -f "$folder"/callgrind.out.*
    # A trial runs in a process of its own: all of them count.
    if ! valgrind --tool=callgrind --trace-children=no --callgrind-out-file="$folder/callgrind.out.%p" \
        "$program" "$@" >"$folder/out" 2>"$folder/err"; then
        cat "$folder/err" >&2
        return 1
    fi
    awk '$2 == "Collected" && $3 == ":" { sum += $4 } END { printf "%.0f\n", sum }' "$folder/err"
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
