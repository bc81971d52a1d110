/* init.c -- georep init: a scenario to begin with, which explains itself and passes `georep check`. */
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const char starter[] =
    "# A first scenario. Run it:       georep run FILE\n"
    "# What a key may hold:            georep list keys\n"
    "# Strategies and their settings:  georep list models, georep list models lww\n"
    "name: first\n"
    "description: Three AWS regions, a shared counter, and ten seconds without the link to Europe.\n"
    "seed: 1\n"
    "duration: 60s            # simulated time in which clients issue operations\n"
    "warmup: 5s               # at the start, not in the statistics\n"
    "replications: 5          # runs with other random numbers: the intervals come from them\n"
    "\n"
    "regions: [us-east-1, eu-west-1, ap-northeast-1]\n"
    "\n"
    "network:\n"
    "  rtt: aws               # measured round trips; or a distribution: {normal: {mean: 80ms, stddev: "
    "8ms}}\n"
    "  jitter: {lognormal: {median: 1ms, sigma: 0.5}}\n"
    "\n"
    "clocks:\n"
    "  offset: {normal: {mean: 0ms, stddev: 5ms}}    # what last-writer-wins by wall clocks suffers from\n"
    "\n"
    "workload:                # of each region's clients\n"
    "  data: counter          # register, counter or set\n"
    "  clients: 10\n"
    "  arrivals: {poisson: 50/s}\n"
    "  keys: {count: 1000, distribution: {zipfian: 0.99}}\n"
    "  mix: {read: 80%, increment: 20%}\n"
    "  timeout: 2s\n"
    "  probes: {share: 10%, after: [0ms, 20ms, 50ms, 100ms, 200ms, 500ms]}   # the t-visibility curve\n"
    "\n"
    "models:                  # all run on the same clients, delays, clocks and faults\n"
    "  - {name: sync-majority, type: sync, acks: majority}\n"
    "  - async\n"
    "  - lww\n"
    "  - crdt\n"
    "\n"
    "faults:\n"
    "  - {at: 20s, for: 10s, partition: [[us-east-1, ap-northeast-1], [eu-west-1]]}\n"
    "\n"
    "expect:                  # what must come out; the exit status is 1 if it does not\n"
    "  - crdt: {converged: true, availability: \"> 99%\"}\n";

/* Never over a file that is there, not even in the moment between looking and writing. */
static int write_starter(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t done = 0;

    if (file < 0 && errno == EEXIST) {
        say_error("%s is there already; georep init does not overwrite it", path);
        return STATUS_WRONG;
    }
    if (file < 0) {
        say_error("cannot write %s: %s", path, strerror(errno));
        return STATUS_REFUSED;
    }
    while (done < sizeof starter - 1) {
        ssize_t wrote = write(file, starter + done, sizeof starter - 1 - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            break;
        done += (size_t)wrote;
    }
    int error = errno;
    if (close(file) != 0 || done < sizeof starter - 1) {
        say_error("cannot write %s: %s", path, strerror(error));
        (void)unlink(path);
        return STATUS_REFUSED;
    }
    printf("%s is written. Run it: georep run %s\n", path, path);
    return STATUS_DONE;
}

int verb_init(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    const char *path = NULL;

    for (int id; (id = options_next(&o)) != OPTIONS_END;) {
        if (id != OPTIONS_OPERAND)
            return options_status(id);
        if (path != NULL) {
            say_error("georep init wants one file");
            return STATUS_WRONG;
        }
        path = o.value;
    }
    path = path != NULL ? path : "scenario.yaml";
    if (strcmp(path, "-") == 0) {
        fputs(starter, stdout);
        return STATUS_DONE;
    }
    return write_starter(path);
}
