#!/bin/sh
# Do the programs that do the reference scenario's work find what georep finds? Each runs with several seeds; a figure's
# mean over them is compared with georep's by Welch's test. The limit is such that among all the comparisons of a run
# where nothing differs one in a hundred runs would name any (Bonferroni); a percentile may differ by one bin of its
# histogram more (half a thousandth of the limit program's and georep's, 0.01 ms of the others').
# And georep must find the very same where it looks for these figures alone (`--readers peers`, a row of compare.sh).
# Prints a table in Markdown, what differs, and exit status 1 if anything does.
# usage, from the folder of the sources: bench/agree.sh BUILD_DIR [SEEDS [ENGINE...]], engines: limit simpy simgrid ns3
set -eu
build=$1
seeds=${2:-10}
if [ $# -gt 2 ]; then shift 2; else set -- limit simpy simgrid ns3; fi
work=$build/agree
mkdir -p "$work"

# georep_found SEED [OPTION...]
georep_found() {
    seed_of_it=$1
    shift
    "$build/bench/georep-bench" scenario --csv --found --turns 1 --set seed="$seed_of_it" --set duration=40s "$@"
}

# found ENGINE SEED: lines `# NAME VALUE`; operations are what each does in about a second. Warm-up as reference_warmup_s.
found() {
    case $1 in
    georep) georep_found "$2" ;;
    limit) "$build/bench/limit-reference" --csv --events 400000 --seed "$2" ;;
    simpy) bench/peers/peer_simpy.py reference --csv --events 80000 --seed "$2" ;;
    simgrid) "$build/bench/peer-simgrid" reference --csv --events 200000 --seed "$2" ;;
    ns3) "$build/bench/peer-ns3" reference --csv --events 400000 --seed "$2" ;;
    *)
        echo "agree.sh: no engine $1" >&2
        exit 2
        ;;
    esac
}

georep_found 1 | grep '^#' >"$work/all"
georep_found 1 --readers peers | grep '^#' >"$work/alone"
if ! cmp -s "$work/all" "$work/alone"; then
    echo "agree.sh: with --readers peers georep finds something else:" >&2
    diff "$work/all" "$work/alone" >&2 || exit 1
fi

: >"$work/values" # engine, figure, value
for engine in georep "$@"; do
    case $engine in
    simgrid | ns3) if [ ! -x "$build/bench/peer-$engine" ]; then
        echo "agree.sh: no peer-$engine: left out" >&2
        continue
    fi ;;
    esac
    seed=1
    while [ "$seed" -le "$seeds" ]; do
        found "$engine" "$seed" >"$work/out"
        awk -v engine="$engine" '$1 == "#" { print engine, $2, $3 }' "$work/out" >>"$work/values"
        seed=$((seed + 1))
    done
done

awk '
    { key = $1 SUBSEP $2
      n[key]++; sum[key] += $3; values[key, n[key]] = $3
      if (!($1 in engines)) { engines[$1]; engine[++engine_count] = $1 }
      if (!($2 in figures)) { figures[$2]; figure[++figure_count] = $2 } }
    # The square of the standard error of a mean.
    function error2(key,    i, m, s) {
        m = sum[key] / n[key]
        for (i = 1; i <= n[key]; i++) s += (values[key, i] - m) ^ 2
        return s / (n[key] - 1) / n[key]
    }
    # Normal quantile of a small upper tail (Abramowitz and Stegun 26.2.23), then of t by Fisher and Cornish (26.7.5).
    function t_limit(tail, df,    u, z) {
        u = sqrt(-2 * log(tail))
        z = u - (2.515517 + 0.802853 * u + 0.010328 * u * u) / (1 + 1.432788 * u + 0.189269 * u * u + 0.001308 * u ^ 3)
        return z + (z ^ 3 + z) / (4 * df) + (5 * z ^ 5 + 16 * z ^ 3 + 3 * z) / (96 * df ^ 2) \
               + (3 * z ^ 7 + 19 * z ^ 5 + 17 * z ^ 3 - 15 * z) / (384 * df ^ 3)
    }
    END {
        if (engine_count < 2 || engine[1] != "georep") { print "agree.sh: nothing to compare"; exit 1 }
        comparisons = (engine_count - 1) * figure_count
        line = "| figure"; rule = "| :---"
        for (e = 1; e <= engine_count; e++) { line = line " | " engine[e]; rule = rule " | ---:" }
        print line " |"; print rule " |"
        for (f = 1; f <= figure_count; f++) {
            own = "georep" SUBSEP figure[f]
            line = "| " figure[f]
            for (e = 1; e <= engine_count; e++) {
                key = engine[e] SUBSEP figure[f]
                if (n[key] != n[own]) { line = line " | -"; report = report "\n" engine[e] " has no " figure[f]; continue }
                mean = sum[key] / n[key]
                line = line sprintf(" | %.4g +- %.2g", mean, sqrt(error2(key)))
                if (e == 1) continue
                own_mean = sum[own] / n[own]
                both = error2(own) + error2(key)
                apart = mean > own_mean ? mean - own_mean : own_mean - mean
                if (figure[f] ~ /_p[0-9]+$/) apart -= own_mean / 1024 + 0.01
                # What does not vary must be the same to the last digit that the programs print.
                limit = both > 0 ? t_limit(0.005 / comparisons, both ^ 2 / ((error2(own) ^ 2 + error2(key) ^ 2) / (n[own] - 1))) * sqrt(both) : 0.00005
                if (apart > limit) {
                    line = line " (DIFFERS)"
                    report = report sprintf("\n%s of %s: %.5g, of georep: %.5g, at most %.2g apart by chance", figure[f], engine[e], mean, own_mean, limit)
                }
            }
            print line " |"
        }
        if (report != "") { print report; exit 1 }
        printf "\nAll %d agree within noise (%d seeds each, +- is a standard error).\n", comparisons, n[own]
    }' "$work/values"
