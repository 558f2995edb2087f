#include "registrar_bindings.h"

#include <stdlib.h>

#include "log.h"

const struct binding_list *registrar_bindings_latest(const struct aor_record *record)
{
	return record->is_pending ? record->pending : record->present;
}

static uint32_t count_of(const struct binding_list *list)
{
	return list ? list->count : 0;
}

bool registrar_bindings_propose(struct registrar_bindings *bindings, struct aor_record *record,
				struct binding_list *next)
{
	uint32_t before = count_of(registrar_bindings_latest(record));
	if (next->count > before && bindings->bindings + (next->count - before) > bindings->bindings_max) {
		binding_record_list_free(next);
		return false;
	}
	bindings->bindings = bindings->bindings - before + next->count;
	if (!record->is_pending) {
		record->is_pending = true;
		record->next_pending = bindings->pending;
		bindings->pending = record;
	}
	binding_record_list_free(record->pending);
	record->pending = next;
	return true;
}

static bool has_record(const struct binding_list *list, const struct binding_record *record)
{
	for (uint32_t i = 0; i < count_of(list); i++)
		if (list->binding[i] == record)
			return true;
	return false;
}

static bool has_contact_text(const struct binding_list *list, struct span contact)
{
	for (uint32_t i = 0; i < count_of(list); i++)
		if (span_equals(list->binding[i]->contact, contact))
			return true;
	return false;
}

static enum status store_difference(struct registrar_bindings *bindings, const struct aor_record *record)
{
	const struct binding_list *from = record->present, *to = record->pending;
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < count_of(from) && status == STATUS_OK; i++)
		if (!has_contact_text(to, from->binding[i]->contact))
			status = binding_store_remove(bindings->store, aor_table_text(record),
						      from->binding[i]->contact);
	for (uint32_t i = 0; i < count_of(to) && status == STATUS_OK; i++)
		if (!has_record(from, to->binding[i]))
			status = binding_store_put(bindings->store, aor_table_text(record), to->binding[i]);
	return status;
}

/* Everything that takes memory happens before the commit: what was answered 200 is what lcores see. */
static enum status prepare(struct registrar_bindings *bindings, struct aor_record *record,
			   const struct binding_list *list, int64_t now_unix_s)
{
	_Alignas(struct binding_set) char
		room[sizeof(struct binding_set) + BINDINGS_PER_AOR_MAX * sizeof(struct binding)];
	struct binding_set *set = (struct binding_set *)room;
	if (!count_of(list))
		return STATUS_OK;
	set->aor = aor_table_text(record);
	set->count = list->count;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct binding_record *from = list->binding[i];
		int64_t remaining_s = from->expires_unix_s - now_unix_s;
		set->binding[i] = (struct binding){
			.contact = from->contact,
			.path = from->path,
			.next_hop = from->next_hop,
			.entry = net_address_same_ip(&from->next_hop, &from->received)
					 ? net_entry_make(&from->local, from->interface)
					 : (struct net_entry){.interface = 0},
			.expires_tsc =
				location_table_tsc_in(bindings->location, remaining_s > 0 ? (uint32_t)remaining_s : 0),
			.q = from->q,
			.behind_nat = from->behind_nat,
		};
	}
	return location_table_prepare(&record->prepared, bindings->location, set);
}

static enum status store_pending(struct registrar_bindings *bindings, int64_t now_unix_s)
{
	enum status status = STATUS_OK;
	for (struct aor_record *record = bindings->pending; record && status == STATUS_OK;
	     record = record->next_pending)
		status = prepare(bindings, record, record->pending, now_unix_s);
	if (status == STATUS_OK)
		status = binding_store_begin(bindings->store);
	for (struct aor_record *record = bindings->pending; record && status == STATUS_OK;
	     record = record->next_pending)
		status = store_difference(bindings, record);
	if (status == STATUS_OK)
		status = binding_store_commit(bindings->store);
	if (status != STATUS_OK) {
		const char *why = status == STATUS_STORE ? binding_store_error(bindings->store) : status_text(status);
		log_event(LOG_LEVEL_ERROR, "registrar_store_failed", "error=%s", log_quote(why, strlen(why)).text);
		binding_store_rollback(bindings->store);
	}
	return status;
}

/* What was prepared is what lcores see from here on. */
static enum status publish(struct registrar_bindings *bindings, struct aor_record *record)
{
	enum status status = STATUS_OK;
	if (record->prepared)
		status = location_table_put_prepared(bindings->location, record->key, record->prepared);
	else
		location_table_remove(bindings->location, record->key);
	record->prepared = NULL;
	if (status != STATUS_OK) {
		bindings->table_failures++;
		log_event(LOG_LEVEL_ERROR, "registrar_table_failed", "aor=" SPAN_FORMAT " error=\"%s\"",
			  SPAN_ARGUMENTS(aor_table_text(record)), status_text(status));
	}
	aor_table_schedule(bindings->aors, record);
	return status;
}

enum status registrar_bindings_show(struct registrar_bindings *bindings, struct aor_record *record, int64_t now_unix_s)
{
	enum status status = prepare(bindings, record, record->present, now_unix_s);
	for (uint32_t i = 0; i < count_of(record->present) && status == STATUS_OK; i++)
		if (record->present->binding[i]->behind_nat)
			(void)registrar_ping_add(bindings->pinger, record->present->binding[i]);
	return status == STATUS_OK ? publish(bindings, record) : status;
}

/* Replaces record->present by `next`, which may be NULL. */
static void replace(struct registrar_bindings *bindings, struct aor_record *record, struct binding_list *next)
{
	struct binding_list *old = record->present;
	for (uint32_t i = 0; i < count_of(old); i++)
		if (!has_record(next, old->binding[i]))
			registrar_ping_remove(bindings->pinger, old->binding[i]);
	for (uint32_t i = 0; i < count_of(next); i++)
		if (!has_record(old, next->binding[i]) && next->binding[i]->behind_nat)
			(void)registrar_ping_add(bindings->pinger, next->binding[i]);
	record->present = next;
	(void)publish(bindings, record);
	binding_record_list_free(old);
}

static struct aor_record *take_pending(struct registrar_bindings *bindings, struct binding_list **list)
{
	struct aor_record *record = bindings->pending;
	if (!record)
		return NULL;
	bindings->pending = record->next_pending;
	*list = record->pending;
	record->pending = NULL;
	record->is_pending = false;
	return record;
}

/* The binding that stands for a contact now, for the store. */
static struct binding_record *find_present(void *argument, struct span aor, struct span contact)
{
	const struct registrar_bindings *bindings = argument;
	struct registrar_endpoint endpoint;
	if (!registrar_bindings_find_endpoint(&endpoint, bindings, aor))
		return NULL;
	const struct aor_record *record = aor_table_find(bindings->aors, endpoint.aor_key);
	const struct binding_list *list = record ? record->present : NULL;
	for (uint32_t i = 0; i < count_of(list); i++)
		if (span_equals(list->binding[i]->contact, contact))
			return list->binding[i];
	return NULL;
}

/* Keeps the store at one and a half times what counts. With each batch a bit, so that none has to wait for much. */
static void clean_store(struct registrar_bindings *bindings)
{
	uint64_t rows_max = bindings->bindings + bindings->bindings / 2 + 4 * (uint64_t)BINDING_STORE_CLEAN_ROWS;
	if (binding_store_rows(bindings->store) > rows_max &&
	    binding_store_clean(bindings->store, find_present, bindings) != STATUS_OK) {
		const char *why = binding_store_error(bindings->store);
		log_event(LOG_LEVEL_WARNING, "registrar_store_not_cleaned", "error=%s",
			  log_quote(why, strlen(why)).text);
	}
}

enum status registrar_bindings_commit(struct registrar_bindings *bindings, int64_t now_unix_s)
{
	if (!bindings->pending)
		return STATUS_OK;
	enum status status = store_pending(bindings, now_unix_s);
	struct aor_record *record;
	struct binding_list *next;
	while ((record = take_pending(bindings, &next))) {
		if (status == STATUS_OK) {
			replace(bindings, record, next);
		} else {
			bindings->bindings = bindings->bindings - next->count + count_of(record->present);
			binding_record_list_free(next);
			location_table_drop_prepared(bindings->location, record->prepared);
			record->prepared = NULL;
			/* One whose end was being stored left the wheel: it comes up again. */
			aor_table_schedule(bindings->aors, record);
		}
		registrar_bindings_tidy(bindings, record);
	}
	if (status == STATUS_OK)
		clean_store(bindings);
	return status;
}

void registrar_bindings_tidy(struct registrar_bindings *bindings, struct aor_record *record)
{
	if (!record->is_pending && !count_of(record->present))
		aor_table_remove(bindings->aors, record);
}

uint32_t registrar_bindings_expire(struct registrar_bindings *bindings, int64_t now_unix_s)
{
	uint32_t ended = 0;
	struct aor_record *record;
	for (uint32_t i = 0; i < EXPIRE_ENDPOINTS_MAX; i++) {
		record = aor_table_take_expired(bindings->aors, now_unix_s);
		if (!record)
			break;
		struct binding_list *next = binding_record_list_copy(record->present);
		if (!next) {
			aor_table_schedule(bindings->aors, record);
			break;
		}
		for (uint32_t k = next->count; k-- > 0;)
			if (next->binding[k]->expires_unix_s <= now_unix_s) {
				binding_record_list_remove(next, k);
				ended++;
			}
		(void)registrar_bindings_propose(bindings, record, next);
	}
	return ended && registrar_bindings_commit(bindings, now_unix_s) == STATUS_OK ? ended : 0;
}

bool registrar_bindings_find_endpoint(struct registrar_endpoint *endpoint, const struct registrar_bindings *bindings,
				      struct span aor)
{
	const char *at = memrchr(aor.at, '@', aor.length);
	uint32_t name_length = at ? (uint32_t)(at - aor.at) : aor.length;
	return bindings->find_endpoint(bindings->directory, endpoint, span_make(aor.at, name_length),
				       span_skip(aor, name_length + 1));
}

uint32_t registrar_bindings_drop_removed(struct registrar_bindings *bindings, int64_t now_unix_s)
{
	uint32_t dropped = 0;
	for (struct aor_record *record = aor_table_next(bindings->aors, NULL); record;
	     record = aor_table_next(bindings->aors, record)) {
		struct registrar_endpoint endpoint;
		if (registrar_bindings_find_endpoint(&endpoint, bindings, aor_table_text(record)))
			continue;
		struct binding_list *none = binding_record_list_copy(NULL);
		if (!none)
			break;
		dropped += count_of(record->present);
		(void)registrar_bindings_propose(bindings, record, none);
	}
	return registrar_bindings_commit(bindings, now_unix_s) == STATUS_OK ? dropped : 0;
}
