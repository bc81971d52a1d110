/* row.c -- see row.h. */
#include "models/parts/row.h"

bool row_held_by(const geo_replica *r, geo_key key, geo_node n)
{
    geo_node holders[ROW_HOLDERS_MOST];
    uint32_t count = geo_holders(r, key, holders, ROW_HOLDERS_MOST);

    for (uint32_t i = 0; i < count; i++)
        if (holders[i] == n)
            return true;
    return false;
}

uint32_t row_others(const geo_replica *r, geo_key key, geo_node *out)
{
    uint32_t count = geo_holders(r, key, out, ROW_HOLDERS_MOST), others = 0;

    for (uint32_t i = 0; i < count; i++)
        if (out[i] != geo_self(r))
            out[others++] = out[i];
    return others;
}
