// peer_simgrid.cc -- the benchmarks' work on SimGrid's S4U: actors that sleep. A channel that keeps its order
// is an actor which takes what is under way in turn and sleeps until it is there, so that an operation costs
// no actor of its own; a semaphore wakes it. (A mailbox would simulate bandwidth and a fixed latency, at
// several times the cost, and SimGrid has no jitter.) Draws are the standard library's.
#include "bench/peers/peer.hpp"
#include "bench/peers/peer_reference.hpp"

#include <simgrid/s4u.hpp>

#include <deque>

namespace sg4 = simgrid::s4u;
using sg4::this_actor::sleep_for;
using sg4::this_actor::sleep_until;

namespace
{

// A platform of one host, where all actors live. SimGrid has one engine a process.
struct World {
    int argc = 3;
    char program[8] = "peer", stack[32] = "--cfg=contexts/stack-size:32",
         quiet[32] = "--log=root.thres:error";
    char *argv[4] = {program, stack, quiet, nullptr};
    sg4::Engine engine{&argc, argv};
    sg4::Host *host;

    World()
    {
        auto *zone = sg4::create_full_zone("zone");
        host = zone->create_host("host", 1e9);
        host->seal();
        zone->seal();
    }
};

double now_s()
{
    return sg4::Engine::get_clock();
}

// --- hold: each pending event is an actor that sleeps. All of them end when the events are done.

double hold_measure(World &w, size_t pending, peer::Increments increments, uint64_t events)
{
    peer::Hold h{increments, pending + events};
    double start = 0, end = 0;

    for (size_t i = 0; i < pending; i++) {
        sg4::Actor::create("holder", w.host, [&h, &start, &end, events] {
            while (h.left > 0) {
                sleep_for(h.draw());
                if (h.left > 0 && h.left-- == events)
                    start = peer::seconds_now(); // warm: as many steps as are pending
                if (h.left == 0 && end == 0)
                    end = peer::seconds_now();
            }
        });
    }
    w.engine.run();
    return end - start;
}

// --- mm1: one actor of arrivals, one that serves

int mm1(World &w, const peer::Options &o)
{
    const uint64_t customers = o.events != 0 ? o.events : 100000;
    std::mt19937_64 rng{1};
    std::exponential_distribution<double> between{0.8}, service{1};
    std::deque<double> waiting;
    auto present = sg4::Semaphore::create(0);
    double wait = 0;

    sg4::Actor::create("arrivals", w.host, [&] {
        for (uint64_t i = 0; i < customers; i++) {
            sleep_for(between(rng));
            waiting.push_back(now_s());
            present->release();
        }
    });
    sg4::Actor::create("server", w.host, [&] {
        for (uint64_t i = 0; i < customers; i++) {
            present->acquire();
            wait += now_s() - waiting.front();
            waiting.pop_front();
            sleep_for(service(rng));
        }
    });
    double start = peer::seconds_now();
    w.engine.run();
    return peer::mm1_print(o, customers, peer::seconds_now() - start, wait);
}

// --- reference

// What is under way from one place to another, in order. The actor ends with the last that was promised
// (close).
template <class T> class Channel
{
    struct Under_way {
        double at;
        T what;
    };
    std::deque<Under_way> under_way;
    sg4::SemaphorePtr present = sg4::Semaphore::create(0);
    bool closed = false;

  public:
    void open(World &w, std::function<void(T &, double)> deliver)
    {
        sg4::Actor::create("channel", w.host, [this, deliver] {
            while (!closed || !under_way.empty()) {
                if (under_way.empty()) {
                    present->acquire();
                    continue;
                }
                if (under_way.front().at > now_s())
                    sleep_until(under_way.front().at);
                Under_way first = under_way.front();
                under_way.pop_front();
                deliver(first.what, now_s());
            }
        });
    }

    void send(const T &what, double at)
    {
        under_way.push_back({at, what});
        if (under_way.size() == 1 && present->would_block())
            present->release();
    }

    void close()
    {
        closed = true;
        present->release();
    }
};

int reference(World &w, const peer::Options &o)
{
    double start = peer::seconds_now();
    peer::Reference r(o, 100000);
    Channel<peer::Operation> requests[REGIONS], replies[REGIONS];
    Channel<peer::Copy> copies[REGIONS][REGIONS];
    const double one_way = CLIENT_ONE_WAY_MS * 1e-3;

    for (uint16_t region = 0; region < REGIONS; region++) {
        replies[region].open(w, [&r](peer::Operation &op, double now) { r.end(op, now); });
        for (uint16_t to = 0; to < REGIONS; to++)
            if (to != region)
                copies[region][to].open(w, [&r](peer::Copy &c, double now) { r.apply(c, now); });
        requests[region].open(w, [&, region](peer::Operation &op, double now) {
            r.serve(op, now);
            replies[region].send(op, now + one_way);
            for (uint16_t to = 0; !op.is_read && to < REGIONS; to++)
                if (to != region)
                    copies[region][to].send({op.write, to}, r.arrival(region, to, now));
        });
        sg4::Actor::create("clients", w.host, [&, region] {
            for (;;) {
                sleep_for(r.until_next_arrival());
                if (now_s() >= r.duration)
                    break;
                requests[region].send(r.begin(region, now_s()), now_s() + one_way);
            }
            sleep_for(1); // all is done by then
            requests[region].close();
            replies[region].close();
            for (uint16_t to = 0; to < REGIONS; to++)
                if (to != region)
                    copies[region][to].close();
        });
    }
    w.engine.run();
    r.print(o, peer::seconds_now() - start);
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    peer::Options o;

    if (!peer::options_read(argc, argv, o)) {
        std::fprintf(stderr, "usage: peer-simgrid hold|mm1|reference [--csv] [--events N] [--seed N]\n");
        return 2;
    }
    World w;
    if (o.benchmark == "hold") // a million actors with a stack each do not fit
        return peer::hold_table(o, {100, 10000}, 40000,
                                [&w](size_t pending, peer::Increments i, uint64_t events) {
                                    return hold_measure(w, pending, i, events);
                                });
    if (o.benchmark == "mm1")
        return mm1(w, o);
    if (o.benchmark == "reference")
        return reference(w, o);
    std::fprintf(stderr, "peer-simgrid: no benchmark %s\n", o.benchmark.c_str());
    return 2;
}
