/* student.h -- Student's distribution by whole degrees of freedom, from additions, divisions and square roots
 * alone.
 *
 * GSL has it too, but through the C library's exp and log, whose last bits differ from one processor to the
 * next (glibc chooses by what it finds there); the widths it gives reach the results, which must not. GSL is
 * the tests' oracle. */
#ifndef GEOREP_STATS_STUDENT_H
#define GEOREP_STATS_STUDENT_H

#include <stdint.h>

/* The probability that |T| <= t, t >= 0, freedom > 0. Costs freedom / 2 multiplications. */
double student_inside(double t, uint32_t freedom);

/* The t with 95 % inside [-t, t], i.e. the quantile 0.975: 12.706 for 1, 2.262 for 9, 1.960 for many. */
double student_bound(uint32_t freedom);

#endif
