/* stock.h -- the pieces of large pages that the whole program shares: from 2 KB to 2 MB each, taken and given
 * back by tables that are shorter than a large page (sparse.h has the longer ones). A table that grows leaves
 * its old piece to the next, and a trial its pieces to the trial after it, so that few pages are touched for
 * the first time: where the machine is a guest that costs more than all that is then done with them.
 *
 * By any thread. Where an address sanitizer watches, nothing is in stock, and each table is an allocation of
 * its own that it knows the bounds of. */
#ifndef GEOREP_BASE_STOCK_H
#define GEOREP_BASE_STOCK_H

#include <stdbool.h>
#include <stddef.h>

enum { STOCK_LEAST = 1 << 11, STOCK_MOST = 1 << 21 };

/* A piece of `bytes`, STOCK_LEAST to STOCK_MOST, that begins at a multiple of STOCK_LEAST. Zeros, but for the
 * first `unset` bytes, which may be anything. NULL: there is none to be had. */
void *stock_take(size_t bytes, size_t unset);
/* Back, with the `bytes` it was taken with. false: it is not of the stock. */
bool stock_give(void *piece, size_t bytes);
bool stock_has(const void *memory); /* whether it lies in a piece */

#endif
