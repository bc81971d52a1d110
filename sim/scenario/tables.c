/* tables.c -- every key of a scenario: see keys.h. The order is that of the documents; a row a line, however
 * long. */
/* clang-format off */
#include "sim/scenario/keys.h"
#include "sim/scenario/settings.h"

#include <string.h>

#define AT(type, member) .offset = offsetof(struct type, member)
#define TIMES .kind = KEY_DISTRIBUTION, .quantity = QUANTITY_TIME
#define A_SHARE .kind = KEY_QUANTITY, .quantity = QUANTITY_SHARE
#define A_RATE .kind = KEY_QUANTITY, .quantity = QUANTITY_RATE, .least = "1/h"
#define A_NUMBER .kind = KEY_QUANTITY, .quantity = QUANTITY_NUMBER

const struct key *key_find(const struct key *keys, const char *name)
{
    for (const struct key *k = keys; k->name != NULL; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

static const struct key gilbert_elliott_keys[] = {
    {"to_bad", A_RATE, AT(gilbert_elliott_setting, to_bad), .required = true, .doc = "how often a burst of loss begins"},
    {"to_good", A_RATE, AT(gilbert_elliott_setting, to_good), .required = true, .doc = "how fast a burst ends: one over its mean length"},
    {"good", A_SHARE, AT(gilbert_elliott_setting, good), .by_default = "0%", .doc = "loss between bursts"},
    {"bad", A_SHARE, AT(gilbert_elliott_setting, bad), .required = true, .doc = "loss in a burst"},
    {0},
};

static const struct key loss_keys[] = {
    {"", A_SHARE, AT(loss_setting, share), .doc = "each transmission is lost alone with this share"},
    {"gilbert_elliott", KEY_MAP, AT(loss_setting, bursts), .keys = gilbert_elliott_keys, .doc = "bursts of loss"},
    {0},
};

const struct key link_keys[] = {
    {"between", KEY_NODE, AT(link_setting, between), .shape = SHAPE_LIST, .doc = "two regions: both directions"},
    {"from", KEY_TEXT, AT(link_setting, from), .doc = "source of one direction"},
    {"to", KEY_TEXT, AT(link_setting, to), .doc = "destination of one direction"},
    {"rtt", TIMES, AT(link_setting, rtt), .doc = "round trip; each message draws one and takes half"},
    {"delay", TIMES, AT(link_setting, delay), .doc = "one-way delay"},
    {"jitter", TIMES, AT(link_setting, jitter), .none = "none", .doc = "added to each one-way delay"},
    {"loss", KEY_ONE_OF, AT(link_setting, loss), .inside = offsetof(struct link_setting, loss), .keys = loss_keys, .doc = "share of the transmissions that are lost"},
    {"duplicate", A_SHARE, AT(link_setting, duplicate), .doc = "share of the messages that arrive twice (datagram)"},
    {"bandwidth", KEY_QUANTITY, QUANTITY_BANDWIDTH, AT(link_setting, bandwidth), .none = "unlimited", .least = "1bps", .doc = "of this direction"},
    {0},
};

const struct key price_link_keys[] = {
    {"from", KEY_TEXT, AT(price_link_setting, from), .required = true, .doc = "source region"},
    {"to", KEY_TEXT, AT(price_link_setting, to), .required = true, .doc = "destination region"},
    {"price", KEY_QUANTITY, QUANTITY_PRICE, AT(price_link_setting, price), .required = true, .doc = "egress of this direction"},
    {0},
};

const struct key price_keys[] = {
    {"default", KEY_NODE, AT(price_setting, by_default), .by_default = "0.02 USD/GB", .doc = "between regions: a price, or a preset's name (aws, gcp, azure)"},
    {"links", KEY_NODE, AT(price_setting, links), .shape = SHAPE_LIST_OF_MAPS, .keys = price_link_keys, .doc = "exceptions, later ones win"},
    {0},
};

static const struct key network_keys[] = {
    {"rtt", KEY_NODE, AT(network_setting, rtt), .choice = true, .doc = "round trip between regions: a preset (aws, gcp, azure, aws-2020), a CSV matrix beside the scenario (directed, ms), or a distribution for every pair"},
    {"jitter", TIMES, AT(network_setting, jitter), .by_default = "none", .none = "none", .doc = "added to each one-way delay between regions"},
    {"transport", KEY_WORD, AT(network_setting, transport), .by_default = "tcp", .words = "tcp|datagram", .doc = "tcp: in order, loss costs a retransmission; datagram: may reorder, loss drops"},
    {"loss", KEY_ONE_OF, AT(network_setting, loss), .inside = offsetof(struct network_setting, loss), .by_default = "0%", .keys = loss_keys, .doc = "share of the transmissions that are lost, or bursts"},
    {"duplicate", A_SHARE, AT(network_setting, duplicate), .by_default = "0%", .doc = "share of the messages that arrive twice (datagram)"},
    {"bandwidth", KEY_QUANTITY, QUANTITY_BANDWIDTH, AT(network_setting, bandwidth), .by_default = "unlimited", .none = "unlimited", .least = "1bps", .doc = "of each directed pair of regions; a message waits its turn"},
    {"overhead", KEY_BYTES, AT(network_setting, overhead), .by_default = "64B", .most = "1GB", .doc = "added to every message's bytes"},
    {"retransmit_max", KEY_TIME, AT(network_setting, retransmit_max), .by_default = "1s", .least = "1ms", .doc = "tcp: the longest wait before a retransmission"},
    {"local", KEY_TIME, AT(network_setting, local), .by_default = "0.5ms", .doc = "round trip between nodes of one region, constant"},
    {"client", TIMES, AT(network_setting, client), .by_default = "local", .none = "local", .doc = "round trip between a client and its region; local: as local"},
    {"links", KEY_NODE, AT(network_setting, links), .shape = SHAPE_LIST_OF_MAPS, .keys = link_keys, .doc = "exceptions by pair, later ones win"},
    {"price", KEY_NODE, AT(network_setting, price), .by_default = "0.02 USD/GB", .shape = SHAPE_WORD_OR_MAP, .keys = price_keys, .doc = "egress between regions: a price, a preset (aws, gcp, azure), or {default, links}"},
    {0},
};

static const struct key sync_keys[] = {
    {"every", KEY_TIME, .required = true, AT(sync_setting, every), .least = "1ms", .doc = "time between synchronisations; the first is at a random phase"},
    {"error", TIMES, AT(sync_setting, error), .negative = true, .by_default = "none", .none = "none", .doc = "what each synchronisation leaves"},
    {0},
};

#define CLOCK_KEYS(none_word)                                                                                                                                        \
    {"offset", TIMES, AT(clock_setting, offset), .negative = true, .by_default = none_word, .none = "none", .doc = "lasting: clock minus true time, one draw a node"},  \
    {"drift", KEY_DISTRIBUTION, QUANTITY_FREQUENCY, AT(clock_setting, drift), .negative = true, .by_default = none_word, .none = "none", .doc = "frequency error, one draw a node"}, \
    {"sync", KEY_MAP, AT(clock_setting, sync), .optional = true, .by_default = none_word, .none = "none", .keys = sync_keys, .doc = "like NTP; none: the clock runs free"},               \
    {"uncertainty", KEY_TIME, AT(clock_setting, uncertainty), .by_default = none_word, .none = "none", .doc = "what a TrueTime-like interface answers; the draws above are cut so that it holds"}

const struct key clock_region_keys[] = {CLOCK_KEYS(NULL), {0}};
static const struct key clock_keys[] = {
    CLOCK_KEYS("none"),
    {"regions", KEY_NODE, AT(clock_setting, regions), .shape = SHAPE_MAP_OF_MAPS, .keys = clock_region_keys, .doc = "by region: the same keys, in place of those above"},
    {0},
};

static const struct key storage_keys[] = {
    {"write", TIMES, AT(storage_setting, write), .by_default = "0", .doc = "making one write durable, before it is acknowledged"},
    {"read", TIMES, AT(storage_setting, read), .by_default = "0", .doc = "one read at one replica"},
    {"apply", TIMES, AT(storage_setting, apply), .by_default = "0", .doc = "making a received write readable"},
    {"workers", KEY_WHOLE, AT(storage_setting, workers), .by_default = "8", .least = "1", .most = "100000", .doc = "servers of a node"},
    {0},
};

static const struct key closed_keys[] = {
    {"think", TIMES, AT(workload_setting, think), .required = true, .doc = "from an answer to the client's next operation"},
    {0},
};
static const struct key arrivals_keys[] = {
    {"poisson", A_RATE, AT(workload_setting, rate), .doc = "at random with this rate, of the region"},
    {"constant", A_RATE, AT(workload_setting, rate), .doc = "evenly with this rate, of the region"},
    {"closed", KEY_MAP, .offset = 0, .keys = closed_keys, .doc = "each client waits for its answer, thinks, and asks again"},
    {"trace", KEY_LATER, .doc = "arrivals from a trace are not in this version: use poisson, constant or closed"},
    {0},
};
static const struct key hotspot_keys[] = {
    {"share", A_SHARE, AT(keys_setting, hotspot_share), .required = true, .doc = "of the keys, that are hot"},
    {"load", A_SHARE, AT(keys_setting, hotspot_load), .required = true, .doc = "of the operations, that go to hot keys"},
    {0},
};
static const struct key key_distribution_keys[] = {
    {"uniform", KEY_BARE, .doc = "every key alike"},
    {"zipfian", A_NUMBER, AT(keys_setting, zipf_theta), .most = "20", .doc = "rank i in proportion to i^-theta"},
    {"hotspot", KEY_MAP, .offset = 0, .keys = hotspot_keys, .doc = "a share of the keys takes a share of the load"},
    {"latest", KEY_BARE, .doc = "the newest written keys most, zipfian with 0.99"},
    {0},
};
static const struct key keys_keys[] = {
    {"count", KEY_WHOLE, AT(keys_setting, count), .by_default = "10000", .least = "1", .most = "1000000000", .doc = "shared keys"},
    {"distribution", KEY_ONE_OF, AT(keys_setting, distribution), .by_default = "uniform", .keys = key_distribution_keys, .doc = "which keys are asked for"},
    {"local", A_SHARE, AT(keys_setting, local), .by_default = "0%", .doc = "of the operations, that are on keys at home in the client's region (key k is at home in region k mod regions)"},
    {"own", A_SHARE, AT(keys_setting, own), .by_default = "0%", .doc = "of the operations, that are on the session's own key"},
    {"initial", KEY_INTEGER, AT(keys_setting, initial), .by_default = "100", .least = "-1000000000000000", .most = "1000000000000000", .doc = "a counter's value at the start"},
    {"preload", KEY_FLAG, AT(keys_setting, preload), .by_default = "true", .doc = "every key exists at the start; false is not in this version"},
    {0},
};

const struct key mix_keys[] = {
    {"read", A_SHARE, .doc = "reads"},
    {"write", A_SHARE, .doc = "assigns a register, adds one to a counter, adds a fresh element to a set"},
    {"update", A_SHARE, .doc = "read-modify-write at the node that takes it"},
    {"increment", A_SHARE, .doc = "of a counter, by 1"},
    {"decrement", A_SHARE, .doc = "of a counter, by 1; refused below zero"},
    {"add", A_SHARE, .doc = "of one of 16 elements to a set"},
    {"remove", A_SHARE, .doc = "of one of 16 elements from a set"},
    {0},
};

static const struct key failover_keys[] = {
    {"after", KEY_TIME, AT(failover_setting, after), .by_default = "1s", .doc = "how long a region is down before its clients go elsewhere"},
    {"to", KEY_WORD, AT(failover_setting, to), .by_default = "nearest", .words = "nearest", .doc = "the nearest region that is up, by round trip"},
    {0},
};
static const struct key routing_keys[] = {
    {"to", KEY_TEXT, AT(routing_setting, to), .by_default = "home", .doc = "where clients go: home, nearest, or a region"},
    {"failover", KEY_MAP, AT(routing_setting, failover), .none = "none", .keys = failover_keys, .doc = "when their region is down; none: they wait"},
    {0},
};
static const struct key probes_keys[] = {
    {"share", A_SHARE, AT(probes_setting, share), .by_default = "0%", .doc = "of the commits, that are followed by probes"},
    {"after", KEY_NODE, AT(probes_setting, after), .by_default = "[0ms, 1ms, 10ms, 100ms, 1s]", .shape = SHAPE_LIST, .doc = "times after the commit at which the key is read"},
    {0},
};

const struct key workload_keys[] = {
    {"data", KEY_WORD, AT(workload_setting, data), .by_default = "register", .words = "register|counter|set|order", .doc = "what a key holds, for every model (order: not in this version)"},
    {"clients", KEY_WHOLE, AT(workload_setting, clients), .by_default = "10", .most = "1000000", .doc = "sessions in each region; 0: none"},
    {"arrivals", KEY_ONE_OF, AT(workload_setting, arrivals), .by_default = "{poisson: 100/s}", .keys = arrivals_keys, .doc = "of operations, in each region"},
    {"daily", KEY_LATER, .doc = "a daily load curve is not in this version: use the fault `load` for a spike"},
    {"keys", KEY_MAP, AT(workload_setting, keys), .keys = keys_keys, .doc = "how many keys, and which are asked for"},
    {"mix", KEY_NODE, AT(workload_setting, mix), .by_default = "{read: 90%, write: 10%}", .choice = true, .shape = SHAPE_MAP, .keys = mix_keys, .doc = "shares of the operations; they add up to 100%"},
    {"value", KEY_BYTES, AT(workload_setting, value), .by_default = "1KB", .most = "1GB", .doc = "bytes of a value"},
    {"timeout", KEY_TIME, AT(workload_setting, timeout), .by_default = "10s", .least = "1us", .doc = "of each attempt"},
    {"retries", KEY_WHOLE, AT(workload_setting, retries), .by_default = "0", .most = "200", .doc = "of an operation that timed out or was refused"},
    {"retry_as", KEY_WORD, AT(workload_setting, retry_as), .by_default = "same", .words = "same|new", .doc = "new: each retry is a new operation to the servers"},
    {"idempotency", KEY_LATER, .none = "none", .doc = "idempotency keys are not in this version: leave `idempotency` out, or `none`"},
    {"roam", A_SHARE, AT(workload_setting, roam), .by_default = "0%", .doc = "share of a session's operations that are issued from another region"},
    {"routing", KEY_MAP, AT(workload_setting, routing), .keys = routing_keys, .doc = "where clients go"},
    {"probes", KEY_MAP, AT(workload_setting, probes), .keys = probes_keys, .doc = "reads that measure t-visibility, and are in no other figure"},
    {"tables", KEY_LATER, .none = "{}", .doc = "tables are not in this version: write one scenario a table"},
    {"ycsb", KEY_LATER, .doc = "YCSB's workloads are not in this version: write them as `mix`, `keys` and `value`"},
    {0},
};

const struct key region_keys[] = {
    {"name", KEY_TEXT, AT(region_setting, name), .required = true, .doc = "what the region is called; presets know it by this"},
    {"nodes", KEY_WHOLE, AT(region_setting, nodes), .by_default = "1", .most = "1000", .doc = "servers; 0: clients only"},
    {"workload", KEY_NODE, AT(region_setting, workload), .shape = SHAPE_MAP, .keys = workload_keys, .doc = "any key of workload, for this region's clients"},
    {0},
};

static const struct key cut_keys[] = {
    {"from", KEY_TEXT, .offset = offsetof(struct fault_setting, cut.from), .required = true, .doc = "source of the direction that is cut"},
    {"to", KEY_TEXT, .offset = offsetof(struct fault_setting, cut.to), .required = true, .doc = "destination"},
    {0},
};
static const struct key slow_keys[] = {
    {"between", KEY_NODE, AT(fault_setting, slow.between), .shape = SHAPE_LIST, .doc = "two regions: both directions"},
    {"from", KEY_TEXT, AT(fault_setting, slow.from), .doc = "source of one direction"},
    {"to", KEY_TEXT, AT(fault_setting, slow.to), .doc = "destination of one direction"},
    {"factor", A_NUMBER, AT(fault_setting, slow.factor), .by_default = "1", .most = "1000000", .doc = "multiplies delay and jitter"},
    {"loss", A_SHARE, AT(fault_setting, slow.loss), .doc = "in place of the link's"},
    {0},
};
static const struct key crash_keys[] = {
    {"region", KEY_TEXT, AT(fault_setting, crash.region), .doc = "all nodes of this region, or one:"},
    {"node", KEY_WHOLE, AT(fault_setting, crash.node), .most = "999", .doc = "its number in the region, from 0"},
    {"leader", KEY_FLAG, AT(fault_setting, crash.leader), .by_default = "false", .doc = "true: whichever node leads then, in place of region"},
    {"lose", KEY_WORD, AT(fault_setting, crash.lose), .by_default = "nothing", .words = "nothing|memory|disk", .doc = "nothing: a pause; memory: what was not durable; disk: all"},
    {0},
};
static const struct key overload_keys[] = {
    {"region", KEY_TEXT, AT(fault_setting, overload.region), .required = true, .doc = "all nodes of this region, or one:"},
    {"node", KEY_WHOLE, AT(fault_setting, overload.node), .most = "999", .doc = "its number in the region, from 0"},
    {"factor", KEY_NODE, AT(fault_setting, overload.factor), .required = true, .doc = "service times times this; inf stops them"},
    {"of", KEY_WORD, AT(fault_setting, overload.of), .by_default = "all", .words = "all|apply", .doc = "apply: only that one"},
    {0},
};
static const struct key load_keys[] = {
    {"region", KEY_TEXT, AT(fault_setting, load.region), .required = true, .doc = "whose clients"},
    {"factor", A_NUMBER, AT(fault_setting, load.factor), .required = true, .most = "1000000", .doc = "arrivals times this"},
    {0},
};
static const struct key clock_fault_keys[] = {
    {"region", KEY_TEXT, AT(fault_setting, clock.region), .required = true, .doc = "all nodes of this region, or one:"},
    {"node", KEY_WHOLE, AT(fault_setting, clock.node), .most = "999", .doc = "its number in the region, from 0"},
    {"step", KEY_TIME, .negative = true, AT(fault_setting, clock.step), .required = true, .doc = "added to the clock at once"},
    {0},
};

static const struct key switchover_keys[] = {
    {"to", KEY_TEXT, AT(fault_setting, switchover.to), .required = true, .doc = "the region that is to lead; strategies that cannot hand over go on"},
    {0},
};

const struct key fault_keys[] = {
    {"name", KEY_TEXT, AT(fault_setting, name), .doc = "to address it by; left out: its kind"},
    {"at", KEY_TIME, AT(fault_setting, at), .doc = "when it begins"},
    {"for", TIMES, AT(fault_setting, lasts), .doc = "how long; left out: on to the end"},
    {"every", TIMES, AT(fault_setting, every), .doc = "again and again: from one end to the next start, in place of at"},
    {"partition", KEY_NODE, AT(fault_setting, partition), .shape = SHAPE_ANY, .doc = "groups of regions; links between groups are cut; random: two groups"},
    {"cut", KEY_MAP, .optional = true, .keys = cut_keys, .doc = "one direction is cut"},
    {"slow", KEY_MAP, .optional = true, .keys = slow_keys, .doc = "links are slower, and lose"},
    {"crash", KEY_MAP, .optional = true, .keys = crash_keys, .doc = "nodes are down"},
    {"overload", KEY_MAP, .optional = true, .keys = overload_keys, .doc = "nodes are slower"},
    {"load", KEY_MAP, .optional = true, .keys = load_keys, .doc = "a spike of traffic"},
    {"clock", KEY_MAP, .optional = true, .keys = clock_fault_keys, .doc = "clocks step"},
    {"switchover", KEY_MAP, .optional = true, .keys = switchover_keys, .doc = "a planned change of leader, at one instant"},
    {0},
};

const struct key replications_keys[] = {
    {"min", KEY_WHOLE, AT(replications_setting, min), .by_default = "5", .least = "2", .most = "1000000", .doc = "at least so many"},
    {"max", KEY_WHOLE, AT(replications_setting, max), .by_default = "100", .least = "2", .most = "1000000", .doc = "at most so many"},
    {"metric", KEY_TEXT, AT(replications_setting, metric), .required = true, .doc = "METRIC.STATISTIC whose interval must be narrow enough"},
    {"precision", A_SHARE, AT(replications_setting, precision), .by_default = "5%", .doc = "half-width of the interval over the value"},
    {0},
};

const struct key scenario_keys[] = {
    {"name", KEY_TEXT, AT(scenario_setting, name), .doc = "[a-z0-9-]; names the results folder; left out: the file's"},
    {"description", KEY_TEXT, AT(scenario_setting, description), .doc = "free text"},
    {"extends", KEY_IGNORED, .doc = "another scenario, relative to this file, that this one changes"},
    {"seed", KEY_WHOLE, AT(scenario_setting, seed), .by_default = "1", .doc = "of all chance"},
    {"duration", KEY_TIME, AT(scenario_setting, duration), .by_default = "60s", .least = "1ms", .doc = "simulated time in which clients issue operations"},
    {"warmup", KEY_TIME, AT(scenario_setting, warmup), .by_default = "5s", .doc = "at the start; not in the statistics"},
    {"drain", KEY_TIME, AT(scenario_setting, drain), .by_default = "30s", .doc = "at most, after the clients stop, for replication to finish"},
    {"replications", KEY_NODE, AT(scenario_setting, replications), .by_default = "10", .shape = SHAPE_WORD_OR_MAP, .keys = replications_keys, .doc = "a number, or {min, max, metric, precision}"},
    {"regions", KEY_NODE, AT(scenario_setting, regions), .required = true, .shape = SHAPE_NAMES_OR_MAPS, .keys = region_keys, .doc = "a list: a name, or {name, nodes, workload}"},
    {"network", KEY_MAP, AT(scenario_setting, network), .keys = network_keys, .doc = "between the regions"},
    {"clocks", KEY_MAP, AT(scenario_setting, clocks), .keys = clock_keys, .doc = "of the nodes; read by models, never by the statistics"},
    {"storage", KEY_MAP, AT(scenario_setting, storage), .keys = storage_keys, .doc = "a node's service times and servers"},
    {"workload", KEY_NODE, AT(scenario_setting, workload), .shape = SHAPE_MAP, .keys = workload_keys, .doc = "what the clients do"},
    {"models", KEY_NODE, AT(scenario_setting, models), .required = true, .shape = SHAPE_NAMES_OR_MAPS, .doc = "a list: a type, or {name, type, and its parameters}"},
    {"faults", KEY_NODE, AT(scenario_setting, faults), .shape = SHAPE_LIST_OF_MAPS, .keys = fault_keys, .doc = "what goes wrong, and when"},
    {"sweep", KEY_IGNORED, .shape = SHAPE_MAP, .doc = "PATH: a list of values, or {from, to, points, scale: log | linear}; the product of all"},
    {"expect", KEY_NODE, AT(scenario_setting, expect), .shape = SHAPE_LIST, .doc = "a list of MODEL or all: {METRIC.STATISTIC or check: bound}"},
    {"requirements", KEY_IGNORED, .shape = SHAPE_MAP, .doc = "for advise"},
    {0},
};
