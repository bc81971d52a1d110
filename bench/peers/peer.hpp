// peer.hpp -- what the C++ peers share: the command line, the columns, and the increments of hold, so that
// they differ in the engine alone (peer_reference.hpp: the same of the reference scenario). Draws are those
// of the standard library.
#ifndef GEOREP_BENCH_PEERS_PEER_HPP
#define GEOREP_BENCH_PEERS_PEER_HPP

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
    uint64_t seed = 1;   // of the reference scenario
};

inline bool options_read(int argc, char **argv, Options &o)
{
    for (int i = 1; i < argc; i++) {
        if (std::strcmp(argv[i], "--csv") == 0)
            o.csv = true;
        else if (std::strcmp(argv[i], "--events") == 0 && i + 1 < argc)
            o.events = std::strtoull(argv[++i], nullptr, 10);
        else if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            o.seed = std::strtoull(argv[++i], nullptr, 10);
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

} // namespace peer

#endif
