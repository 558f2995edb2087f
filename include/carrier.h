/*
 * carrier.h - a contract peering of the operator: the public network as the lcores see it (R16, R33).
 */
#ifndef AMITY_CARRIER_H
#define AMITY_CARRIER_H

#include "codec.h"
#include "net_address.h"
#include "number.h"

/* Each may cost the caller a timeout before the next is tried. */
#define CARRIER_ADDRESSES_MAX 8

struct carrier {
	struct span name;
	struct net_address address[CARRIER_ADDRESSES_MAX]; /* tried in order (R16) */
	uint32_t address_count;
	uint32_t priority;
	struct dial_plan dial_plan; /* country NULL: numbers are written as +E.164 */
	struct span from_domain;    /* length 0: the router's own address */
	uint64_t codecs;	    /* R25: a set of codec.h; CODEC_SET_ALL: as offered */
	uint32_t max_calls;	    /* R18; 0: no limit */
};

/* Who may deliver calls to our DDIs. */
struct carrier_source {
	struct net_prefix prefix;
	uint32_t carrier; /* index */
};

#endif
