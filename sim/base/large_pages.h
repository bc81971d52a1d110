/* large_pages.h -- address space in whole large pages (2 MB), zeros, without a reservation: what lies behind
 * sparse.h and stock.h. It goes back to the kernel by munmap. */
#ifndef GEOREP_BASE_LARGE_PAGES_H
#define GEOREP_BASE_LARGE_PAGES_H

#include <stddef.h>

enum { LARGE_PAGE = 1 << 21 };

/* `length`: of whole large pages; the address is that of one, or the first and the last would be small ones.
 * NULL: there is none to be had. */
void *large_pages_room(size_t length); /* for pages that are moved there */
void *large_pages_new(size_t length);  /* and asks for large pages as it is touched; a kernel without them is
                                          as right, and slower */

#endif
