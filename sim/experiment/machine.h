/* machine.h -- what this machine has: cores, memory that a run may take, a name for the manifest. */
#ifndef GEOREP_EXPERIMENT_MACHINE_H
#define GEOREP_EXPERIMENT_MACHINE_H

#include <stdint.h>

uint32_t machine_cores(void);           /* that this process may use */
uint64_t machine_memory_bytes(void);    /* all of it, or the limit of this process's control group */
uint64_t machine_available_bytes(void); /* of it, what can be had now; UINT64_MAX where nobody says */
char *machine_name(void);               /* host name; the caller's */
char *machine_system(void);             /* "Linux 6.1.0 x86_64"; the caller's */

#endif
