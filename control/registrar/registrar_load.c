#include "registrar_load.h"

#include <sodium.h>

/* Blocks that were replaced before anybody looks at them are freed that many at a time. */
#define REPLACED_MAX 1024

struct load {
	struct registrar_bindings *bindings;
	int64_t now_unix_s;
	uint32_t orphans; /* addresses of record that no endpoint has */
	struct binding_list list;
};

/* A key for an address of record that no endpoint has: it only has to be another than all others'. */
static void make_orphan_key(uint8_t key[AOR_KEY_BYTES], struct span aor)
{
	crypto_generichash(key, AOR_KEY_BYTES, (const uint8_t *)aor.at, aor.length, NULL, 0);
}

/* Result: false when no endpoint has it; its name is then all of it. */
static bool find_name(struct aor_name *name, const struct registrar_bindings *bindings, struct span aor)
{
	struct registrar_endpoint endpoint;
	registrar_bindings_split_aor(&name->name, &name->domain, aor);
	name->company_id = 0;
	if (!bindings->find_endpoint(bindings->directory, &endpoint, name->name, name->domain)) {
		make_orphan_key(name->key, aor);
		name->name = aor;
		name->domain = (struct span){0};
		return false;
	}
	memcpy(name->key, endpoint.aor_key, AOR_KEY_BYTES);
	name->company_id = endpoint.company_id;
	return true;
}

/* What an older row said about the contact no longer counts. */
static void forget(struct binding_list *list, struct span contact)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (span_equals(list->binding[i].contact, contact)) {
			binding_record_list_remove(list, i);
			return;
		}
}

/* Makes load->list what the address of record has. */
static enum status replace(struct load *load, const struct aor_name *name, struct binding_set *old, bool is_orphan)
{
	struct registrar_bindings *bindings = load->bindings;
	uint32_t before = old ? old->count : 0;
	binding_record_list_sort(&load->list);
	if (load->list.count) {
		struct binding_set *set =
			aor_block_make(name, &load->list, bindings->texts, bindings->location, load->now_unix_s);
		if (!set)
			return STATUS_NO_MEMORY;
		aor_block_keep(set)->is_orphan = is_orphan;
		registrar_bindings_show(bindings, set);
	} else if (old) {
		registrar_bindings_hide(bindings, old);
	}
	if (is_orphan)
		load->orphans += (load->list.count > 0) - (before > 0);
	else
		bindings->bindings += load->list.count - before;
	if (location_table_fill(bindings->location).retired >= REPLACED_MAX)
		location_table_poll(bindings->location);
	return STATUS_OK;
}

static enum status load_row(struct load *load, const struct aor_name *name, bool has_endpoint,
			    const struct binding_record *draft)
{
	struct registrar_bindings *bindings = load->bindings;
	bool has_ended = draft->expires_unix_s <= load->now_unix_s;
	struct binding_set *old = location_table_find(bindings->location, name->key);
	if (!old && has_ended)
		return STATUS_OK;
	if (!aor_block_takes(name, draft))
		return STATUS_STORE;
	aor_block_read(&load->list, old, bindings->texts);
	forget(&load->list, draft->contact);
	if (!has_ended) {
		/* No more were ever there at a time: the rows are not ours. */
		if (load->list.count == BINDINGS_PER_AOR_MAX)
			return STATUS_STORE;
		(void)binding_record_list_add(&load->list, draft);
	}
	return replace(load, name, old, !has_endpoint);
}

/* A million sets are in no cache: each step is taken for all rows, so that their misses overlap. */
static enum status load_rows(void *argument, const struct binding_row *rows, uint32_t count)
{
	struct load *load = argument;
	const struct location_table *location = load->bindings->location;
	struct aor_name name[BINDING_STORE_ROWS_MAX];
	bool has_endpoint[BINDING_STORE_ROWS_MAX];
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < count; i++) {
		has_endpoint[i] = find_name(&name[i], load->bindings, rows[i].aor);
		location_prefetch(location_table_location(location), name[i].key);
	}
	for (uint32_t i = 0; i < count; i++)
		location_table_prefetch_set(location, name[i].key);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		status = load_row(load, &name[i], has_endpoint[i], &rows[i].draft);
	return status;
}

/* So that they do not come back with an endpoint of the same name. */
static enum status remove_orphan(struct registrar_bindings *bindings, struct binding_set *set)
{
	char text[AOR_BYTES_MAX];
	struct span aor = aor_block_write_aor(text, set, bindings->texts);
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < set->count && status == STATUS_OK; i++)
		status = binding_store_remove(bindings->store, aor, binding_contact(&set->binding[i]));
	bindings->dropped_at_load += set->count;
	registrar_bindings_hide(bindings, set);
	return status;
}

static enum status remove_orphans(struct registrar_bindings *bindings)
{
	enum status status = binding_store_begin(bindings->store);
	struct binding_set *set = location_table_next(bindings->location, NULL);
	while (set && status == STATUS_OK) {
		struct binding_set *next = location_table_next(bindings->location, set);
		if (aor_block_keep(set)->is_orphan)
			status = remove_orphan(bindings, set);
		set = next;
	}
	if (status == STATUS_OK)
		status = binding_store_commit(bindings->store);
	if (status != STATUS_OK)
		binding_store_rollback(bindings->store);
	return status;
}

enum status registrar_load(struct registrar_bindings *bindings, int64_t now_unix_s)
{
	struct load load = {.bindings = bindings, .now_unix_s = now_unix_s};
	enum status status = binding_store_load(bindings->store, load_rows, &load);
	if (status == STATUS_OK && load.orphans)
		status = remove_orphans(bindings);
	location_table_poll(bindings->location);
	return status == STATUS_OK && bindings->bindings > bindings->bindings_max ? STATUS_LIMIT : status;
}
