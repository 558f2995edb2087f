#include "wire_build.h"

#include <stdlib.h>
#include <string.h>

/* The table and what it points to. */
struct wire_block {
	struct wire wire; /* first: freed by this address */
	struct wire_interface interface[WIRE_INTERFACES_MAX];
	char rest[]; /* routes, then neighbours */
};

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* Longest prefix, least metric, ours before others (a path that leaves by one of our interfaces is one we can use). */
static int compare_routes(const void *a_item, const void *b_item)
{
	const struct wire_build_route *a = a_item, *b = b_item;
	int order = compare_numbers(b->route.prefix.length_bits, a->route.prefix.length_bits);

	if (order == 0)
		order = memcmp(a->route.prefix.ip, b->route.prefix.ip, 16);
	if (order == 0)
		order = compare_numbers(a->metric, b->metric);
	if (order == 0)
		order = compare_numbers(a->route.interface, b->route.interface);
	return order != 0 ? order : memcmp(a->route.gateway, b->route.gateway, 16);
}

static int compare_neighbours(const void *a_item, const void *b_item)
{
	const struct wire_neighbour *a = a_item, *b = b_item;
	int order = compare_numbers(a->interface, b->interface);

	return order != 0 ? order : memcmp(a->ip, b->ip, 16);
}

static bool is_same_prefix(const struct net_prefix *a, const struct net_prefix *b)
{
	return a->length_bits == b->length_bits && memcmp(a->ip, b->ip, 16) == 0;
}

/* Has a better route to the same prefix the same interface? Those of equal prefixes stand together, the best first. */
static bool has_better(const struct wire_route *routes, uint32_t count, const struct wire_route *route)
{
	while (count > 0 && is_same_prefix(&routes[count - 1].prefix, &route->prefix))
		if (routes[--count].interface == route->interface)
			return true;
	return false;
}

/* Of equal prefixes the best of each interface is kept: the best of all, and those of the ways back. */
static uint32_t fill_routes(struct wire_route *routes, struct wire_build_route *sorted, uint32_t count)
{
	uint32_t kept = 0;

	qsort(sorted, count, sizeof(*sorted), compare_routes);
	for (uint32_t i = 0; i < count; i++)
		if (!has_better(routes, kept, &sorted[i].route))
			memcpy(&routes[kept++], &sorted[i].route, sizeof(*routes));
	return kept;
}

static uint32_t fill_neighbours(struct wire_neighbour *neighbours, uint32_t count)
{
	uint32_t kept = 0;

	qsort(neighbours, count, sizeof(*neighbours), compare_neighbours);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || compare_neighbours(&neighbours[kept - 1], &neighbours[i]) != 0)
			neighbours[kept++] = neighbours[i];
	return kept;
}

struct wire *wire_build_create(const struct wire_build_input *input)
{
	size_t route_bytes = input->route_count * sizeof(struct wire_route);
	size_t neighbour_bytes = input->neighbour_count * sizeof(struct wire_neighbour);
	struct wire_block *block = calloc(1, sizeof(*block) + route_bytes + neighbour_bytes);
	struct wire_build_route *sorted = calloc(input->route_count + 1, sizeof(*sorted));

	if (block == NULL || sorted == NULL) {
		free(block);
		free(sorted);
		return NULL;
	}
	struct wire_route *routes = (struct wire_route *)block->rest;
	struct wire_neighbour *neighbours = (struct wire_neighbour *)(block->rest + route_bytes);
	if (input->interface_count > 0)
		memcpy(block->interface, input->interface, input->interface_count * sizeof(*input->interface));
	if (input->route_count > 0)
		memcpy(sorted, input->route, input->route_count * sizeof(*sorted));
	if (input->neighbour_count > 0)
		memcpy(neighbours, input->neighbour, neighbour_bytes);
	block->wire.interface = block->interface;
	block->wire.interface_count = input->interface_count;
	block->wire.route = routes;
	block->wire.route_count = fill_routes(routes, sorted, input->route_count);
	block->wire.neighbour = neighbours;
	block->wire.neighbour_count = fill_neighbours(neighbours, input->neighbour_count);
	free(sorted);
	return &block->wire;
}

bool wire_build_equals(const struct wire *a, const struct wire *b)
{
	return a->interface_count == b->interface_count && a->route_count == b->route_count &&
	       a->neighbour_count == b->neighbour_count &&
	       memcmp(a->interface, b->interface, a->interface_count * sizeof(*a->interface)) == 0 &&
	       memcmp(a->route, b->route, a->route_count * sizeof(*a->route)) == 0 &&
	       memcmp(a->neighbour, b->neighbour, a->neighbour_count * sizeof(*a->neighbour)) == 0;
}

void wire_build_free(void *wire)
{
	free(wire);
}
