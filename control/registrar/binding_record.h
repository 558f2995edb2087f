/*
 * binding_record.h - one binding in full, as a request asks for it or as it is read from where it is kept (the store,
 * aor_block.h), and the list of an address of record.
 *
 * Both are values: texts are borrowed, nothing is to be freed.
 */
#ifndef AMITY_BINDING_RECORD_H
#define AMITY_BINDING_RECORD_H

#include "location.h"
#include "net_address.h"
#include "span.h"

struct binding_record {
	struct span contact, path, call_id, instance, user_agent;
	struct net_address received; /* source of the REGISTER */
	struct net_address local;    /* our address that it came to */
	struct net_address next_hop; /* R35 */
	int64_t registered_unix_s, expires_unix_s;
	int64_t seen_unix_s;
	int64_t store_row; /* that has it in the store (binding_store.h); 0: not stored yet */
	uint32_t cseq;
	uint32_t pings_unanswered; /* in a row */
	uint32_t ping;		   /* registrar_ping.h; 0: not pinged */
	uint16_t interface;	   /* index of wire->interface */
	uint16_t q;
	bool behind_nat;
	bool is_new; /* the request at hand makes it */
};

struct binding_list {
	uint32_t count;
	struct binding_record binding[BINDINGS_PER_AOR_MAX + 1]; /* one more than allowed, to notice */
};

/* Only what `from` has; NULL: empty. */
void binding_record_list_copy(struct binding_list *to, const struct binding_list *from);

/* Index of the binding whose contact is the same URI (RFC 3261 19.1.4: scheme and host without case), or list->count.
 */
uint32_t binding_record_list_find(const struct binding_list *list, struct span contact);

/* Result: false when the list is full. */
bool binding_record_list_add(struct binding_list *list, const struct binding_record *record);

void binding_record_list_remove(struct binding_list *list, uint32_t index);

/* Best first: q, then newest. */
void binding_record_list_sort(struct binding_list *list);

#endif
