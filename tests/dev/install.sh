#!/bin/sh
# ./dev installs what is missing, once, and says how when it cannot: on a machine made of fakes.
# usage: install.sh SOURCE_DIR
set -eu
source_dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
export FAKE="$work"

fail() {
    echo "install.sh: $*" >&2
    status=1
}
fake() { # fake FOLDER NAME: the body is on standard input
    mkdir -p "$work/$1"
    { echo '#!/bin/sh' && cat; } >"$work/$1/$2"
    chmod +x "$work/$1/$2"
}

# dpkg knows what is in `installed`; apt-get puts it there, but only with fresh lists.
# shellcheck disable=SC2016
{
    fake bin dpkg-query <<'FAKE'
for last; do :; done
if grep -qx "$last" "$FAKE/installed"; then printf installed; fi
FAKE
    fake bin apt-cache <<'FAKE'
for last; do :; done
if [ -s "$FAKE/lists" ]; then echo "Package: $last"; fi
FAKE
    fake bin apt-get <<'FAKE'
echo "apt-get $DEBIAN_FRONTEND $*" >>"$FAKE/calls"
case " $* " in
*" update "*) echo fresh >"$FAKE/lists" ;;
*) grep -qx fresh "$FAKE/lists" || exit 100
   for word; do echo "$word"; done >>"$FAKE/installed" ;;
esac
FAKE
    fake bin cmake <<'FAKE'
echo "cmake $*" >>"$FAKE/calls"
FAKE
    fake bin cc </dev/null
    fake bin ninja </dev/null
    fake bin pkg-config </dev/null
    fake bin gnuplot </dev/null
    fake root id <<'FAKE'
echo 0
FAKE
    fake user id <<'FAKE'
echo 1000
FAKE
    fake refused sudo <<'FAKE'
exit 1
FAKE
    fake granted sudo <<'FAKE'
echo sudo >>"$FAKE/calls"
[ "$1" != -n ] || shift
exec "$@"
FAKE
}
tree="$work/a tree"
mkdir -p "$tree/build/release" "$work/none"
cp "$source_dir/dev" "$tree/dev"
cat >"$tree/build/release/georep" <<'FAKE'
#!/bin/sh
echo "georep $*" >>"$FAKE/calls"
exit 4
FAKE
chmod +x "$tree/build/release/georep"

# Only what a Debian has without anything installed, so that a sudo of this machine is out of sight.
mkdir -p "$work/base"
for tool in sh env dirname awk sed grep cat printf mkdir nproc find chown rm uname cut tr; do
    if path=$(command -v "$tool") && [ -x "$path" ]; then ln -s "$path" "$work/base/$tool"; fi
done

# machine ROLE SUDO LISTS: a fresh machine; ROLE root or user, SUDO none, refused or granted
machine() {
    role=$1 sudo=$2
    : >"$work/installed"
    printf '%s' "$3" >"$work/lists"
}
demo() { # the exit status is in $code
    : >"$work/calls"
    code=0
    (cd / && PATH="$work/$role:$work/$sudo:$work/bin:$work/base" "$tree/dev" demo --seed 2 </dev/null >"$work/out" 2>&1) || code=$?
}
count() { grep -c -- "$1" "$work/calls" || true; }

machine root none ''
demo
[ $code -eq 4 ] || fail "the program's exit status 4 became $code: $(cat "$work/out")"
[ "$(count ' update')" -eq 1 ] || fail "without lists they are fetched once"
[ "$(count ' install')" -eq 1 ] || fail "one installation was due"
grep -q 'apt-get noninteractive' "$work/calls" || fail "apt-get may ask questions"
grep -q 'libgsl-dev .*GSL' "$work/out" || fail "it does not say why it installs libgsl-dev"
grep -q 'georep run scenarios/quickstart.yaml -f --seed 2' "$work/calls" || fail "the demo did not run"
demo
[ "$(count apt-get)" -eq 0 ] || fail "the second call installs again"

machine root none old
demo
[ $code -eq 4 ] || fail "old lists are not mended"
[ "$(count ' install')" -eq 2 ] || fail "with old lists the installation is tried again"

machine user none fresh
demo
[ $code -eq 3 ] || fail "without root and sudo the status is $code, not 3"
grep -q 'apt-get update && apt-get install .*libgsl-dev' "$work/out" || fail "it does not say the command to run"

machine user refused fresh
demo
[ $code -eq 3 ] || fail "with a sudo that refuses the status is $code, not 3"

machine user granted fresh
demo
[ $code -eq 4 ] || fail "with a sudo that works the status is $code: $(cat "$work/out")"
[ "$(count '^sudo')" -eq 1 ] || fail "sudo was called $(count '^sudo') times"
exit $status
