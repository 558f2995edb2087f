/*
 * rewrite_parts.h - the edits that requests and responses have in common, each one rule on one header.
 */
#ifndef AMITY_REWRITE_PARTS_H
#define AMITY_REWRITE_PARTS_H

#include "worker.h"

struct slice rewrite_parts_slice(const struct sip_message *message, struct span part);

void rewrite_parts_remove_line(struct edit_list *edits, const struct sip_message *message, uint8_t index);

/* The header line at index `first`, and those of the same name behind it. */
void rewrite_parts_remove_lines(struct edit_list *edits, const struct sip_message *message, uint8_t first);

/* All header lines of that name. */
static inline void rewrite_parts_remove_headers(struct edit_list *edits, const struct sip_message *message,
						enum sip_header_name name)
{
	if (sip_message_has(message, name)) /* of what is asked for, mostly not */
		rewrite_parts_remove_lines(edits, message, message->first[name]);
}

/* X- and P-Charge-Info: what is meant for the company alone does not leave to carriers (R16). */
void rewrite_parts_remove_private(struct edit_list *edits, const struct sip_message *message);

/* Removes the first value of a header line that may hold several: the whole line when it was the only one. */
void rewrite_parts_remove_first_value(struct edit_list *edits, const struct sip_message *message, uint8_t index,
				      struct span rest);

/* Puts `text` in the place of the address of From or To, tag and other parameters kept (R24). No edit when nothing
 * changes. */
void rewrite_parts_replace_address(struct edit_list *edits, const struct sip_message *message,
				   const struct sip_party *party, struct span text);

/* What stands around user and host. */
enum rewrite_address {
	ADDRESS_URI,	     /* sip:1001@example.com */
	ADDRESS_IN_BRACKETS, /* <sip:1001@example.com> */
	ADDRESS_ASSERTED,    /* P-Asserted-Identity: <sip:1001@example.com>, a line */
};

/* Text of an edit. Result: length 0 when there was no room; then the list has overflowed. */
struct span rewrite_parts_address(struct edit_list *edits, enum rewrite_address kind, struct span user,
				  struct span host);

/* One less, and one for each forward of the call, which route_next() has counted before (R11); put there when absent
 * (RFC 3261 16.6 step 3). */
void rewrite_parts_max_forwards(struct edit_list *edits, const struct sip_message *message, uint8_t forward_count);

/* received= and rport= of the sender in what was the topmost Via (RFC 3261 18.2.1, RFC 3581); our own Via above it. */
void rewrite_parts_push_via(struct edit_list *edits, const struct packet *packet, const struct own_address *own);

/* Credentials for a company's domain do not leave, in whatever request they come (R2); those for other realms are not
 * ours. `known` is a part of a header that was found to be ours before; length 0: none.
 */
void rewrite_parts_remove_credentials(struct edit_list *edits, const struct sip_message *message,
				      const struct directory *directory, struct span known);

/* Where a new header line goes: in front of the topmost Via. */
uint16_t rewrite_parts_top(const struct sip_message *message);

/* The same, and above every header line of that name: where the order of the lines means something. */
uint16_t rewrite_parts_above(const struct sip_message *message, enum sip_header_name name);

#endif
