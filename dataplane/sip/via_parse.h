/*
 * via_parse.h - Via values, one by one (RFC 3261 20.42, RFC 3581).
 */
#ifndef AMITY_VIA_PARSE_H
#define AMITY_VIA_PARSE_H

#include "sip_message.h"

struct sip_via {
	struct span value;     /* this value alone, of a line that may hold several */
	struct span transport; /* "UDP" */
	struct span host;      /* sent-by; IPv6 references with their brackets */
	struct span branch;
	struct span received;
	struct span rport; /* value of rport; length 0 with has_rport: asked for, not filled */
	uint16_t port;	   /* 0: none given */
	bool has_rport;
};

/*
 * Parses the first value of `text`, which may hold several separated by commas; *rest is what follows the comma, length
 * 0 at the end. Thread: any. Result: false when the value is malformed; *via then has what is right before the fault:
 * with a host, an answer can still find its way.
 */
bool via_parse(struct sip_via *via, struct span *rest, struct span text);

/* The values of all Via lines, topmost first. */
struct via_walk {
	const struct sip_message *message;
	struct span rest; /* of the present line */
	uint8_t line;	  /* SIP_HEADER_NONE: at the end */
};

/* Thread: any, as the next one. */
struct via_walk via_parse_begin(const struct sip_message *message);

/* Cost: linear over the whole walk, about 80 ns for a usual value. Result: false at the end, and from the first
 * malformed value on, which *via then tells as via_parse() does. */
bool via_parse_next(struct via_walk *walk, struct sip_via *via);

/* The value `index` (0 = topmost) counted over all Via lines of the message. Result: false when there is none or it is
 * malformed. */
bool via_parse_nth(struct sip_via *via, const struct sip_message *message, uint32_t index);

#endif
