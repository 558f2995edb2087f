/*
 * wire_build.h - builds the immutable struct wire, one block, from what the mirror collected.
 */
#ifndef AMITY_WIRE_BUILD_H
#define AMITY_WIRE_BUILD_H

#include <stddef.h>

#include "wire.h"

/* A route with what decides between equal prefixes. */
struct wire_build_route {
	struct wire_route route;
	uint32_t metric;
};

/* In any order, duplicates allowed. */
struct wire_build_input {
	const struct wire_interface *interface;
	const struct wire_build_route *route;
	const struct wire_neighbour *neighbour;
	uint32_t interface_count, route_count, neighbour_count;
};

/* Result: NULL without memory. Owner: the caller, wire_build_free(). */
struct wire *wire_build_create(const struct wire_build_input *input);

/* Do both say the same? */
bool wire_build_equals(const struct wire *a, const struct wire *b);

/* Fits the release functions of the publisher. NULL is allowed. */
void wire_build_free(void *wire);

#endif
