#!/bin/sh
# georep-bench beside its peers and the limit programs: all in turns in one session (A B C A B C ...), so that what the
# machine does meanwhile falls on all alike. Prints two tables of ratios in Markdown, by medians and by best turns, and
# whether all found the same (agree.sh); exit status 1 if they did not. PROFILED_DIR has georep and the limit program
# built by a profile (./dev pgo), which become a row of their own.
# usage, from the folder of the sources: bench/compare.sh BUILD_DIR [TURNS [PROFILED_DIR]]; paths must be free of blanks
set -eu
build=$1
here=bench
turns=${2:-3}
profiled=${3:-}
work=$build/compare
mkdir -p "$work"
rates=$work/rates.csv # engine,work,events_per_second of every turn
: >"$rates"
: >"$work/found"

# A line a run: whose, which work, its program and arguments. What is not there is left out.
runs() {
    cat <<RUNS
georep hold $build/bench/georep-bench hold --csv --events 3000000
limit hold $build/bench/limit-hold bucket 3000000
simpy hold $here/peers/peer_simpy.py hold --csv
simgrid hold $build/bench/peer-simgrid hold --csv
ns3 hold $build/bench/peer-ns3 hold --csv
georep mm1 $build/bench/georep-bench mm1 --csv --events 5000000
limit mm1 $build/bench/limit-mm1 list 5000000
simpy mm1 $here/peers/peer_simpy.py mm1 --csv
simgrid mm1 $build/bench/peer-simgrid mm1 --csv
ns3 mm1 $build/bench/peer-ns3 mm1 --csv
georep reference $build/bench/georep-bench scenario --csv --turns 1
georep metrics $build/bench/georep-bench scenario --csv --turns 1 --readers metrics
georep peers $build/bench/georep-bench scenario --csv --turns 1 --readers peers
limit reference $build/bench/limit-reference --csv
simpy reference $here/peers/peer_simpy.py reference --csv
simgrid reference $build/bench/peer-simgrid reference --csv
ns3 reference $build/bench/peer-ns3 reference --csv
RUNS
    [ -z "$profiled" ] || cat <<RUNS
georep profiled $profiled/bench/georep-bench scenario --csv --turns 1
limit profiled $profiled/bench/limit-reference --csv
RUNS
}

# The rate's column goes by its name, which differs from work to work; a row of hold is named by its setting.
rows_take() {
    awk -F, -v engine="$1" -v work="$2" '
        /^#/ { next }
        !rate { for (i = 1; i <= NF; i++) { if ($i ~ /^(events|customers|operations)_per_second$/ && !rate) rate = i
                                            if ($i == "increments") increments = i }
                next }
        { print engine "," (increments ? work " " $1 " " $increments : work) "," $rate }' "$3"
}

turn=1
while [ "$turn" -le "$turns" ]; do
    runs | while read -r engine name program arguments; do
        if [ ! -x "$program" ]; then
            [ "$turn" -gt 1 ] || echo "compare.sh: no $program: left out" >&2
            continue
        fi
        printf 'turn %s of %s: %s %s\n' "$turn" "$turns" "$engine" "$name" >&2
        # shellcheck disable=SC2086  # a list of arguments
        if ! "$program" $arguments >"$work/out" 2>"$work/err"; then
            cat "$work/out" "$work/err" >&2
            echo "compare.sh: $program $arguments failed" >&2
            exit 1
        fi
        # The others have no checks, and eleven figures alone: they stand beside all rows of the reference scenario.
        case $engine-$name in
        georep-metrics) rows_take georep "reference without checks" "$work/out" >>"$rates" ;;
        georep-peers) rows_take georep "reference by the peers' figures alone" "$work/out" >>"$rates" ;;
        *-profiled) rows_take "$engine" "reference with both built by a profile" "$work/out" >>"$rates" ;;
        georep-*) rows_take georep "$name" "$work/out" >>"$rates" ;;
        *-reference)
            for row in reference "reference without checks" "reference by the peers' figures alone"; do
                rows_take "$engine" "$row" "$work/out" >>"$rates"
            done
            [ -z "$profiled" ] || [ "$engine" = limit ] ||
                rows_take "$engine" "reference with both built by a profile" "$work/out" >>"$rates"
            ;;
        *) rows_take "$engine" "$name" "$work/out" >>"$rates" ;;
        esac
        case $turn-$name in
        1-hold | 1-mm1) sed -n "s/^# /$engine $name: /p" "$work/out" >>"$work/found" ;; # of the others: agree.sh
        esac
    done
    turn=$((turn + 1))
done

# table median|best: a row a work; a cell is millions a second, and how many times as fast georep is.
table() {
    awk -F, -v which="$1" '
        function pick(key,    n, i, j, v, swap) {
            n = split(all[key], v, " ")
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { swap = v[j]; v[j] = v[j - 1]; v[j - 1] = swap }
            return which == "best" ? v[n] : n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
        }
        { all[$1 "," $2] = all[$1 "," $2] " " $3
          if (!($2 in known)) { known[$2] = 1; works[++count] = $2 } }
        END {
            engines = split("limit simpy simgrid ns3", engine, " ")
            print "| million a second, " which " (georep / it) | georep | limit | SimPy | SimGrid | ns-3 |"
            print "| :--- | ---: | ---: | ---: | ---: | ---: |"
            for (w = 1; w <= count; w++) {
                own = pick("georep," works[w])
                line = sprintf("| %s | %.3g |", works[w], own / 1e6)
                for (e = 1; e <= engines; e++) {
                    key = engine[e] "," works[w]
                    line = line (key in all ? sprintf(" %.3g (%.2f) |", pick(key) / 1e6, own / pick(key)) : " - |")
                }
                print line
            }
        }' "$rates"
}

package_version() {
    version=$(dpkg-query -W -f='${Version}' "$1" 2>/dev/null) || version=
    printf '%s' "${version:-of unknown version}"
}

commit=$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$here" status --porcelain 2>/dev/null)" ] || commit="$commit and changes"
cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)
echo "$(date -u +%Y-%m-%d), commit $commit, one core of ${cpu:-an unknown processor}, load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown),"
echo "$(cc --version | head -n 1). SimPy $(package_version python3-simpy3) (python3 $(package_version python3)),"
echo "SimGrid $(package_version libsimgrid-dev), ns-3 $(package_version libns3-dev). $turns turns."
echo
table median
echo
table best
echo
echo "What each found of M/M/1, and of the reference scenario:"
echo
sed 's/^/    /' "$work/found"
echo
$here/agree.sh "$build"
