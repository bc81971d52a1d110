/* check_object.c -- what an operation makes of a register, a counter or a set, for the checkers that search
 * for an order. */
#include "sim/base/hash.h"
#include "sim/observe/check_room.h"

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
            state->a = s->value;
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
    case CHECK_REMOVE:
        state->a &= ~(UINT64_C(1) << (s->value & 63));
        return true;
    default:
        return check_step_matches(s, *state);
    }
}
