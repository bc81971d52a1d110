/* check_object.c -- what an operation makes of a register, a counter, a set or a text, for the checkers that
 * search for an order. */
#include "sim/base/hash.h"
#include "sim/observe/check_room.h"

enum { SUM_BITS = 61 };
#define SUM_PRIME ((UINT64_C(1) << SUM_BITS) - 1)
#define SUM_BASE UINT64_C(1234567890123456789) /* any but a few */

__extension__ typedef unsigned __int128 sum_wide;

static uint64_t sum_times(uint64_t a, uint64_t b)
{
    sum_wide product = (sum_wide)a * b;
    uint64_t sum = (uint64_t)(product & SUM_PRIME) + (uint64_t)(product >> SUM_BITS);

    return sum >= SUM_PRIME ? sum - SUM_PRIME : sum;
}

static uint64_t sum_append(uint64_t head, uint64_t power, uint64_t tail)
{
    uint64_t sum = sum_times(head, power) + tail;

    return sum >= SUM_PRIME ? sum - SUM_PRIME : sum;
}

uint64_t check_text_sum(const char *text, size_t length, uint64_t *power)
{
    uint64_t sum = 0;

    *power = 1;
    for (size_t i = 0; i < length; i++) {
        sum = sum_append(sum, SUM_BASE, (uint64_t)(unsigned char)text[i] + 1);
        *power = sum_times(*power, SUM_BASE);
    }
    return sum;
}

void check_text_beginnings(struct check_map *beginnings, const char *text, size_t length)
{
    uint64_t *sums = memory_new(length + 1, sizeof *sums);

    for (size_t i = 0; i < length; i++)
        sums[i + 1] = sum_append(sums[i], SUM_BASE, (uint64_t)(unsigned char)text[i] + 1);
    /* Of one that is there all beginnings are. */
    for (size_t i = length; i > 0 && check_map_get(beginnings, sums[i], 0) == CHECK_ABSENT; i--)
        check_map_put(beginnings, sums[i], 0, 1);
    free(sums);
}

/* What is the beginning of no read. */
#define SUM_UNREAD SUM_PRIME

static uint64_t sum_of_step(const struct check_step *s, uint64_t sum)
{
    bool read = sum == 0 || s->beginnings == NULL || check_map_get(s->beginnings, sum, 0) != CHECK_ABSENT;

    return read ? sum : SUM_UNREAD;
}

bool check_step_matches(const struct check_step *s, struct check_state state)
{
    if (s->f == CHECK_BELOW)
        return (int64_t)state.a < s->number;
    switch (s->kind) {
    case CHECK_KEY_COUNTER:
        return (int64_t)state.a == s->number;
    case CHECK_KEY_SET:
        return s->digests ? hash_join(state.a, state.b) == s->value : state.a == s->value;
    default:
        return state.a == s->value;
    }
}

bool check_step_apply(const struct check_step *s, struct check_state *state)
{
    switch (s->f) {
    case CHECK_WRITE:
        if (s->kind == CHECK_KEY_COUNTER)
            state->a++;
        else if (s->kind == CHECK_KEY_SET)
            state->b ^= hash_mix(s->value);
        else
            state->a = s->kind == CHECK_KEY_TEXT ? sum_of_step(s, s->value) : s->value;
        return true;
    case CHECK_CAS:
        if (state->a != s->expected)
            return false;
        state->a = s->value;
        return true;
    case CHECK_CHANGE:
        if (s->never_below_zero && s->number < 0 && (int64_t)state->a < -s->number)
            return false;
        state->a += (uint64_t)s->number;
        return true;
    case CHECK_ADD:
        state->a |= UINT64_C(1) << (s->value & 63);
        return true;
    case CHECK_APPEND:
        if (state->a != SUM_UNREAD)
            state->a = sum_of_step(s, sum_append(state->a, s->expected, s->value));
        return true;
    case CHECK_REMOVE:
        state->a &= ~(UINT64_C(1) << (s->value & 63));
        return true;
    default:
        return check_step_matches(s, *state);
    }
}
