/*
 * address_text.h - addresses as people write them in provisioning: `udp:192.0.2.10:5060`, `udp:[2001:db8::1]`,
 * `192.0.2.0/24`.
 *
 * Thread: any. Result of each: NULL, or why not, in plain words (a literal); outputs are written only on success.
 */
#ifndef AMITY_ADDRESS_TEXT_H
#define AMITY_ADDRESS_TEXT_H

#include "net_address.h"
#include "span.h"

#define ADDRESS_TEXT_PORT_DEFAULT 5060

/* TRANSPORT:IP[:PORT], IPv6 in brackets. */
const char *address_text_parse(struct net_address *address, struct span text);

/* IP/BITS, or an IP alone, IPv4 or IPv6, without bits set behind the prefix. */
const char *address_text_parse_prefix(struct net_prefix *prefix, struct span text);

#endif
