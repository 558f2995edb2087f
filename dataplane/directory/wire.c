#include "wire.h"

static const uint8_t no_address[16];

/* An address as numbers that are in the order of its bytes. */
struct wire_key {
	uint64_t high, low;
};

static struct wire_key read_key(const uint8_t ip[16])
{
	struct wire_key key;

	memcpy(&key, ip, sizeof(key));
	return (struct wire_key){__builtin_bswap64(key.high), __builtin_bswap64(key.low)};
}

static uint64_t mask_of(uint32_t bits)
{
	return bits == 0 ? 0 : UINT64_MAX << (64 - bits);
}

static bool contains(const struct net_prefix *prefix, const struct wire_key *key)
{
	struct wire_key begin = read_key(prefix->ip);
	uint32_t bits = prefix->length_bits;
	uint64_t high = mask_of(bits < 64 ? bits : 64), low = mask_of(bits < 64 ? 0 : bits - 64);

	return (((begin.high ^ key->high) & high) | ((begin.low ^ key->low) & low)) == 0;
}

#define ANY_INTERFACE UINT32_MAX
#define V4_BITS	      96

/* ::/0 would contain the mapped IPv4 addresses too: their routes have the whole mapping as prefix. */
static const struct wire_route *find_route(const struct wire *wire, const uint8_t ip[16], uint32_t interface)
{
	struct wire_key key = read_key(ip);
	uint32_t bits_least = net_address_is_v4(ip) ? V4_BITS : 0;

	for (uint32_t i = 0; i < wire->route_count; i++)
		if ((interface == ANY_INTERFACE || wire->route[i].interface == interface) &&
		    wire->route[i].prefix.length_bits >= bits_least && contains(&wire->route[i].prefix, &key))
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

/* Not above (interface, key)? */
static bool is_not_above(const struct wire_neighbour *neighbour, uint16_t interface, const struct wire_key *key)
{
	struct wire_key at = read_key(neighbour->ip);
	bool ip_not_above = (at.high < key->high) | ((at.high == key->high) & (at.low <= key->low));

	return (neighbour->interface < interface) | ((neighbour->interface == interface) & ip_not_above);
}

/* Halves without a branch, as none of them could be foretold: the last one that is not above. */
static const struct wire_neighbour *find_neighbour(const struct wire *wire, uint16_t interface, const uint8_t ip[16])
{
	struct wire_key key = read_key(ip);
	const struct wire_neighbour *found = wire->neighbour;

	if (wire->neighbour_count == 0)
		return NULL;
	for (uint32_t count = wire->neighbour_count; count > 1; count -= count / 2)
		found += is_not_above(&found[count / 2], interface, &key) ? count / 2 : 0;
	return found->interface == interface && memcmp(found->ip, ip, 16) == 0 ? found : NULL;
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
