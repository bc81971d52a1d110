/* history_file.h -- a trial's operations as JSON lines, in the words of Jepsen's histories: what `--history`
 * writes.
 *
 *     {"process":3,"type":"invoke","f":"increment","key":17,"value":1,"time":5000000,"session":"us-east-1/4","op":"us-east-1:812"}
 *     {"process":3,"type":"ok", ...the same..., "node":2}
 *
 * `type` is invoke, ok, fail (it surely took no effect: refused before any node took it, or a decrement
 * answered no) or info (nobody told the client). A session has as many processes as it has operations open,
 * and after `info` a new one. `value` of a register's write is the operation's name, of its read the name of
 * the write whose value it returned, null for the initial one; of a counter the amount, or the number read;
 * of a set the item (or the name of a fresh element), or the digest of the members read. `time` is true time
 * in ns. Probes are left out. `why` says timeout, refused, throttled, no or open. */
#ifndef GEOREP_EXPERIMENT_HISTORY_FILE_H
#define GEOREP_EXPERIMENT_HISTORY_FILE_H

#include "sim/history/history.h"
#include "sim/history/setting.h"

#include <stdbool.h>

struct history_file;

/* Creates PATH and reads `h` from now on. NULL: errno says why. The setting outlives it. */
struct history_file *history_file_open(const char *path, const struct history_setting *setting,
                                       struct history *h);
bool history_file_close(struct history_file *f); /* after the run; false: a write failed, errno says why */

#endif
