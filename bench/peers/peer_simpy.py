#!/usr/bin/python3
"""peer_simpy.py -- the benchmarks' work in SimPy, as its users write it: a process for each actor that lives on (a
client's operation, a server), a time-out with a callback where something just happens later.

usage: peer_simpy.py hold|mm1|reference [--csv] [--events N] [--seed N (reference)]"""

import gc
import math
import random
import re
import sys
import time
from bisect import insort
from collections import deque
from itertools import accumulate
from pathlib import Path

import simpy

SECONDS = time.process_time  # other programs on the machine do not count


# --- hold: n events pending, each pushes the next -----------------------------------------------------------------


def increments(name, rng):
    """Mean 1 s, as in bench/hold.c."""
    if name == "exponential":
        return lambda: rng.expovariate(1)
    if name == "uniform":
        return lambda: 2 * rng.random()
    if name == "bimodal":
        return lambda: (rng.random() * 2 if rng.random() < 0.9 else 99 + 2 * rng.random()) / 10.9
    return lambda: 1.0


def hold_measure(pending, name, events):
    env = simpy.Environment()
    draw = increments(name, random.Random(1))
    timeout = env.timeout

    def again(_event):
        timeout(draw()).callbacks.append(again)

    for _ in range(pending):
        again(None)
    step = env.step
    for _ in range(min(pending, 20000)):  # warm; a million would take a minute
        step()
    start = SECONDS()
    for _ in range(events):
        step()
    return SECONDS() - start


def hold(as_csv, events):
    print("pending,increments,events,seconds,events_per_second" if as_csv else "pending increments events per second")
    for pending in (100, 10000, 1000000):
        for name in ("exponential", "uniform", "bimodal", "equal"):
            count = events or 50000
            seconds = hold_measure(pending, name, count)
            print(f"{pending},{name},{count},{seconds:.6f},{count / seconds:.0f}"
                  if as_csv else f"{pending:7} {name:11} {count} {count / seconds:.0f}", flush=True)
            gc.collect()


# --- mm1 ----------------------------------------------------------------------------------------------------------


def mm1(as_csv, events):
    """A server that takes customers from a queue; the service takes 1 on average, utilisation is 0.8."""
    customers = events or 100000
    env = simpy.Environment()
    rng = random.Random(1)
    waiting, wait = deque(), 0.0
    idle = env.event()

    def arrivals():
        nonlocal idle
        for _ in range(customers):
            yield env.timeout(rng.expovariate(0.8))
            waiting.append(env.now)
            if not idle.triggered:
                idle.succeed()

    def server():
        nonlocal idle, wait
        for _ in range(customers):
            if not waiting:
                idle = env.event()
                yield idle
            wait += env.now - waiting.popleft()
            yield env.timeout(rng.expovariate(1))

    idle.succeed()
    env.process(arrivals())
    env.process(server())
    start = SECONDS()
    env.run()
    seconds = SECONDS() - start
    print("customers,seconds,customers_per_second" if as_csv else "customers seconds per second")
    print(f"{customers},{seconds:.6f},{customers / seconds:.0f}" if as_csv
          else f"{customers} {seconds:.3f} {customers / seconds:.0f}")
    return mm1_judge(wait / customers, customers)


def mm1_judge(wait, customers):
    """Theory as in bench/mm1.c (Daley 1968)."""
    r = 0.8
    deviation = math.sqrt(r * (2 + 5 * r - 4 * r**2 + r**3) / (1 - r) ** 4 / customers)
    right = abs(wait - r / (1 - r)) < 4 * deviation
    print(f"# mean wait {wait:.4f} service times, theory 4 +- {4 * deviation:.4f}: {'right' if right else 'WRONG'}")
    return 0 if right else 1


# --- reference: bench/scenarios/reference.yaml ----------------------------------------------------------------------


def setting_read():
    """The numbers of reference_setting.h, which a test holds against the scenario: name -> number, or rows of numbers."""
    text = (Path(__file__).parent / "reference_setting.h").read_text(encoding="utf-8")
    numbers = {name: float(value) for name, value in re.findall(r"\b([A-Z_]+) = ([0-9.]+)", text)}
    rows = re.findall(r"^    \{([0-9., ]+)\}", text, re.MULTILINE)
    numbers["ROUND_TRIP_MS"] = [[float(x) for x in row.split(",")] for row in rows]
    return numbers


class Clock:
    """A clock with an offset, and the hybrid clock on top of it. Stamps are (nanoseconds << 3) + region."""

    def __init__(self, rng, region, setting):
        self.rng, self.region, self.last = rng, region, 0
        self.error_scale, self.sync = setting["CLOCK_ERROR_MS"] * 1e-3, setting["CLOCK_SYNC_S"]
        self.offset = rng.gauss(0, setting["CLOCK_OFFSET_MS"] * 1e-3)
        self.error = rng.gauss(0, self.error_scale)
        self.drift = rng.gauss(0, setting["CLOCK_DRIFT_PPM"] * 1e-6)
        self.synced = -self.sync * rng.random()

    def stamp(self, now):
        if now >= self.synced + self.sync:
            self.synced += self.sync
            self.error = self.rng.gauss(0, self.error_scale)
        shown = int((now + self.offset + self.error + self.drift * (now - self.synced)) * 1e9)
        self.last = shown if shown > self.last else self.last + 1
        return (self.last << 3) + self.region

    def observe(self, stamp):
        self.last = max(self.last, stamp >> 3)


class Write:
    """What has to be known of a write until the end of the run. `committed` is infinite until its client has heard."""

    __slots__ = ("stamp", "begin", "committed", "key", "origin", "number", "seen", "met", "applied", "is_let_go")

    def __init__(self, stamp, begin, key, origin, seen):
        self.stamp, self.begin, self.key, self.origin, self.seen = stamp, begin, key, origin, seen
        self.number = seen[origin]  # the origin's so many-th; seen[o]: so many of o's have been seen
        self.committed = math.inf
        self.met = None  # earlier ones that it met as a concurrent write
        self.applied = 0  # regions, as bits
        self.is_let_go = False  # by some replica


class Key:
    """One key: what each region holds, the writes that are not applied everywhere (by stamp), and of each region the
    frontier: of each origin its newest write there, unless another there has seen it."""

    __slots__ = ("held", "live", "frontiers")

    def __init__(self, regions):
        self.held, self.live, self.frontiers = [None] * regions, [], [{} for _ in range(regions)]


def stamp_of(write):
    return write.stamp


class Values:
    """Count, mean and percentiles by bins."""

    def __init__(self, width):
        self.width, self.sum, self.count, self.bins = width, 0.0, 0, {}

    def add(self, value):
        self.sum += value
        self.count += 1
        number = int(value / self.width)
        self.bins[number] = self.bins.get(number, 0) + 1

    def mean(self):
        return self.sum / self.count

    def percentile(self, p):
        rank, seen = math.ceil(p * self.count), 0
        for number in sorted(self.bins):
            seen += self.bins[number]
            if seen >= rank:
                return number * self.width
        return math.nan


class Reference:
    """All figures of limit_reference.c, by the same definitions."""

    def __init__(self, operations, seed):
        setting = setting_read()
        self.env = simpy.Environment()
        self.rng = random.Random(seed)
        self.delays = [[ms * 0.5e-3 for ms in row] for row in setting["ROUND_TRIP_MS"]]
        self.jitter_median, self.jitter_sigma = setting["JITTER_MEDIAN_MS"] * 1e-3, setting["JITTER_SIGMA"]
        self.rate, self.read_share = setting["ARRIVALS_PER_S"], setting["READ_SHARE"]
        self.one_way = setting["CLIENT_ONE_WAY_MS"] * 1e-3
        regions = self.regions = len(self.delays)
        self.everywhere = (1 << regions) - 1
        self.duration = operations / (self.rate * regions)
        self.warmup = self.duration / 4 if self.duration < 40 else 10
        self.last_arrival = [[0.0] * regions for _ in range(regions)]
        self.clocks = [Clock(self.rng, r, setting) for r in range(regions)]
        self.seen = [[0] * regions for _ in range(regions)]  # by each node, of each origin
        count = int(setting["KEYS"])
        self.key_numbers = range(count)
        self.weights = list(accumulate((k + 1) ** -setting["ZIPF_THETA"] for k in range(count)))
        self.keys = {}  # made when first written
        self.read_latency, self.write_latency = Values(1e-5), Values(1e-5)
        self.staleness, self.versions, self.lag = Values(1e-5), Values(1), Values(1e-5)
        self.operations = self.stale = self.writes = self.conflicts = self.lost_updates = self.skew_inversions = 0

    def client(self, region):
        env, rng, duration = self.env, self.rng, self.duration
        while True:
            yield env.timeout(rng.expovariate(self.rate))
            if env.now >= duration:
                return
            self.operations += 1
            key = rng.choices(self.key_numbers, cum_weights=self.weights)[0]
            env.process(self.read(region, key) if rng.random() < self.read_share else self.write(region, key))

    def read(self, region, key):
        begin = self.env.now
        yield self.env.timeout(self.one_way)
        if begin >= self.warmup:
            self.serve_read(region, key, begin)
        yield self.env.timeout(self.one_way)
        if begin >= self.warmup:
            self.read_latency.add(self.env.now - begin)

    def serve_read(self, region, key, begin):
        """What the replica lacks of those that had committed when the read began."""
        k = self.keys.get(key)
        missed, oldest = 0, begin
        if k is not None and k.live:
            held = k.held[region]
            least = held.stamp if held is not None else 0
            for w in reversed(k.live):
                if w.stamp <= least:
                    break
                if w.committed < begin:
                    missed += 1
                    oldest = min(oldest, w.committed)
        self.stale += missed > 0
        self.versions.add(missed)
        self.staleness.add(begin - oldest)

    def write(self, region, key):
        begin = self.env.now
        yield self.env.timeout(self.one_way)
        w = self.take(region, key, begin)
        self.ship(w)
        yield self.env.timeout(self.one_way)
        w.committed = self.env.now
        if begin >= self.warmup:
            self.write_latency.add(self.env.now - begin)

    def take(self, region, key, begin):
        k = self.keys.get(key)
        if k is None:
            k = self.keys[key] = Key(self.regions)
        self.seen[region][region] += 1
        w = Write(self.clocks[region].stamp(self.env.now), begin, key, region, tuple(self.seen[region]))
        self.writes += begin >= self.warmup
        for r, held in enumerate(k.held):  # whoever holds something newer has applied it already
            if held is not None and held.stamp > w.stamp:
                self.apply(w, r)
        insort(k.live, w, key=stamp_of)
        self.reach(k.frontiers[region], w)
        self.store(k, region, w)
        return w

    def reach(self, frontier, w):
        """The write reaches a replica: the pairs of concurrent writes that meet there, and its place in the frontier."""
        origin, is_seen = w.origin, False
        for o, f in list(frontier.items()):
            if o == origin:
                continue
            if w.seen[o] >= f.number:
                del frontier[o]
            elif f.seen[origin] >= w.number:
                is_seen = True
            else:
                later, earlier = (w, f) if w.committed >= f.committed else (f, w)
                if later.met is None:
                    later.met = {earlier}
                elif earlier in later.met:
                    continue
                else:
                    later.met.add(earlier)
                self.conflicts += later.begin >= self.warmup
        if is_seen:
            frontier.pop(origin, None)
        else:
            frontier[origin] = w

    def store(self, k, region, w):
        before = k.held[region]
        least = 0
        if before is not None:
            self.let_go(before, w)
            least = before.stamp
        for other in reversed(k.live):  # what lies between is applied here from now on
            if other.stamp <= least:
                break
            if other.stamp <= w.stamp:
                self.apply(other, region)
        k.held[region] = w
        k.live = [other for other in k.live if other.applied != self.everywhere]

    def apply(self, w, region):
        w.applied |= 1 << region
        if w.begin >= self.warmup and region != w.origin:
            self.lag.add(max(0.0, self.env.now - w.committed))

    def let_go(self, gone, winner):
        """A replica lets `gone` go for `winner`: the first that does decides."""
        if gone.is_let_go:
            return
        gone.is_let_go = True
        if gone.begin >= self.warmup and winner.seen[gone.origin] < gone.number:
            self.lost_updates += 1
            self.skew_inversions += winner.committed < gone.begin

    def ship(self, w):
        env, now, last = self.env, self.env.now, self.last_arrival[w.origin]
        for to, delay in enumerate(self.delays[w.origin]):
            if to == w.origin:
                continue
            at = max(now + delay + self.jitter_median * self.rng.lognormvariate(0, self.jitter_sigma), last[to])
            last[to] = at
            # The time-out carries what arrives.
            env.timeout(at - now, (to, w)).callbacks.append(self.arrive)

    def arrive(self, event):
        to, w = event._value
        k = self.keys[w.key]
        self.seen[to] = [max(mine, its) for mine, its in zip(self.seen[to], w.seen)]
        self.clocks[to].observe(w.stamp)
        self.reach(k.frontiers[to], w)
        held = k.held[to]
        if held is None or w.stamp > held.stamp:
            self.store(k, to, w)
        else:
            self.let_go(w, held)

    def print(self):
        for name, value in (
            ("read_latency_ms", 1e3 * self.read_latency.mean()),
            ("write_latency_ms", 1e3 * self.write_latency.mean()),
            ("stale_read_fraction", self.stale / self.versions.count),
            ("read_staleness_ms", 1e3 * self.staleness.mean()),
            ("read_staleness_ms_p99", 1e3 * self.staleness.percentile(0.99)),
            ("read_staleness_versions", self.versions.mean()),
            ("replication_lag_ms", 1e3 * self.lag.mean()),
            ("replication_lag_ms_p99", 1e3 * self.lag.percentile(0.99)),
            ("conflicts", self.conflicts / self.writes),
            ("lost_updates", self.lost_updates / self.writes),
            ("skew_inversions", self.skew_inversions / self.writes),
        ):
            print(f"# {name} {value:.5f}")


def reference(as_csv, events, seed):
    start = SECONDS()
    r = Reference(events or 60000, seed)
    for region in range(r.regions):
        r.env.process(r.client(region))
    r.env.run()
    seconds = SECONDS() - start
    print("operations,seconds,operations_per_second" if as_csv else "operations seconds per second")
    print(f"{r.operations},{seconds:.6f},{r.operations / seconds:.0f}" if as_csv
          else f"{r.operations} {seconds:.3f} {r.operations / seconds:.0f}")
    r.print()


def number_after(arguments, name):
    """The number that follows NAME, and both are taken away; None if it is not there."""
    if name not in arguments:
        return None
    at = arguments.index(name)
    number = int(arguments[at + 1])
    del arguments[at:at + 2]
    return number


def main(arguments):
    events, seed = number_after(arguments, "--events"), number_after(arguments, "--seed") or 1
    as_csv = "--csv" in arguments
    names = [a for a in arguments if a != "--csv"]
    if names == ["reference"]:
        return reference(as_csv, events, seed) or 0
    runs = {"hold": hold, "mm1": mm1}
    if len(names) != 1 or names[0] not in runs:
        print(__doc__.splitlines()[-1], file=sys.stderr)
        return 2
    return runs[names[0]](as_csv, events) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
