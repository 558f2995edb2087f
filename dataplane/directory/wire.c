#include "wire.h"

static const uint8_t no_address[16];

static bool is_of_family(const struct net_prefix *prefix, bool v4)
{
	return (prefix->length_bits >= 96 && net_address_is_v4(prefix->ip)) == v4;
}

#define ANY_INTERFACE UINT32_MAX

/* ::/0 would contain the mapped IPv4 addresses too, hence the family. */
static const struct wire_route *find_route(const struct wire *wire, const uint8_t ip[16], uint32_t interface)
{
	bool v4 = net_address_is_v4(ip);

	for (uint32_t i = 0; i < wire->route_count; i++)
		if ((interface == ANY_INTERFACE || wire->route[i].interface == interface) &&
		    is_of_family(&wire->route[i].prefix, v4) && net_prefix_contains(&wire->route[i].prefix, ip))
			return &wire->route[i];
	return NULL;
}

static bool is_link_local(const uint8_t ip[16])
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

/* The first address of the family, for IPv6 one of the same scope if there is any. */
static const uint8_t *choose_source(const struct wire_interface *interface, const uint8_t ip[16])
{
	bool v4 = net_address_is_v4(ip), link_local = is_link_local(ip);
	const uint8_t *chosen = NULL;

	for (uint8_t i = 0; i < interface->address_count; i++) {
		const uint8_t *address = interface->address[i];
		if (net_address_is_v4(address) != v4)
			continue;
		if (is_link_local(address) == link_local)
			return address;
		if (chosen == NULL)
			chosen = address;
	}
	return chosen;
}

static const struct wire_neighbour *find_neighbour(const struct wire *wire, uint16_t interface, const uint8_t ip[16])
{
	uint32_t first = 0, end = wire->neighbour_count;

	while (first < end) {
		uint32_t middle = first + (end - first) / 2;
		const struct wire_neighbour *neighbour = &wire->neighbour[middle];
		int order = neighbour->interface != interface ? (neighbour->interface < interface ? -1 : 1)
							      : memcmp(neighbour->ip, ip, 16);
		if (order == 0)
			return neighbour;
		if (order < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

static enum wire_result follow_route(struct wire_hop *hop, const struct wire *wire, const struct wire_route *route,
				     const uint8_t ip[16])
{
	if (route == NULL || route->interface >= wire->interface_count)
		return WIRE_NO_ROUTE;
	const struct wire_interface *interface = &wire->interface[route->interface];
	const uint8_t *source =
		memcmp(route->source, no_address, 16) != 0 ? route->source : choose_source(interface, ip);
	if (source == NULL)
		return WIRE_NO_ROUTE;
	hop->interface = interface;
	memcpy(hop->source, source, 16);

	bool on_link = memcmp(route->gateway, no_address, 16) == 0;
	const struct wire_neighbour *neighbour = find_neighbour(wire, route->interface, on_link ? ip : route->gateway);
	if (neighbour == NULL)
		return WIRE_NEIGHBOUR_UNKNOWN;
	memcpy(hop->mac, neighbour->mac, sizeof(hop->mac));
	return WIRE_OK;
}

enum wire_result wire_find_hop(struct wire_hop *hop, const struct wire *wire, const uint8_t ip[16])
{
	return follow_route(hop, wire, find_route(wire, ip, ANY_INTERFACE), ip);
}

enum wire_result wire_find_way_back(struct wire_hop *hop, const struct wire *wire, const uint8_t ip[16],
				    const struct net_entry *entry)
{
	const struct wire_interface *own = wire_find_own(wire, entry->ip);
	const struct wire_route *route = own ? find_route(wire, ip, entry->interface) : NULL;
	enum wire_result result = follow_route(hop, wire, route ? route : find_route(wire, ip, ANY_INTERFACE), ip);

	/* An address of another interface of ours will do, unless SIP has another port there. */
	if (result != WIRE_NO_ROUTE && own && own->sip_port == hop->interface->sip_port &&
	    net_address_is_v4(entry->ip) == net_address_is_v4(ip))
		memcpy(hop->source, entry->ip, sizeof(hop->source));
	return result;
}

const struct wire_interface *wire_find_own(const struct wire *wire, const uint8_t ip[16])
{
	for (uint32_t i = 0; i < wire->interface_count; i++)
		for (uint8_t a = 0; a < wire->interface[i].address_count; a++)
			if (memcmp(wire->interface[i].address[a], ip, 16) == 0)
				return &wire->interface[i];
	return NULL;
}
