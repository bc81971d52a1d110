/* hot.h -- for functions of an operation's usual way: those that the compiler thinks too large to be put
 * where they are called, and those whose registers their caller is not to save for all that it calls; and for
 * what is beside it. */
#ifndef GEOREP_BASE_HOT_H
#define GEOREP_BASE_HOT_H

#define HOT static inline __attribute__((always_inline))
#define APART __attribute__((noinline))
#define COLD __attribute__((noinline, cold))

#endif
