#include "call_table.h"

#include "clear_bytes.h"
#include "limit_table.h"
#include "prefetch.h"

#define SERIAL_MASK ((UINT64_C(1) << CALL_SERIAL_BITS) - 1)

uint64_t call_table_bytes(uint32_t count)
{
	return (uint64_t)count * sizeof(struct call);
}

void call_table_init(struct call_table *table, void *memory, uint32_t count, uint32_t worker, uint64_t first_serial)
{
	*table = (struct call_table){.call = memory, .count = count, .worker = worker, .serial = first_serial};
	free_slots_init(&table->free_calls, count);
	for (uint32_t i = 0; i < count; i++)
		table->call[i].third_free = free_slots_third_below(i, count);
}

/* The first of a lcore's slots and the first lcore are both 0: a serial number of 0 would make CALL_NONE. */
static uint64_t take_serial(struct call_table *table)
{
	uint64_t serial = table->serial & SERIAL_MASK;

	table->serial = serial + 1;
	return serial ? serial : table->serial++;
}

struct call *call_table_add(struct call_table *table)
{
	uint32_t slot = table->free_calls.top[0];

	if (slot == FREE_SLOTS_NONE)
		return NULL;
	struct call *call = &table->call[slot];
	free_slots_take(&table->free_calls, call->third_free);
	/* Freed long ago, it is asked for now: a line is longer on its way than a call takes. */
	uint32_t third = table->free_calls.top[2];
	if (third != FREE_SLOTS_NONE)
		prefetch_whole_lines_to_write(&table->call[third], sizeof(*call));
	clear_bytes(call, offsetof(struct call, record.text));
	clear_bytes(call->limit, sizeof(*call) - offsetof(struct call, limit));
	call->record.handle = call_handle_make(slot, table->worker, take_serial(table));
	call->record.state = CALL_TRYING;
	call->audit = table->audit;
	for (uint32_t i = 0; i < CALL_LIMIT_COUNT; i++)
		call->limit[i] = LIMIT_NONE;
	table->state_count[CALL_TRYING]++;
	table->used_count++;
	return call;
}

struct call *call_table_find(const struct call_table *table, uint64_t handle)
{
	uint32_t slot = call_handle_slot(handle);

	if (handle == CALL_NONE || slot >= table->count || table->call[slot].record.handle != handle)
		return NULL;
	return &table->call[slot];
}

void call_table_prefetch(const struct call_table *table, uint64_t handle, bool whole)
{
	uint32_t slot = call_handle_slot(handle);

	if (handle == CALL_NONE || slot >= table->count)
		return;
	const struct call *call = &table->call[slot];
	prefetch_line_to_write(call);
	prefetch_line_to_write(call->limit);
	if (whole)
		prefetch_lines_to_write(call, offsetof(struct call, limit));
}

void call_table_set_state(struct call_table *table, struct call *call, enum call_state state)
{
	table->state_count[call->record.state]--;
	table->state_count[state]++;
	call->record.state = (uint8_t)state;
}

void call_table_remove(struct call_table *table, struct call *call)
{
	table->state_count[call->record.state]--;
	table->used_count--;
	call->record.handle = CALL_NONE;
	call->record.state = CALL_FREE;
	call->third_free = free_slots_give(&table->free_calls, (uint32_t)(call - table->call));
}
