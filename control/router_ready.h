/*
 * router_ready.h - what amityd says to the person who started it, once it serves.
 */
#ifndef AMITY_ROUTER_READY_H
#define AMITY_ROUTER_READY_H

#include <stdio.h>

#include "router.h"

/* Addresses, workers, sockets, counts, what to try. */
void router_ready_print(const struct router *router, FILE *out);

#endif
