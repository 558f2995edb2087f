/*
 * aor_table.h - the control thread's own table: address of record -> its bindings in full, with a wheel of their ends.
 *
 * A record is in one slot of the wheel, that of the second at which its first binding ends.
 */
#ifndef AMITY_AOR_TABLE_H
#define AMITY_AOR_TABLE_H

#include "binding_record.h"
#include "status.h"

struct binding_set;

struct aor_record {
	uint8_t key[AOR_KEY_BYTES];
	uint64_t company_id;
	struct binding_list *present; /* NULL: none */
	struct binding_list *pending; /* what the batch makes of it; NULL: nothing */
	bool is_pending;
	bool is_orphan;		      /* while the store is read: no endpoint has it */
	struct binding_set *prepared; /* what lcores will see of `pending`; NULL: nothing, or not yet prepared */
	struct aor_record *next_pending;

	struct aor_record *next;		     /* of the same bucket */
	struct aor_record *wheel_next, **wheel_link; /* wheel_link NULL: not in the wheel */
	uint32_t aor_length;
	char aor[]; /* name@domain */
};

struct aor_table;

AMITY_CHECKED enum status aor_table_create(struct aor_table **table, uint32_t endpoints_expected, int64_t now_unix_s);
void aor_table_free(struct aor_table *table);

/* Result: NULL when unknown. */
struct aor_record *aor_table_find(const struct aor_table *table, const uint8_t key[AOR_KEY_BYTES]);

/* The record of `key`, made if need be. Result: NULL without memory. */
struct aor_record *aor_table_obtain(struct aor_table *table, const uint8_t key[AOR_KEY_BYTES], struct span aor);

/* Forgets a record without bindings and without a place in the batch. */
void aor_table_remove(struct aor_table *table, struct aor_record *record);

/* To be called whenever record->present has changed: places it in the wheel anew. */
void aor_table_schedule(struct aor_table *table, struct aor_record *record);

/*
 * Next record of which a binding has ended by `now_unix_s`, taken out of the wheel; the caller schedules or removes it.
 * Result: NULL when there is none.
 */
struct aor_record *aor_table_take_expired(struct aor_table *table, int64_t now_unix_s);

/* All records; start with NULL. None may be added meanwhile, and only those removed whose next one was asked for. */
struct aor_record *aor_table_next(const struct aor_table *table, struct aor_record *after);

uint32_t aor_table_count(const struct aor_table *table);

static inline struct span aor_table_text(const struct aor_record *record)
{
	return span_make(record->aor, record->aor_length);
}

#endif
