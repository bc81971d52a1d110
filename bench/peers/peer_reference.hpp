// peer_reference.hpp -- what the C++ peers share of the reference scenario: all that happens at an event
// (keys, clocks, stamps, replicas) and all figures that limit_reference.c finds, by the same definitions, so
// that the peers differ in the engine alone. Written as one would beside such an engine: standard containers
// and draws, times in seconds, every write kept until the end of the run.
#ifndef GEOREP_BENCH_PEERS_PEER_REFERENCE_HPP
#define GEOREP_BENCH_PEERS_PEER_REFERENCE_HPP

#include "bench/peers/peer.hpp"
#include "bench/peers/reference_setting.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <limits>
#include <random>
#include <vector>

namespace peer
{

// Bins of one width; the last one has whatever is beyond.
class Histogram
{
  public:
    Histogram(double bin_width, size_t count) : width(bin_width), bins(count)
    {
    }

    void add(double value)
    {
        sum += value;
        total++;
        bins[std::min(bins.size() - 1, static_cast<size_t>(value / width))]++;
    }

    double mean() const
    {
        return sum / static_cast<double>(total);
    }

    double percentile(double p) const
    {
        auto rank = static_cast<uint64_t>(std::ceil(p * static_cast<double>(total)));
        size_t i = 0;
        for (uint64_t seen = bins[0]; seen < rank; seen += bins[i])
            i++;
        return static_cast<double>(i) * width;
    }

  private:
    double width, sum = 0;
    uint64_t total = 0;
    std::vector<uint64_t> bins;
};

using Vector_clock = std::array<uint32_t, REGIONS>; // [origin]: so many of its writes have been seen

struct Write {
    int64_t stamp; // hybrid clock << 3 | origin
    double begin,
        committed = std::numeric_limits<double>::infinity(); // infinity: its client has not heard yet
    uint32_t key, number;                                    // the origin's so many-th
    uint16_t origin;
    bool is_let_go = false; // by some replica
    unsigned applied;       // regions, as bits
    Vector_clock seen;
    std::vector<const Write *> met; // earlier ones that it met as a concurrent write

    bool has_seen(const Write &other) const
    {
        return seen[other.origin] >= other.number;
    }
};

struct Operation {
    double begin;
    Write *write; // of a write, once it is served
    uint32_t key;
    uint16_t region;
    bool is_read;
};

struct Copy {
    Write *write;
    uint16_t to;
};

class Reference
{
  public:
    double duration, warmup;

    explicit Reference(const Options &o, uint64_t usual)
        : duration(reference_duration_s(static_cast<double>(o.events != 0 ? o.events : usual))),
          warmup(reference_warmup_s(duration)), rng(o.seed), sums(KEYS), keys(KEYS)
    {
        double sum = 0;
        for (uint32_t k = 0; k < KEYS; k++)
            sums[k] = sum += std::pow(k + 1.0, -ZIPF_THETA);
        for (Node &n : nodes) {
            n.offset = normal(rng) * CLOCK_OFFSET_MS * 1e-3;
            n.error = normal(rng) * CLOCK_ERROR_MS * 1e-3;
            n.drift = normal(rng) * CLOCK_DRIFT_PPM * 1e-6;
            n.synced = -uniform(rng) * CLOCK_SYNC_S;
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
        return {now, nullptr, key, region, uniform(rng) < READ_SHARE};
    }

    // The node serves it. A write is to be shipped to the others (Copy).
    void serve(Operation &o, double now)
    {
        if (o.is_read)
            read(o);
        else
            take(o, now);
    }

    // The client has its answer.
    void end(const Operation &o, double now)
    {
        if (!o.is_read)
            o.write->committed = now;
        if (o.begin >= warmup)
            (o.is_read ? read_latency : write_latency).add(now - o.begin);
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
        Write &w = *c.write;
        Key &k = keys[w.key];
        Node &n = nodes[c.to];
        Replica &r = k.replicas[c.to];

        for (size_t o = 0; o < REGIONS; o++)
            n.seen[o] = std::max(n.seen[o], w.seen[o]);
        n.last = std::max(n.last, w.stamp >> 3);
        reach(r, w);
        if (r.held == nullptr || w.stamp > r.held->stamp)
            store(k, c.to, w, now);
        else
            let_go(w, *r.held);
    }

    void print(const Options &o, double seconds) const
    {
        const double per_write = 1 / static_cast<double>(writes);

        std::printf(o.csv ? "operations,seconds,operations_per_second\n%lu,%.6f,%.0f\n"
                          : "operations  seconds  operations_per_second\n%10lu  %7.3f  %21.0f\n",
                    operations, seconds, static_cast<double>(operations) / seconds);
        std::printf("# read_latency_ms %.4f\n# write_latency_ms %.4f\n", 1e3 * read_latency.mean(),
                    1e3 * write_latency.mean());
        std::printf("# stale_read_fraction %.5f\n# read_staleness_ms %.4f\n# read_staleness_ms_p99 %.4f\n",
                    static_cast<double>(stale) / static_cast<double>(reads), 1e3 * staleness.mean(),
                    1e3 * staleness.percentile(0.99));
        std::printf(
            "# read_staleness_versions %.5f\n# replication_lag_ms %.4f\n# replication_lag_ms_p99 %.4f\n",
            versions.mean(), 1e3 * lag.mean(), 1e3 * lag.percentile(0.99));
        std::printf("# conflicts %.5f\n# lost_updates %.5f\n# skew_inversions %.5f\n",
                    static_cast<double>(conflicts) * per_write, static_cast<double>(lost_updates) * per_write,
                    static_cast<double>(skew_inversions) * per_write);
    }

  private:
    struct Node {
        double offset, error, drift, synced;
        int64_t last = 0; // of the hybrid clock
        Vector_clock seen{};
    };

    struct Replica {
        Write *held = nullptr;
        std::array<Write *, REGIONS>
            frontier{}; // of each origin its newest that is here, unless another here has seen it
    };

    struct Key {
        std::array<Replica, REGIONS> replicas;
        std::vector<Write *> live; // those that are not applied everywhere, by stamp
    };

    int64_t stamp(uint16_t region, double now)
    {
        Node &n = nodes[region];
        if (now >= n.synced + CLOCK_SYNC_S) {
            n.synced += CLOCK_SYNC_S;
            n.error = normal(rng) * CLOCK_ERROR_MS * 1e-3;
        }
        auto shown = static_cast<int64_t>((now + n.offset + n.error + n.drift * (now - n.synced)) * 1e9);
        n.last = std::max(shown, n.last + 1);
        return n.last << 3 | region;
    }

    // What the replica lacks of those that had committed when the read began.
    void read(const Operation &o)
    {
        if (o.begin < warmup)
            return;
        const Key &k = keys[o.key];
        const Write *held = k.replicas[o.region].held;
        double oldest = o.begin;
        unsigned missed = 0;

        for (auto i = k.live.rbegin(); i != k.live.rend() && (held == nullptr || (*i)->stamp > held->stamp);
             ++i) {
            if ((*i)->committed < o.begin) {
                missed++;
                oldest = std::min(oldest, (*i)->committed);
            }
        }
        reads++;
        stale += missed > 0;
        versions.add(missed);
        staleness.add(o.begin - oldest);
    }

    void take(Operation &o, double now)
    {
        Key &k = keys[o.key];
        Node &n = nodes[o.region];

        all.emplace_back();
        Write &w = all.back();
        w.stamp = stamp(o.region, now);
        w.begin = o.begin;
        w.key = o.key;
        w.origin = o.region;
        w.number = ++n.seen[o.region];
        w.seen = n.seen;
        w.applied = 0;
        o.write = &w;
        writes += o.begin >= warmup;
        // Whoever holds something newer has applied it already.
        for (uint16_t r = 0; r < REGIONS; r++)
            if (k.replicas[r].held != nullptr && k.replicas[r].held->stamp > w.stamp)
                applied(w, r, now);
        k.live.insert(std::upper_bound(k.live.begin(), k.live.end(), w.stamp,
                                       [](int64_t s, const Write *other) { return s < other->stamp; }),
                      &w);
        reach(k.replicas[o.region], w);
        store(k, o.region, w, now);
    }

    // The write reaches the replica: the pairs of concurrent writes that meet here, and its place in the
    // frontier.
    void reach(Replica &r, Write &w)
    {
        bool is_seen = false;

        for (Write *&f : r.frontier) {
            if (f == nullptr || f->origin == w.origin)
                continue;
            if (w.has_seen(*f)) {
                f = nullptr;
                continue;
            }
            if (f->has_seen(w)) {
                is_seen = true;
                continue;
            }
            Write &later = w.committed >= f->committed ? w : *f;
            const Write *earlier = &later == &w ? f : &w;
            if (std::find(later.met.begin(), later.met.end(), earlier) == later.met.end()) {
                later.met.push_back(earlier);
                conflicts += later.begin >= warmup;
            }
        }
        r.frontier[w.origin] = is_seen ? nullptr : &w;
    }

    void store(Key &k, uint16_t region, Write &w, double now)
    {
        Replica &r = k.replicas[region];

        if (r.held != nullptr)
            let_go(*r.held, w);
        // What lies between the one held before and this one is applied here from now on.
        for (auto i = k.live.rbegin();
             i != k.live.rend() && (r.held == nullptr || (*i)->stamp > r.held->stamp); ++i)
            if ((*i)->stamp <= w.stamp)
                applied(**i, region, now);
        r.held = &w;
        k.live.erase(std::remove_if(k.live.begin(), k.live.end(),
                                    [](const Write *l) { return l->applied == (1u << REGIONS) - 1; }),
                     k.live.end());
    }

    void applied(Write &w, uint16_t region, double now)
    {
        w.applied |= 1u << region;
        if (w.begin >= warmup && region != w.origin)
            lag.add(std::max(0.0, now - w.committed));
    }

    // A replica lets `gone` go for `winner`: the first that does decides.
    void let_go(Write &gone, const Write &winner)
    {
        if (gone.is_let_go)
            return;
        gone.is_let_go = true;
        if (gone.begin >= warmup && !winner.has_seen(gone)) {
            lost_updates++;
            skew_inversions += winner.committed < gone.begin;
        }
    }

    std::mt19937_64 rng;
    std::uniform_real_distribution<double> uniform{0, 1};
    std::normal_distribution<double> normal{0, 1};
    std::exponential_distribution<double> exponential{ARRIVALS_PER_S};
    std::vector<double> sums; // of the keys' weights
    std::vector<Key> keys;
    std::array<Node, REGIONS> nodes;
    std::deque<Write> all;
    double last[REGIONS][REGIONS] = {};
    uint64_t operations = 0, reads = 0, stale = 0, writes = 0, conflicts = 0, lost_updates = 0,
             skew_inversions = 0;
    Histogram read_latency{1e-5, 1000}, write_latency{1e-5, 1000}, staleness{1e-5, 100000}, versions{1, 1000},
        lag{1e-5, 100000};
};

} // namespace peer

#endif
