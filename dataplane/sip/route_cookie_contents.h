/*
 * route_cookie_contents.h - what route_cookie.c seals and route_cookie_open.c opens, in this order:
 *
 *   kind (1), flags (1)   kinds of flows (1), flow of the caller, of the callee: those that the flags name
 *   company (8), call (8), codecs (8), hash of the caller's tag (4)
 *   From and To of the caller, From and To for the callee: each by what it does not share with an earlier one
 *
 * A flow is the peer's address (4 or 16), its port in network order (2), our address (4 or 16), the interface (1). A
 * text is lengths of the beginning and the end that it shares, and of what is between, then that.
 */
#ifndef AMITY_ROUTE_COOKIE_CONTENTS_H
#define AMITY_ROUTE_COOKIE_CONTENTS_H

/* First byte of the contents. 1 was that of branches, before transactions kept what they need. */
enum {
	CONTENTS_DIALOG_WITHOUT_CALL = 2,   /* of dialogs that began before calls had a name */
	CONTENTS_DIALOG_WITHOUT_CODECS = 3, /* of dialogs that began before codecs were chosen */
	CONTENTS_DIALOG_WITH_SIPHASH = 4,   /* when tags were hashed by route_cookie_hash_tag(), companies a varint */
	CONTENTS_DIALOG = 5,
};

/* Dialog: kinds of both flows in one byte, the caller's in the low half, present when there is any flow. */
enum {
	FLOW_TRANSPORT = 3,
	FLOW_IPV6 = 4,
	FLOW_CALLEE_SHIFT = 4,
	FLOW_UNUSED_BITS = 0x88,
};

#endif
