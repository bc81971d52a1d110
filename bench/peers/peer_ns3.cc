// peer_ns3.cc -- the benchmarks' work on ns-3's core: Simulator::Schedule of functions. Draws are the
// standard library's (ns-3's own streams are slower), and the scheduler is the fastest that ns-3 has for the
// work: of Map, Heap, Calendar and PriorityQueue, Calendar is, but on a million pending it never comes to an
// end with exponential increments, and is slow on equal ones.
#include "bench/peers/peer.hpp"
#include "bench/peers/peer_reference.hpp"

#include <ns3/core-module.h>

#include <deque>

using ns3::Seconds;
using ns3::Simulator;

namespace
{

// --- hold

void hold_step(peer::Hold *h)
{
    if (h->left-- == 0) {
        Simulator::Stop();
        return;
    }
    Simulator::Schedule(Seconds(h->draw()), &hold_step, h);
}

void scheduler_choose(const char *name)
{
    ns3::GlobalValue::Bind("SchedulerType", ns3::StringValue(name));
}

double hold_measure(size_t pending, peer::Increments increments, uint64_t events)
{
    scheduler_choose(pending > 10000 || increments == peer::EQUAL ? "ns3::PriorityQueueScheduler"
                                                                  : "ns3::CalendarScheduler");
    peer::Hold h{increments, pending};
    for (size_t i = 0; i < pending; i++)
        Simulator::Schedule(Seconds(h.draw()), &hold_step, &h);
    Simulator::Run(); // warm: as many steps as are pending
    h.left = events;
    double start = peer::seconds_now();
    Simulator::Run();
    double seconds = peer::seconds_now() - start;
    Simulator::Destroy();
    return seconds;
}

// --- mm1; a service takes 1 s on average

struct Mm1 {
    uint64_t customers = 0, arrived = 0;
    double wait = 0;
    std::deque<double> waiting; // whoever is served stands first
    std::mt19937_64 rng{1};
    std::exponential_distribution<double> between{0.8}, service{1};
};

void mm1_leave(Mm1 *m);

void mm1_serve(Mm1 *m)
{
    m->wait += Simulator::Now().GetSeconds() - m->waiting.front();
    Simulator::Schedule(Seconds(m->service(m->rng)), &mm1_leave, m);
}

void mm1_leave(Mm1 *m)
{
    m->waiting.pop_front();
    if (!m->waiting.empty())
        mm1_serve(m);
}

void mm1_arrive(Mm1 *m)
{
    m->waiting.push_back(Simulator::Now().GetSeconds());
    if (++m->arrived < m->customers)
        Simulator::Schedule(Seconds(m->between(m->rng)), &mm1_arrive, m);
    if (m->waiting.size() == 1)
        mm1_serve(m);
}

int mm1(const peer::Options &o)
{
    scheduler_choose("ns3::MapScheduler");
    Mm1 m;
    m.customers = o.events != 0 ? o.events : 1000000;
    Simulator::Schedule(Seconds(m.between(m.rng)), &mm1_arrive, &m);
    double start = peer::seconds_now();
    Simulator::Run();
    double seconds = peer::seconds_now() - start;
    Simulator::Destroy();
    return peer::mm1_print(o, m.customers, seconds, m.wait);
}

// --- reference

ns3::Time client_one_way()
{
    return ns3::NanoSeconds(static_cast<uint64_t>(CLIENT_ONE_WAY_MS * 1e6));
}

double now_s()
{
    return Simulator::Now().GetSeconds();
}

void copy_arrive(peer::Reference *r, peer::Copy c)
{
    r->apply(c, now_s());
}

void reply_arrive(peer::Reference *r, peer::Operation o)
{
    r->end(o, now_s());
}

void request_arrive(peer::Reference *r, peer::Operation o)
{
    const double now = now_s();
    r->serve(o, now);
    Simulator::Schedule(client_one_way(), &reply_arrive, r, o);
    for (uint16_t to = 0; !o.is_read && to < REGIONS; to++)
        if (to != o.region)
            Simulator::Schedule(Seconds(r->arrival(o.region, to, now) - now), &copy_arrive, r,
                                peer::Copy{o.write, to});
}

void operation_arrive(peer::Reference *r, uint16_t region)
{
    if (now_s() >= r->duration)
        return;
    Simulator::Schedule(client_one_way(), &request_arrive, r, r->begin(region, now_s()));
    Simulator::Schedule(Seconds(r->until_next_arrival()), &operation_arrive, r, region);
}

int reference(const peer::Options &o)
{
    scheduler_choose("ns3::CalendarScheduler");
    double start = peer::seconds_now();
    peer::Reference r(o, 600000);
    for (uint16_t region = 0; region < REGIONS; region++)
        Simulator::Schedule(Seconds(r.until_next_arrival()), &operation_arrive, &r, region);
    Simulator::Run();
    double seconds = peer::seconds_now() - start;
    Simulator::Destroy();
    r.print(o, seconds);
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    peer::Options o;

    if (peer::options_read(argc, argv, o)) {
        if (o.benchmark == "hold")
            return peer::hold_table(o, {100, 10000, 1000000}, 500000, hold_measure);
        if (o.benchmark == "mm1")
            return mm1(o);
        if (o.benchmark == "reference")
            return reference(o);
    }
    std::fprintf(stderr, "usage: peer-ns3 hold|mm1|reference [--csv] [--events N] [--seed N]\n");
    return 2;
}
