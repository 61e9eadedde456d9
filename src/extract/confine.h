/* The cell that attachments are read in (SECURITY.md 18). */
#ifndef POSTROOM_EXTRACT_CONFINE_H
#define POSTROOM_EXTRACT_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#define CONFINE_MEMORY ((size_t)1024 * 1024 * 1024) /* of address space */
#define CONFINE_SECONDS 20                          /* of processor time */

/* Shuts this process in, for good: no descriptors but the first three, no core dump, limits of
 * memory and processor time, no new privileges; name spaces of its own where the system lets it; a
 * filter of system calls. It can read what it was handed and write to what it was handed; it can
 * make no process, no socket and no file. Files it can open, for reading, below `folders` alone
 * (ends with NULL; those that are missing do not count), and only where the kernel has Landlock to
 * hold it there; else none at all.
 *
 * False: the filter could not be set, and nothing hostile may be read. In a process with one
 * thread. */
bool confine(const char *const *folders);

#endif
