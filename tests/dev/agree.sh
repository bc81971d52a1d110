#!/bin/sh
# The program by hand finds of the reference scenario what georep finds; a program that does another work is told.
# usage: agree.sh SOURCE_DIR BUILD_DIR
set -eu
cd "$1"
build=$2
[ -x "$build/bench/georep-bench" ] && [ -x "$build/bench/limit-reference" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bench"
ln -s "$build/bench/georep-bench" "$work/bench/georep-bench"
status=0
ln -s "$build/bench/limit-reference" "$work/bench/limit-reference"
bench/agree.sh "$work" 4 limit >"$work/out" || status=1
[ $status -eq 0 ] || cat "$work/out"
grep -q '^All 11 agree' "$work/out" || { echo "agree.sh: not all figures were compared" && status=1; }

# The same with one figure a tenth too large: of a figure, not of all.
cat >"$work/wrong" <<WRONG
#!/bin/sh
"$build/bench/limit-reference" "\$@" | awk '\$2 == "lost_updates" { \$3 *= 1.1 } { print }'
WRONG
chmod +x "$work/wrong"
ln -sf "$work/wrong" "$work/bench/limit-reference"
if bench/agree.sh "$work" 4 limit >"$work/out"; then
    echo "agree.sh: lost updates that are a tenth too many pass" && status=1
fi
[ "$(grep -c DIFFERS "$work/out")" -eq 1 ] || { cat "$work/out" && status=1; }
exit $status
