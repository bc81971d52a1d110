#!/usr/bin/python3
"""peer_simpy.py -- the benchmarks' work in SimPy, as its users write it: a process for each actor that lives on (a
client's operation, a server), a time-out with a callback where something just happens later.

usage: peer_simpy.py hold|mm1|reference [--csv] [--events N]"""

import csv
import gc
import math
import random
import sys
import time
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

REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1")
KEYS, RATE, CLIENT_ONE_WAY, READ_SHARE = 100000, 2000.0, 0.25e-3, 0.9


def one_ways():
    """Seconds, from the preset `aws`; row = from."""
    path = Path(__file__).resolve().parents[2] / "scenarios/data/rtt/aws_cloudping_p50_1y_2025.csv"
    with open(path, encoding="utf-8") as lines:
        rows = {row["region"]: row for row in csv.DictReader(line for line in lines if line[0] != "#")}
    return [[float(rows[a][b]) / 2000 for b in REGIONS] for a in REGIONS]


class Clock:
    """A clock with an offset, and the hybrid clock on top of it. Stamps are (nanoseconds << 3) + region."""

    def __init__(self, rng, region):
        self.region, self.last = region, 0
        self.offset = rng.gauss(0, 1e-3) + rng.gauss(0, 1e-3)
        self.drift = rng.gauss(0, 20e-6)
        self.synced = -64 * rng.random()
        self.rng = rng

    def stamp(self, now):
        if now >= self.synced + 64:
            self.synced += 64
        shown = int((now + self.offset + self.drift * (now - self.synced)) * 1e9)
        self.last = shown if shown > self.last else self.last + 1
        return (self.last << 3) + self.region

    def observe(self, stamp):
        self.last = max(self.last, stamp >> 3)


class Reference:
    """Latency in bins of 10 us, stale reads and lag are counted; what a write needs to know is its stamp."""

    def __init__(self, operations):
        self.env = simpy.Environment()
        self.rng = random.Random(1)
        self.duration = operations / (RATE * len(REGIONS))
        self.warmup = self.duration / 4 if self.duration < 40 else 10
        self.delays = one_ways()
        self.last_arrival = [[0.0] * len(REGIONS) for _ in REGIONS]
        self.clocks = [Clock(self.rng, r) for r in range(len(REGIONS))]
        self.held = [[0] * KEYS for _ in REGIONS]
        self.committed = [0] * KEYS  # the largest stamp that a client was told of
        self.weights = list(accumulate((k + 1) ** -0.99 for k in range(KEYS)))
        self.latency = {}
        self.operations = self.reads = self.stale = self.lags = 0
        self.lag_sum = self.latency_sum = 0.0

    def client(self, region):
        env, rng, duration = self.env, self.rng, self.duration
        keys, weights = range(KEYS), self.weights
        while True:
            yield env.timeout(rng.expovariate(RATE))
            if env.now >= duration:
                return
            self.operations += 1
            key = rng.choices(keys, cum_weights=weights)[0]
            env.process(self.read(region, key) if rng.random() < READ_SHARE else self.write(region, key))

    def read(self, region, key):
        begin, committed = self.env.now, self.committed[key]
        yield self.env.timeout(CLIENT_ONE_WAY)
        stale = committed > self.held[region][key]
        yield self.env.timeout(CLIENT_ONE_WAY)
        if begin >= self.warmup:
            self.reads += 1
            self.stale += stale
            self.note(begin)

    def write(self, region, key):
        begin = self.env.now
        yield self.env.timeout(CLIENT_ONE_WAY)
        stamp = self.clocks[region].stamp(self.env.now)
        self.held[region][key] = stamp
        self.ship(region, key, stamp)
        yield self.env.timeout(CLIENT_ONE_WAY)
        if stamp > self.committed[key]:
            self.committed[key] = stamp
        if begin >= self.warmup:
            self.note(begin)

    def note(self, begin):
        waited = self.env.now - begin
        self.latency_sum += waited
        bin_number = int(waited * 1e5)
        self.latency[bin_number] = self.latency.get(bin_number, 0) + 1

    def ship(self, region, key, stamp):
        env, now = self.env, self.env.now
        for to, delay in enumerate(self.delays[region]):
            if to == region:
                continue
            at = max(now + delay + 1e-3 * self.rng.lognormvariate(0, 0.6), self.last_arrival[region][to])
            self.last_arrival[region][to] = at
            # The time-out carries what arrives.
            env.timeout(at - now, (to, key, stamp, now)).callbacks.append(self.arrive)

    def arrive(self, event):
        to, key, stamp, taken = event._value
        self.clocks[to].observe(stamp)
        if stamp > self.held[to][key]:
            self.held[to][key] = stamp
        if taken >= self.warmup:
            self.lags += 1
            self.lag_sum += self.env.now - taken - CLIENT_ONE_WAY


def reference(as_csv, events):
    start = SECONDS()
    r = Reference(events or 60000)
    for region in range(len(REGIONS)):
        r.env.process(r.client(region))
    r.env.run()
    seconds = SECONDS() - start
    print("operations,seconds,operations_per_second" if as_csv else "operations seconds per second")
    print(f"{r.operations},{seconds:.6f},{r.operations / seconds:.0f}" if as_csv
          else f"{r.operations} {seconds:.3f} {r.operations / seconds:.0f}")
    print(f"# latency_ms {1e3 * r.latency_sum / sum(r.latency.values()):.4f} stale_share {r.stale / r.reads:.4f} "
          f"arrival_lag_ms {1e3 * r.lag_sum / r.lags:.3f}")


def main(arguments):
    runs = {"hold": hold, "mm1": mm1, "reference": reference}
    events = None
    if "--events" in arguments:
        at = arguments.index("--events")
        events = int(arguments[at + 1])
        del arguments[at:at + 2]
    as_csv = "--csv" in arguments
    names = [a for a in arguments if a != "--csv"]
    if len(names) != 1 or names[0] not in runs:
        print(__doc__.splitlines()[-1], file=sys.stderr)
        return 2
    return runs[names[0]](as_csv, events) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
