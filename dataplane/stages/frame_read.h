/*
 * frame_read.h - what the headers below SIP say: Ethernet with or without a VLAN tag, IPv4, IPv6 with extension
 * headers, UDP (RFC 791, 8200, 768; IEEE 802.1Q).
 */
#ifndef AMITY_FRAME_READ_H
#define AMITY_FRAME_READ_H

#include "packet.h"

/*
 * Reads packet->mbuf down to what IP carries: packet->bytes is the UDP datagram or, with packet->fragment.present, a
 * part of one, or, with packet->is_unreachable, an ICMP error for unreachable_read(). `vlan`: the tag that ours have;
 * 0: none, or one that only says a priority.
 *
 * Result: REASON_NONE; NOT_OURS: no frame that could be; else what is wrong with it: source and local are set, so that
 * the caller can tell whether it was sent to us.
 */
enum reason frame_read_ip(struct packet *packet, uint16_t vlan);

/*
 * Reads the UDP header in packet->bytes, which then is the payload; ports are set. With IPv6, extension headers may
 * come before it when the datagram was in fragments. `next_header`: of the first header in packet->bytes.
 *
 * A checksum that the port has checked is believed; else it is computed, and the unfinished one of a local kernel
 * (veth, TAP) is right too.   Result: REASON_NONE, LENGTH_WRONG, CHECKSUM_WRONG, NOT_OURS (other port, no UDP).
 */
enum reason frame_read_udp(struct packet *packet, uint8_t next_header, uint16_t sip_port);

#endif
