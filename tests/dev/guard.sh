#!/bin/sh
# bench/guard.sh fails beyond 5%, and says so when it has nothing to compare with: in a repository of fakes, where a
# program's instructions are a set-up and, for each unit of work, the number in its tree's `cost`. Also: ./dev refuses a benchmark that there is not.
# usage: guard.sh SOURCE_DIR
set -eu
source_dir=$1
command -v git >/dev/null 2>&1 || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
fail() {
    echo "guard.sh: $*" >&2
    status=1
}

mkdir -p "$work/bin" "$work/tree/bench"
cat >"$work/bin/cmake" <<'FAKE'
#!/bin/sh
mkdir -p build/release/bench
cp cost build/release/bench/georep-bench
chmod +x build/release/bench/georep-bench
FAKE
cat >"$work/bin/valgrind" <<'FAKE'
#!/bin/sh
for word; do
    case $word in
    */georep-bench) program=$word ;;
    duration=*s) work=${word#duration=} && work=${work%s} ;;
    [0-9]*) work=$word ;; # the last number is that of --events
    esac
done
echo "==1== Collected : $((700000000 + work * $(cat "$program")))" >&2
FAKE
chmod +x "$work/bin/cmake" "$work/bin/valgrind"

git_here() { git -c user.name=test -c user.email=test@localhost -c init.defaultBranch=main "$@"; }
cp "$source_dir/bench/guard.sh" "$work/tree/bench/"
cd "$work/tree"
git_here init -q .
echo 1000 >cost
echo first >bench/guard.txt
git_here add -A
git_here commit -qm first

# cost N: the tree is built anew, and guarded; the exit status is in $code
cost() {
    echo "$1" >cost
    "$work/bin/cmake"
    code=0
    PATH="$work/bin:$PATH" bench/guard.sh build/release >"$work/out" 2>&1 || code=$?
}

cost 1050
[ $code -eq 0 ] || fail "5% dearer is refused: $(cat "$work/out")"
git_here commit -qam second
cost 1051
[ $code -eq 1 ] || fail "more than 5% dearer passes: $(cat "$work/out")"
grep -q '^hold: 300000000 instructions at .*, 315300000 now: +5.10%' "$work/out" || fail "not both counts: $(cat "$work/out")"
grep -q '^scenario: ' "$work/out" || fail "the reference scenario is not counted"
cost 500
[ $code -eq 0 ] || fail "cheaper is refused"
cost 0
[ $code -eq 1 ] || fail "a run that counts nothing passes"

# Accepted with a reason: from then on that is what is compared with.
cost 2000
echo "dearer, for a reason" >>bench/guard.txt
git_here commit -qam third
cost 2000
[ $code -eq 0 ] || fail "what was accepted is refused: $(cat "$work/out")"
git_here commit -q --allow-empty -m fourth

git_here clone -q --depth 1 "file://$work/tree" "$work/shallow"
cd "$work/shallow"
cost 9000
[ $code -eq 0 ] || fail "a shallow clone fails"
grep -q 'nothing to compare with: this clone is shallow' "$work/out" || fail "a shallow clone does not say so: $(cat "$work/out")"

code=0
"$source_dir/dev" bench nonesuch >"$work/out" 2>&1 || code=$?
[ $code -eq 2 ] || fail "./dev bench nonesuch has status $code"
grep -q 'no benchmark nonesuch' "$work/out" || fail "./dev bench nonesuch does not say what is wrong"
exit $status
