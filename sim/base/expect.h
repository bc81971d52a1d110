/* expect.h -- asks for a line of memory (64 bytes) some time before it is used. */
#ifndef GEOREP_BASE_EXPECT_H
#define GEOREP_BASE_EXPECT_H

/* Any address does, even a wrong one. The empty asm is for gcc, which takes a function that does nothing but
 * this for one without effect, and drops its calls. */
static inline void expect_line(const void *at)
{
    __builtin_prefetch(at);
    __asm__ volatile("");
}

#endif
