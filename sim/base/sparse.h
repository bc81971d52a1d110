/* sparse.h -- large zeroed tables of which little may be touched: pages come when they are written. */
#ifndef GEOREP_BASE_SPARSE_H
#define GEOREP_BASE_SPARSE_H

#include <stddef.h>

/* `bytes` of zeros; costs address space only. Never NULL. */
void *sparse_new(size_t bytes);
void sparse_free(void *table, size_t bytes);
void sparse_wipe(void *table, size_t bytes); /* zeros again, the pages given back */

#endif
