/*
 * carrier.h - a contract peering of the operator: the public network as the lcores see it (R16, R33).
 */
#ifndef AMITY_CARRIER_H
#define AMITY_CARRIER_H

#include "net_address.h"
#include "number.h"

struct carrier {
	struct span name;
	struct net_address address; /* the first; failover to others is the transaction layer's */
	struct dial_plan dial_plan; /* country NULL: numbers are written as +E.164 */
	struct span from_domain;    /* length 0: the router's own address */
	uint32_t priority;
	uint32_t max_calls; /* R18; 0: no limit */
};

/* Who may deliver calls to our DDIs. */
struct carrier_source {
	struct net_prefix prefix;
	uint32_t carrier; /* index */
};

#endif
