/* hot.h -- for functions of an operation's usual way that the compiler thinks too large to be put where they are
 * called, and for what is beside it. */
#ifndef GEOREP_BASE_HOT_H
#define GEOREP_BASE_HOT_H

#define HOT static inline __attribute__((always_inline))
#define COLD __attribute__((noinline, cold))

#endif
