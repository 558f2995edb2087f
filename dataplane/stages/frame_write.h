/*
 * frame_write.h - Ethernet, IP and UDP headers in front of a SIP message, checksums complete (RFC 768, 791, 8200).
 */
#ifndef AMITY_FRAME_WRITE_H
#define AMITY_FRAME_WRITE_H

#include "net_address.h"
#include "wire.h"

struct rte_mbuf;

/* Bytes that IP and UDP add to a message on that way. */
uint32_t frame_write_ip_overhead(const struct wire_hop *hop);

/* From the hop's source address and SIP port to `destination`. Result: false when the mbuf has no room in front. */
bool frame_write(struct rte_mbuf *message, const struct wire_hop *hop, const struct net_address *destination);

#endif
