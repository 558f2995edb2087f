/*
 * frame_write.h - Ethernet with or without a VLAN tag, IP and UDP headers in front of a SIP message, checksums complete
 * (RFC 768, 791, 8200; IEEE 802.1Q).
 *
 *   message          [.................................]
 *   frame_write_udp  [udp|.................................]
 *   frame_write_ip   [ethernet|ip|udp|.................................]                 when it fits the MTU
 *   or, cut          [ethernet|ip|udp|...........] [ethernet|ip|...........] ...         each in an mbuf of its own
 */
#ifndef AMITY_FRAME_WRITE_H
#define AMITY_FRAME_WRITE_H

#include "net_address.h"
#include "wire.h"

struct rte_mbuf;
struct rte_mempool;

/* Longest header, and with it the room that an mbuf has to have in front. */
#define FRAME_WRITE_BYTES_MAX (14 + 4 + 40 + 8 + 8)

struct frame_fragment {
	uint32_t offset; /* of the UDP datagram, a multiple of 8 */
	bool more;
	uint32_t id;
};

/* A datagram that is being cut: `offset` moves from 0 to its length. */
struct frame_cut {
	uint32_t offset;
	uint32_t id;
	uint32_t mtu; /* at least IPv4's 68 (RFC 791) */
};

/* The longest message that UDP carries on that way: IPv4 counts its own header too (RFC 791, 8200). */
uint32_t frame_write_message_bytes_max(const struct wire_hop *hop);

/* Bytes that IP puts before each packet on that way; with `fragment`, before each fragment. */
uint32_t frame_write_ip_bytes(const struct wire_hop *hop, bool fragment);

/* The UDP header: from the hop's source address and SIP port to `destination`. False: no room in front. */
bool frame_write_udp(struct rte_mbuf *message, const struct wire_hop *hop, const struct net_address *destination);

/*
 * IP and Ethernet before a UDP datagram that nobody may cut or, when `fragment` is not NULL, before a part of one; with
 * IPv4 that can be the whole, which routers may cut then.   Result: false when there is no room in front.
 */
bool frame_write_ip(struct rte_mbuf *datagram, const struct wire_hop *hop, const struct net_address *destination,
		    const struct frame_fragment *fragment);

/*
 * Both at once, before a message that leaves by IPv4 in one packet that nobody may cut: nearly all of them. Nothing is
 * looked at twice, and the sum of the addresses serves both checksums.
 *
 * Range: a hop with an IPv4 source, a message that UDP carries.   Result: false when there is no room in front.
 */
bool frame_write_usual(struct rte_mbuf *message, const struct wire_hop *hop, const struct net_address *destination);

/*
 * The next fragment of a UDP datagram, whole from Ethernet on, in an mbuf of `pool`; the datagram is only read.
 *
 * librte_ip_frag cuts IPv6 by chaining mbufs, which not every port sends, hence one way of ours for both families.
 * Owner: the caller.   Result: NULL when the pool is empty.
 */
struct rte_mbuf *frame_write_next_fragment(struct rte_mempool *pool, const struct rte_mbuf *datagram,
					   const struct wire_hop *hop, const struct net_address *destination,
					   struct frame_cut *cut);

#endif
