/*
 * register_decide.h - what a REGISTER does to the bindings of its address of record (R34, R35; RFC 3261 10.3). Changes
 * nothing itself.
 */
#ifndef AMITY_REGISTER_DECIDE_H
#define AMITY_REGISTER_DECIDE_H

#include "binding_record.h"
#include "register_parse.h"

enum register_result {
	REGISTER_CHANGES,	/* *next are the new bindings, maybe none */
	REGISTER_LISTS,		/* no contact in it */
	REGISTER_RETRANSMITTED, /* the request that made the present bindings: answered again, nothing changes */
	REGISTER_BAD,		/* 400 */
	REGISTER_BAD_EXTENSION, /* 420 */
	REGISTER_OUT_OF_ORDER,	/* 500 */
	REGISTER_FULL,		/* 503: over BINDINGS_PER_AOR_MAX */
};

/* What the decision needs besides the request and the bindings. */
struct register_terms {
	int64_t now_unix_s;
	uint32_t min_expires_s, max_expires_s;
	bool multi_contact;
	struct net_address source;
	struct net_address local;
	uint16_t interface;
};

#define REGISTER_EXPIRES_DEFAULT_S 3600

/*
 * `present`: NULL or the bindings so far. A CSeq equal to that of a binding of the same Call-ID is a retransmission if
 * it would only make again what is there, else out of order. Texts of *next are those of `present` and `request`. With
 * another result than REGISTER_CHANGES *next says nothing.
 */
enum register_result register_decide(struct binding_list *next, const struct binding_list *present,
				     const struct register_request *request, const struct register_terms *terms);

/* Is `host` (IP literal, IPv6 without brackets) this address? Result: false also for host names. */
bool register_decide_same_host(struct span host, const uint8_t ip[16]);

/* Is it another address? A name is not. Thread: any. */
bool register_decide_other_host(struct span host, const uint8_t ip[16]);

#endif
