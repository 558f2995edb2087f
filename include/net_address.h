/*
 * net_address.h - where a message comes from or goes to: address, port, transport.
 *
 * IPv4 is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d), so that one comparison serves both families.
 */
#ifndef AMITY_NET_ADDRESS_H
#define AMITY_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum transport {
	TRANSPORT_UDP,
	TRANSPORT_TCP, /* accepted by the model, refused at apply until it works (DESIGN.md section 10) */
	TRANSPORT_TLS,
};

struct net_address {
	uint8_t ip[16];
	uint16_t port; /* host order; 0: not given */
	uint8_t transport;
	uint8_t reserved;
};
_Static_assert(sizeof(struct net_address) == 20, "compared and stored as bytes");

/*
 * Our end of a flow: where a peer's message came in. What goes back to the peer leaves by the same interface and from
 * the same address (RFC 3581 4, R35): a NAT or a firewall in between lets nothing else through.
 */
struct net_entry {
	uint8_t ip[16];	    /* our address that it was sent to; all zero: not known */
	uint16_t interface; /* index of wire->interface */
};

struct net_prefix {
	uint8_t ip[16];
	uint8_t length_bits; /* 0-128; IPv4 prefixes are 96 + n */
};

static const uint8_t net_address_v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static inline bool net_address_is_v4(const uint8_t ip[16])
{
	return memcmp(ip, net_address_v4_prefix, sizeof(net_address_v4_prefix)) == 0;
}

static inline void net_address_set_v4(uint8_t ip[16], const void *four_bytes)
{
	uint32_t four;
	uint64_t halves[2] = {0};

	/* Whole words: who reads it as such does not wait for parts of one. */
	memcpy(&four, four_bytes, sizeof(four));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	halves[1] = (uint64_t)four << 32 | 0xffff0000u;
#else
	halves[1] = (uint64_t)0xffff << 32 | four;
#endif
	memcpy(ip, &halves[0], sizeof(halves[0]));
	memcpy(ip + 8, &halves[1], sizeof(halves[1]));
}

static inline bool net_address_same_ip(const struct net_address *a, const struct net_address *b)
{
	return memcmp(a->ip, b->ip, 16) == 0;
}

static inline bool net_address_equals(const struct net_address *a, const struct net_address *b)
{
	return net_address_same_ip(a, b) && a->port == b->port && a->transport == b->transport;
}

static inline struct net_entry net_entry_make(const struct net_address *local, uint16_t interface)
{
	struct net_entry entry = {.interface = interface};

	memcpy(entry.ip, local->ip, sizeof(entry.ip));
	return entry;
}

static inline bool net_prefix_contains(const struct net_prefix *prefix, const uint8_t ip[16])
{
	uint8_t whole = prefix->length_bits / 8, rest = prefix->length_bits % 8;
	if (memcmp(prefix->ip, ip, whole) != 0)
		return false;
	return rest == 0 || ((prefix->ip[whole] ^ ip[whole]) & (uint8_t)(0xff << (8 - rest))) == 0;
}

#endif
