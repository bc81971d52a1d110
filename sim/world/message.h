/* message.h -- where messages and their bodies live: pools of the network, so that sending allocates nothing.
 */
#ifndef GEOREP_WORLD_MESSAGE_H
#define GEOREP_WORLD_MESSAGE_H

#include "sim/world/network.h"

/* A zeroed message about `op` (0: none), which it holds; takes a reference to the body of its own. */
struct message *message_new(struct world *w, uint64_t op, struct body *body);
struct message *message_copy(struct world *w, const struct message *m); /* a duplicate on the way */
void message_pools_close(struct network *n);

#endif
