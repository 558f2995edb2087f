/*
 * route_cookie.h - state that travels in the messages instead of living in the router (R30).
 *
 * A sealed text (route_cookie_seal.h), parameter `c` of our Record-Route: what later requests of the dialog need. A
 * retransmitted request gets the same bytes. Call-ID is part of the seal: a text copied to another call is refused.
 */
#ifndef AMITY_ROUTE_COOKIE_H
#define AMITY_ROUTE_COOKIE_H

#include "net_address.h"
#include "route_cookie_seal.h"
#include "span.h"

enum dialog_flag {
	DIALOG_CALLER_FLOW = 1, /* caller_flow and caller_entry are known */
	DIALOG_CALLEE_FLOW = 2,
	DIALOG_CALLER_NAT = 4, /* requests to the caller go to caller_flow, whatever its Contact says */
	DIALOG_CALLEE_NAT = 8,
	DIALOG_CALLER_CARRIER = 16, /* outside: private headers do not leave to it (R16) */
	DIALOG_CALLEE_CARRIER = 32,
};

/*
 * From and To as name-addr or addr-spec without header parameters, as each side sees them (R24). The caller_* texts are
 * what the caller wrote, the callee_* texts what we showed to the callee.
 */
struct dialog_cookie {
	uint64_t company;	      /* company->id; 0 none */
	uint64_t call;		      /* handle in the call table of its lcore (stages/call_track.h); 0: none */
	uint32_t caller_tag_hash;     /* keyed hash of the caller's From tag: tells the direction of a request */
	uint8_t flags;		      /* enum dialog_flag */
	bool caller_tag_is_siphashed; /* by route_cookie_hash_tag(), in a cookie of before; never sealed anew */
	uint64_t codecs;	      /* that both sides allow: a set of codec.h (R25) */
	struct net_address caller_flow;
	struct net_address callee_flow;
	struct net_entry caller_entry; /* our end of the flow */
	struct net_entry callee_entry;
	struct span caller_from, caller_to;
	struct span callee_from, callee_to;
};

/* What cookies of before have as their caller_tag_hash; now it is call_track_hash_tag(). Thread: any. */
uint32_t route_cookie_hash_tag(const struct secret_keys *keys, struct span tag);

#define ROUTE_COOKIE_CONTENTS_ROOM (ROUTE_COOKIE_PLAIN_BYTES_MAX + 256)

/*
 * The contents of a cookie, for route_cookie_seal(): best some time before it, which reads as a whole what is put here
 * in parts. The cookie's texts, together at most ROUTE_COOKIE_PLAIN_BYTES_MAX, are not looked at any more.
 *
 * Thread: any.   Cost: with route_cookie_seal() 70 ns by VAES, 110 by AES-NI; opening about 95.
 * Result: their length; -1: longer than ROUTE_COOKIE_PLAIN_BYTES_MAX.
 */
int route_cookie_put_dialog(char plain[ROUTE_COOKIE_CONTENTS_ROOM], const struct dialog_cookie *cookie);

/*
 * The spans of *cookie point into `plain`, or are of length 0. Result: false when it does not open: unknown key,
 * changed, or of another Call-ID; *cookie is undefined then.
 */
bool route_cookie_open_dialog(struct dialog_cookie *cookie, char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text,
			      const struct secret_keys *keys, struct span call_id);

#endif
