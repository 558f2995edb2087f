/*
 * small_disk.h - a part of a test on a file system of its own: as small as wanted, seen by nobody else.
 */
#ifndef AMITY_SMALL_DISK_H
#define AMITY_SMALL_DISK_H

/*
 * Runs `run` in a child process, in a mount namespace where a tmpfs with `options` ("size=1m") stands over `directory`.
 * Result: what `run` returned; not 0 when it did not come to its end. Needs root.
 */
int small_disk_run(const char *directory, const char *options, int (*run)(void));

#endif
