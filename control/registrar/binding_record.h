/*
 * binding_record.h - one binding as the control thread knows it, and the list of an address of record.
 *
 * A record does not change once it is in a list, but for what its pings find out; a new REGISTER makes a new record.
 * Lists share records by counting references.
 */
#ifndef AMITY_BINDING_RECORD_H
#define AMITY_BINDING_RECORD_H

#include "location.h"
#include "net_address.h"
#include "span.h"

#define BINDING_PING_NONE UINT32_MAX

struct binding_record {
	struct span contact, path, call_id, instance, user_agent; /* in the same block */
	struct net_address received;				  /* source of the REGISTER */
	struct net_address local;				  /* our address that it came to */
	struct net_address next_hop;				  /* R35 */
	int64_t registered_unix_s, expires_unix_s;
	uint32_t cseq;
	uint16_t interface; /* index of wire->interface */
	uint16_t q;
	bool behind_nat;

	uint32_t references;
	uint32_t pings_unanswered; /* in a row */
	int64_t seen_unix_s;
	int64_t store_row;    /* that has it in the store; binding_store.h */
	uint64_t ping_secret; /* in the branch of its pings */
	uint32_t ping_slot;   /* BINDING_PING_NONE: not pinged */
	uint32_t ping_index;
};

/* Copies `draft` and its texts; one reference. Result: NULL without memory. */
struct binding_record *binding_record_make(const struct binding_record *draft);

struct binding_record *binding_record_hold(struct binding_record *record);
void binding_record_release(struct binding_record *record); /* NULL is fine */

struct binding_list {
	uint32_t count;
	struct binding_record *binding[BINDINGS_PER_AOR_MAX + 1]; /* one more than allowed, to notice */
};

/* A list with a reference of its own to every record of `from` (NULL: empty). Result: NULL without memory. */
struct binding_list *binding_record_list_copy(const struct binding_list *from);

void binding_record_list_free(struct binding_list *list); /* NULL is fine */

/* Index of the binding whose contact is the same URI (RFC 3261 19.1.4: scheme and host without case), or list->count.
 */
uint32_t binding_record_list_find(const struct binding_list *list, struct span contact);

/* Result: false when the list is full; the record is not held then. Takes over the caller's reference otherwise. */
bool binding_record_list_add(struct binding_list *list, struct binding_record *record);

void binding_record_list_remove(struct binding_list *list, uint32_t index);

/* Best first: q, then newest. */
void binding_record_list_sort(struct binding_list *list);

#endif
