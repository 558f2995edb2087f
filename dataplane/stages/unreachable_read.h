/*
 * unreachable_read.h - ICMP errors that say that a datagram of ours did not arrive (RFC 792, RFC 4443), as far as they
 * end a client transaction: host, network, port or protocol unreachable and parameter problem. Time exceeded, source
 * quench and what asks for smaller packets do not (RFC 3261 18.4).
 *
 *   IP to us | type, code, checksum, unused (8 bytes) | IP from us | UDP from our SIP port | the beginning of the
 * payload
 */
#ifndef AMITY_UNREACHABLE_READ_H
#define AMITY_UNREACHABLE_READ_H

#include "packet.h"

/* `icmp`: what IP carries, of ICMP or ICMPv6. Result: does its type say so? */
bool unreachable_read_is_one(struct span icmp, bool v6);

/*
 * Reads such an error in packet->bytes, which then is the beginning of the payload that we sent; packet->source is
 * where it was going, local.port our port.
 *
 * Result: REASON_NONE; NOT_OURS when it quotes no UDP from packet->local and `sip_port`, or a fragment without the UDP
 * header; CHECKSUM_WRONG, LENGTH_WRONG.   Thread: lcore.
 */
enum reason unreachable_read(struct packet *packet, uint16_t sip_port);

#endif
