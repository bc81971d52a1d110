// peer.hpp -- what the C++ peers share: the command line, the columns, and the work between the events of the
// reference scenario (keys, stamps, replicas, figures), so that they differ in the engine alone. Draws are
// those of the standard library.
#ifndef GEOREP_BENCH_PEERS_PEER_HPP
#define GEOREP_BENCH_PEERS_PEER_HPP

#include "bench/peers/reference_setting.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace peer
{

struct Options {
    std::string benchmark;
    bool csv = false;
    uint64_t events = 0; // 0: the benchmark's own choice
};

inline bool options_read(int argc, char **argv, Options &o)
{
    for (int i = 1; i < argc; i++) {
        if (std::strcmp(argv[i], "--csv") == 0)
            o.csv = true;
        else if (std::strcmp(argv[i], "--events") == 0 && i + 1 < argc)
            o.events = std::strtoull(argv[++i], nullptr, 10);
        else if (o.benchmark.empty())
            o.benchmark = argv[i];
        else
            return false;
    }
    return !o.benchmark.empty();
}

// Of processor time: other programs on the machine do not count.
inline double seconds_now()
{
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// --- hold: increments of mean 1 s, as in bench/hold.c

enum Increments { EXPONENTIAL, UNIFORM, BIMODAL, EQUAL, INCREMENTS };
inline const char *const increment_names[INCREMENTS] = {"exponential", "uniform", "bimodal", "equal"};

struct Hold {
    Increments increments;
    uint64_t left; // events until the end
    std::mt19937_64 rng{1};
    std::exponential_distribution<double> exponential{1};
    std::uniform_real_distribution<double> uniform{0, 1};

    double draw()
    {
        switch (increments) {
        case EXPONENTIAL:
            return exponential(rng);
        case UNIFORM:
            return 2 * uniform(rng);
        case BIMODAL:
            return ((uniform(rng) < 0.9 ? 0 : 99) + 2 * uniform(rng)) / 10.9;
        default:
            return 1;
        }
    }
};

// Measures each row by `measure(pending, increments, events)`, which returns seconds.
inline int hold_table(const Options &o, const std::vector<size_t> &sizes, uint64_t usual,
                      const std::function<double(size_t, Increments, uint64_t)> &measure)
{
    uint64_t events = o.events != 0 ? o.events : usual;

    std::puts(o.csv ? "pending,increments,events,seconds,events_per_second"
                    : "pending  increments     events  seconds  events_per_second");
    for (size_t pending : sizes) {
        for (int i = 0; i < INCREMENTS; i++) {
            double seconds = measure(pending, static_cast<Increments>(i), events);
            std::printf(o.csv ? "%zu,%s,%lu,%.6f,%.0f\n" : "%7zu  %-11s  %9lu  %7.3f  %17.0f\n", pending,
                        increment_names[i], events, seconds, static_cast<double>(events) / seconds);
            std::fflush(stdout);
        }
    }
    return 0;
}

// --- mm1: `wait` is the sum of the customers' waits in service times; theory as in bench/mm1.c

inline int mm1_print(const Options &o, uint64_t customers, double seconds, double wait)
{
    const double r = 0.8, theory = r / (1 - r), n = static_cast<double>(customers);
    double deviation = std::sqrt(r * (2 + 5 * r - 4 * r * r + r * r * r) / std::pow(1 - r, 4) / n);
    bool right = std::fabs(wait / n - theory) < 4 * deviation;

    std::printf(o.csv ? "customers,seconds,customers_per_second\n%lu,%.6f,%.0f\n"
                      : "customers  seconds  customers_per_second\n%9lu  %7.3f  %20.0f\n",
                customers, seconds, n / seconds);
    std::printf("# mean wait %.4f service times, theory %.4f +- %.4f: %s\n", wait / n, theory, 4 * deviation,
                right ? "right" : "WRONG");
    return right ? 0 : 1;
}

// --- reference: what happens at each event; times in seconds

struct Operation {
    double begin;
    int64_t committed; // the largest stamp of the key that a client had been told of when it began
    int64_t stamp;     // of a write
    uint32_t key;
    uint16_t region;
    bool is_read, is_stale;
};

struct Copy {
    int64_t stamp;
    double taken;
    uint32_t key;
    uint16_t to;
};

class Reference
{
  public:
    double duration, warmup;
    uint64_t operations = 0;

    explicit Reference(uint64_t wanted)
        : duration(reference_duration_s(static_cast<double>(wanted))), warmup(reference_warmup_s(duration)),
          sums(KEYS), committed(KEYS), held(REGIONS, std::vector<int64_t>(KEYS)), latency(100000)
    {
        double sum = 0;
        for (uint32_t k = 0; k < KEYS; k++)
            sums[k] = sum += std::pow(k + 1.0, -ZIPF_THETA);
        for (Clock &c : clocks) {
            c.offset = (normal(rng) * CLOCK_OFFSET_MS + normal(rng) * CLOCK_ERROR_MS) * 1e-3;
            c.drift = normal(rng) * CLOCK_DRIFT_PPM * 1e-6;
            c.synced = -uniform(rng) * CLOCK_SYNC_S;
        }
    }

    double until_next_arrival()
    {
        return exponential(rng);
    }

    Operation begin(uint16_t region, double now)
    {
        double u = uniform(rng) * sums.back();
        auto key = static_cast<uint32_t>(std::upper_bound(sums.begin(), sums.end(), u) - sums.begin());
        operations++;
        return {now, committed[key], 0, key, region, uniform(rng) < READ_SHARE, false};
    }

    // The node serves it. A write is to be shipped to the others (copy).
    void serve(Operation &o, double now)
    {
        int64_t &mine = held[o.region][o.key];
        if (o.is_read)
            o.is_stale = o.committed > mine;
        else
            mine = o.stamp = stamp(o.region, now);
    }

    void end(const Operation &o, double now)
    {
        if (!o.is_read)
            committed[o.key] = std::max(committed[o.key], o.stamp);
        if (o.begin < warmup)
            return;
        if (o.is_read) {
            reads++;
            stale += o.is_stale;
        }
        latency_sum += now - o.begin;
        latency[std::min<size_t>(latency.size() - 1, static_cast<size_t>((now - o.begin) * 1e6))]++;
        ended++;
    }

    // When a copy that leaves now arrives: links keep their order.
    double arrival(uint16_t from, uint16_t to, double now)
    {
        double jitter = JITTER_MEDIAN_MS * std::exp(JITTER_SIGMA * normal(rng));
        double at = now + (ROUND_TRIP_MS[from][to] / 2 + jitter) * 1e-3;
        return last[from][to] = std::max(at, last[from][to]);
    }

    void apply(const Copy &c, double now)
    {
        clocks[c.to].last = std::max(clocks[c.to].last, c.stamp >> 3);
        held[c.to][c.key] = std::max(held[c.to][c.key], c.stamp);
        if (c.taken >= warmup) {
            lag_sum += now - c.taken - CLIENT_ONE_WAY_MS * 1e-3;
            lags++;
        }
    }

    void print(const Options &o, double seconds) const
    {
        std::printf(o.csv ? "operations,seconds,operations_per_second\n%lu,%.6f,%.0f\n"
                          : "operations  seconds  operations_per_second\n%10lu  %7.3f  %21.0f\n",
                    operations, seconds, static_cast<double>(operations) / seconds);
        std::printf("# latency_ms %.4f stale_share %.4f arrival_lag_ms %.3f\n",
                    1e3 * latency_sum / static_cast<double>(ended),
                    static_cast<double>(stale) / static_cast<double>(reads),
                    1e3 * lag_sum / static_cast<double>(lags));
    }

  private:
    struct Clock {
        double offset, drift, synced;
        int64_t last = 0;
    };

    // Hybrid clock << 3 | region
    int64_t stamp(uint16_t region, double now)
    {
        Clock &c = clocks[region];
        if (now >= c.synced + CLOCK_SYNC_S)
            c.synced += CLOCK_SYNC_S;
        auto shown = static_cast<int64_t>((now + c.offset + c.drift * (now - c.synced)) * 1e9);
        c.last = shown > c.last ? shown : c.last + 1;
        return c.last << 3 | region;
    }

    std::mt19937_64 rng{1};
    std::uniform_real_distribution<double> uniform{0, 1};
    std::normal_distribution<double> normal{0, 1};
    std::exponential_distribution<double> exponential{ARRIVALS_PER_S};
    std::vector<double> sums; // of the keys' weights
    std::vector<int64_t> committed;
    std::vector<std::vector<int64_t>> held;
    std::vector<uint64_t> latency; // in microseconds
    Clock clocks[REGIONS];
    double last[REGIONS][REGIONS] = {};
    double latency_sum = 0, lag_sum = 0;
    uint64_t reads = 0, stale = 0, ended = 0, lags = 0;
};

} // namespace peer

#endif
