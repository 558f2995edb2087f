/*
 * aor_block.h - all that is known about an address of record, in one block: what lcores see (location.h), and what only
 * the control thread needs.
 *
 *   binding_set, binding[count] | aor_keep, binding_keep[count] | lcores' texts | name, then of each binding: source of
 *   the REGISTER when it is not the next hop, Call-ID, instance
 *
 * What lcores see does not change; of the rest only what pings find out, the row of the store and the place in the
 * wheel do. A million of these are there: hence the widths.
 */
#ifndef AMITY_AOR_BLOCK_H
#define AMITY_AOR_BLOCK_H

#include "binding_record.h"
#include "location_table.h"
#include "text_table.h"

#define AOR_BYTES_MAX 512 /* name@domain: a user name of 65 and a domain name of 253 fit */

struct aor_keep {
	struct binding_set *wheel_next, **wheel_link; /* aor_wheel.h; wheel_link NULL: not in the wheel */
	uint32_t domain;			      /* in the table of texts, with the company's id */
	uint16_t name_length;
	bool is_orphan; /* while the store is read: no endpoint has it */
};

struct binding_keep {
	int64_t store_row;
	uint32_t registered_unix_s, expires_unix_s, seen_unix_s;
	uint32_t cseq;
	uint32_t user_agent; /* in the table of texts */
	uint32_t ping;	     /* registrar_ping.h; 0: not pinged */
	uint16_t pings_unanswered;
	uint16_t call_id_length, instance_length;
	uint8_t received_transport : 2, local_transport : 2;
	bool has_received : 1; /* it is not the next hop */
};
_Static_assert(sizeof(struct aor_keep) == 24 && sizeof(struct binding_keep) == 40, "a million of them are there");

/* Whose bindings they are. */
struct aor_name {
	uint8_t key[AOR_KEY_BYTES];
	struct span name, domain; /* together up to AOR_BYTES_MAX - 1 */
	uint64_t company_id;
};

/* Are all texts short enough for a block? What a REGISTER brings always is; a row of the store may not be ours. */
bool aor_block_takes(const struct aor_name *aor, const struct binding_record *binding);

/* A block with all of `list`, which may be empty. Times begin at `now_unix_s`. Result: NULL without memory. */
struct binding_set *aor_block_make(const struct aor_name *aor, const struct binding_list *list,
				   struct text_table *texts, const struct location_table *location, int64_t now_unix_s);

/* Gives back what it has of the table of texts: before it is freed, and before it leaves the location table. */
void aor_block_release_texts(const struct binding_set *set, struct text_table *texts);

/* One that is not in the location table. NULL is fine. */
void aor_block_free(struct binding_set *set, struct text_table *texts);

/* All of its bindings. Texts live as long as the block and what it holds of `texts`. NULL: none. */
void aor_block_read(struct binding_list *list, const struct binding_set *set, const struct text_table *texts);

void aor_block_read_binding(struct binding_record *record, const struct binding_set *set, uint32_t index,
			    const struct text_table *texts);

/* name@domain, in `text`. */
struct span aor_block_write_aor(char text[AOR_BYTES_MAX], const struct binding_set *set,
				const struct text_table *texts);

/* Texts live as those of aor_block_read(). */
struct aor_name aor_block_name(const struct binding_set *set, const struct text_table *texts);

/* When the first of its bindings ends; it has one. */
int64_t aor_block_first_end(const struct binding_set *set);

/* Index of the binding whose contact has these bytes, or set->count. */
uint32_t aor_block_find_contact(const struct binding_set *set, struct span contact);

static inline struct aor_keep *aor_block_keep(const struct binding_set *set)
{
	return location_set_fixed(set);
}

static inline struct binding_keep *aor_block_binding_keep(const struct binding_set *set, uint32_t index)
{
	return (struct binding_keep *)(aor_block_keep(set) + 1) + index;
}

#endif
