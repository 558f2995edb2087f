#include "registrar_load.h"

#include <sodium.h>

struct load {
	struct registrar_bindings *bindings;
	int64_t now_unix_s;
};

/* A key for an address of record that no endpoint has: it only has to be another than all others'. */
static void make_orphan_key(uint8_t key[AOR_KEY_BYTES], struct span aor)
{
	crypto_generichash(key, AOR_KEY_BYTES, (const uint8_t *)aor.at, aor.length, NULL, 0);
}

/* What an older row said about the contact no longer counts. */
static void forget(struct aor_record *record, struct span contact)
{
	struct binding_list *list = record->present;
	for (uint32_t i = 0; list && i < list->count; i++)
		if (span_equals(list->binding[i]->contact, contact)) {
			binding_record_list_remove(list, i);
			return;
		}
}

static enum status add(struct aor_record *record, const struct binding_record *draft)
{
	if (!record->present)
		record->present = binding_record_list_copy(NULL);
	if (!record->present)
		return STATUS_NO_MEMORY;
	/* No more were ever there at a time: the rows are not ours. */
	if (record->present->count == BINDINGS_PER_AOR_MAX)
		return STATUS_STORE;
	struct binding_record *binding = binding_record_make(draft);
	if (!binding)
		return STATUS_NO_MEMORY;
	(void)binding_record_list_add(record->present, binding);
	return STATUS_OK;
}

static enum status load_row(void *argument, struct span aor, const struct binding_record *draft)
{
	const struct load *load = argument;
	struct registrar_bindings *bindings = load->bindings;
	struct registrar_endpoint endpoint = {0};
	bool has_ended = draft->expires_unix_s <= load->now_unix_s;
	bool has_endpoint = registrar_bindings_find_endpoint(&endpoint, bindings, aor);
	if (!has_endpoint)
		make_orphan_key(endpoint.aor_key, aor);
	struct aor_record *record = has_ended ? aor_table_find(bindings->aors, endpoint.aor_key)
					      : aor_table_obtain(bindings->aors, endpoint.aor_key, aor);
	if (!record)
		return has_ended ? STATUS_OK : STATUS_NO_MEMORY;
	record->company_id = endpoint.company_id;
	record->is_orphan = !has_endpoint;
	forget(record, draft->contact);
	return has_ended ? STATUS_OK : add(record, draft);
}

/* So that they do not come back with an endpoint of the same name. */
static enum status remove_orphan(struct registrar_bindings *bindings, const struct aor_record *record)
{
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < record->present->count && status == STATUS_OK; i++)
		status = binding_store_remove(bindings->store, aor_table_text(record),
					      record->present->binding[i]->contact);
	bindings->dropped_at_load += record->present->count;
	return status;
}

static enum status settle_record(const struct load *load, struct aor_record *record)
{
	struct registrar_bindings *bindings = load->bindings;
	enum status status = STATUS_OK;
	if (record->present && record->present->count && !record->is_orphan) {
		bindings->bindings += record->present->count;
		if (bindings->bindings > bindings->bindings_max)
			return STATUS_LIMIT;
		binding_record_list_sort(record->present);
		return registrar_bindings_show(bindings, record, load->now_unix_s);
	}
	if (record->present && record->present->count)
		status = remove_orphan(bindings, record);
	aor_table_remove(bindings->aors, record);
	return status;
}

static enum status settle(const struct load *load)
{
	struct registrar_bindings *bindings = load->bindings;
	enum status status = binding_store_begin(bindings->store);
	struct aor_record *record = aor_table_next(bindings->aors, NULL);
	while (record && status == STATUS_OK) {
		struct aor_record *next = aor_table_next(bindings->aors, record);
		status = settle_record(load, record);
		record = next;
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
	enum status status = binding_store_load(bindings->store, load_row, &load);
	return status == STATUS_OK ? settle(&load) : status;
}
