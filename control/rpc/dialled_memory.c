#include "dialled_memory.h"

#include <stdlib.h>

#include <sodium.h>

#define NONE UINT32_MAX

struct slot {
	struct dialled_call call;
	uint32_t newer, older;
	uint32_t next; /* of the bucket */
};

struct dialled_memory {
	uint32_t calls_max, count;
	uint32_t newest, oldest;
	uint32_t bucket_mask;
	uint8_t hash_key[crypto_shorthash_KEYBYTES]; /* numbers are the caller's choice */
	uint32_t *bucket;
	struct slot slot[];
};

struct span dialled_memory_text(const struct dialled_call *call, enum dialled_text which)
{
	uint32_t offset = 0;

	for (uint32_t i = 0; i < which; i++)
		offset += call->length[i];
	return span_make(call->text + offset, call->length[which]);
}

static uint32_t bucket_count(uint32_t calls_max)
{
	uint32_t count = 1;

	while (count < calls_max)
		count *= 2;
	return count;
}

uint64_t dialled_memory_bytes(uint32_t calls_max)
{
	return sizeof(struct dialled_memory) + (uint64_t)calls_max * sizeof(struct slot) +
	       (uint64_t)bucket_count(calls_max) * sizeof(uint32_t);
}

enum status dialled_memory_create(struct dialled_memory **memory, uint32_t calls_max)
{
	struct dialled_memory *made = calloc(1, sizeof(*made) + calls_max * sizeof(made->slot[0]));
	uint32_t buckets = bucket_count(calls_max);

	if (!made)
		return STATUS_NO_MEMORY;
	made->bucket = malloc(buckets * sizeof(made->bucket[0]));
	if (!made->bucket) {
		free(made);
		return STATUS_NO_MEMORY;
	}
	memset(made->bucket, 0xff, buckets * sizeof(made->bucket[0]));
	randombytes_buf(made->hash_key, sizeof(made->hash_key));
	made->calls_max = calls_max;
	made->bucket_mask = buckets - 1;
	made->newest = made->oldest = NONE;
	*memory = made;
	return STATUS_OK;
}

void dialled_memory_free(struct dialled_memory *memory)
{
	if (memory)
		free(memory->bucket);
	free(memory);
}

/* ---- one call ---- */

static void add_text(struct dialled_call *call, enum dialled_text which, struct span text, uint32_t *used)
{
	call->length[which] = (uint8_t)text.length;
	if (text.length)
		memcpy(call->text + *used, text.at, text.length);
	*used += text.length;
}

/* Result: false: nothing that could be dialled again. */
static bool read_record(struct dialled_call *call, const struct call_record *record)
{
	struct span caller = call_record_text(record, CALL_TEXT_CALLER);
	struct span number = call_record_text(record, CALL_TEXT_DIALLED);
	struct span identity = call_record_text(record, CALL_TEXT_CALLER_NUMBER);
	bool from_carrier = record->caller_kind == CALL_PARTY_CARRIER;
	uint32_t used = 0;

	if (record->caller_kind == CALL_PARTY_NONE || caller.length == 0 || number.length == 0)
		return false;
	for (uint32_t kind = CALL_TEXT_DIALLED; kind <= CALL_TEXT_COMPANY; kind++)
		if (record->part[kind].cut)
			return false;
	/* A user is known by its extension, and a friend that gives no number by its name. */
	if (record->caller_kind == CALL_PARTY_USER || (!from_carrier && span_equals(identity, caller)))
		identity = (struct span){0};
	*call = (struct dialled_call){
		.caller_kind = record->caller_kind,
		.anonymous = (record->flags & CALL_ANONYMOUS) != 0,
	};
	add_text(call, DIALLED_COMPANY, from_carrier ? (struct span){0} : call_record_text(record, CALL_TEXT_COMPANY),
		 &used);
	add_text(call, DIALLED_CALLER, caller, &used);
	add_text(call, DIALLED_NUMBER, number, &used);
	add_text(call, DIALLED_IDENTITY, identity, &used);
	return true;
}

/* What is not used is 0 of all: nothing that could differ. */
static size_t used_bytes(const struct dialled_call *call)
{
	size_t bytes = offsetof(struct dialled_call, text);

	for (uint32_t i = 0; i < DIALLED_TEXT_COUNT; i++)
		bytes += call->length[i];
	return bytes;
}

static uint32_t *bucket_of(struct dialled_memory *memory, const struct dialled_call *call)
{
	uint64_t hash;

	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "the hash is one word");
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)call, used_bytes(call), memory->hash_key);
	return &memory->bucket[hash & memory->bucket_mask];
}

static uint32_t find(const struct dialled_memory *memory, uint32_t first, const struct dialled_call *call)
{
	uint32_t index = first;
	size_t bytes = used_bytes(call);

	while (index != NONE && memcmp(&memory->slot[index].call, call, bytes) != 0)
		index = memory->slot[index].next;
	return index;
}

/* ---- their order ---- */

static void unlink_age(struct dialled_memory *memory, uint32_t index)
{
	const struct slot *slot = &memory->slot[index];

	if (slot->newer == NONE)
		memory->newest = slot->older;
	else
		memory->slot[slot->newer].older = slot->older;
	if (slot->older == NONE)
		memory->oldest = slot->newer;
	else
		memory->slot[slot->older].newer = slot->newer;
}

static void link_newest(struct dialled_memory *memory, uint32_t index)
{
	struct slot *slot = &memory->slot[index];

	slot->newer = NONE;
	slot->older = memory->newest;
	if (memory->newest == NONE)
		memory->oldest = index;
	else
		memory->slot[memory->newest].newer = index;
	memory->newest = index;
}

/* The oldest, out of its bucket and its order. */
static uint32_t make_room(struct dialled_memory *memory)
{
	uint32_t index = memory->oldest;
	uint32_t *at = bucket_of(memory, &memory->slot[index].call);

	while (*at != index)
		at = &memory->slot[*at].next;
	*at = memory->slot[index].next;
	unlink_age(memory, index);
	return index;
}

void dialled_memory_take(struct dialled_memory *memory, const struct call_record *record)
{
	struct dialled_call call;

	if (!read_record(&call, record))
		return;
	uint32_t *bucket = bucket_of(memory, &call), index = find(memory, *bucket, &call);
	if (index != NONE) {
		unlink_age(memory, index);
	} else {
		index = memory->count < memory->calls_max ? memory->count++ : make_room(memory);
		memory->slot[index].call = call;
		memory->slot[index].next = *bucket;
		*bucket = index;
	}
	link_newest(memory, index);
}

uint32_t dialled_memory_copy(struct dialled_call *calls, const struct dialled_memory *memory, uint32_t most)
{
	uint32_t count = 0;

	for (uint32_t index = memory->newest; index != NONE && count < most; index = memory->slot[index].older)
		calls[count++] = memory->slot[index].call;
	return count;
}

uint32_t dialled_memory_count(const struct dialled_memory *memory)
{
	return memory->count;
}
