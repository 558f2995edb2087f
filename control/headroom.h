/*
 * headroom.h - is so much memory to be had right now? For libraries that do not survive the end of memory: asked
 * before they begin, so that a request is refused instead.
 *
 * Not a promise: another thread may take it meanwhile. It keeps what is large from beginning in what is left.
 */
#ifndef AMITY_HEADROOM_H
#define AMITY_HEADROOM_H

#include <stdbool.h>
#include <stddef.h>

/* Thread: any. */
bool headroom_has(size_t bytes);

#endif
