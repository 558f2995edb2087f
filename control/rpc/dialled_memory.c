#include "dialled_memory.h"

#include <assert.h>
#include <stdlib.h>

#include <sodium.h>

#include "prefetch.h"

#define SET_PLACES 8
/* Room for sets that get more than their share: the header says what that promises. */
#define PLACES_PER_CALL 3
/* Ages are put close together again after so many calls for each that is promised: rarely, and before 32 bits end. */
#define AGES_PER_CALL (1u << 18)
_Static_assert((uint64_t)DIALLED_MEMORY_CALLS_MAX *AGES_PER_CALL <= UINT32_MAX, "an age is 32 bits");

#define BURST	      32 /* as many as the ring's reader hands over */
#define RECORDS_AHEAD 2	 /* asked for while one is read */

/* One line of the cache: all that is touched for a call that is known. */
struct set {
	uint32_t tag[SET_PLACES]; /* half of the call's hash; the other half chose the set */
	uint32_t age[SET_PLACES]; /* the greater, the newer; 0: the place is free */
} __attribute__((aligned(PREFETCH_LINE_BYTES)));
_Static_assert(sizeof(struct set) == PREFETCH_LINE_BYTES, "a line");

struct dialled_memory {
	uint32_t calls_max, used; /* places */
	uint32_t age;		  /* of the newest */
	uint32_t set_mask;
	uint8_t hash_key[crypto_shorthash_KEYBYTES]; /* numbers are the caller's choice */
	struct set *set;
	struct dialled_call *call; /* of each place, set by set */
	uint64_t *order;	   /* age and place, to be sorted */
};

/* A call on its way through the passes over a burst. */
struct reading {
	struct dialled_call call;
	size_t bytes; /* of it, that are used */
	uint32_t tag, set_index;
	struct dialled_call *target; /* where it is to be written; NULL: it is known */
};

struct span dialled_memory_text(const struct dialled_call *call, enum dialled_text which)
{
	uint32_t offset = 0;

	for (uint32_t i = 0; i < which; i++)
		offset += call->length[i];
	return span_make(call->text + offset, call->length[which]);
}

static uint32_t set_count(uint32_t calls_max)
{
	uint32_t count = 1;

	while (count * SET_PLACES < calls_max * PLACES_PER_CALL)
		count *= 2;
	return count;
}

uint64_t dialled_memory_bytes(uint32_t calls_max)
{
	uint64_t sets = set_count(calls_max);

	return sizeof(struct dialled_memory) +
	       sets * (sizeof(struct set) + SET_PLACES * (sizeof(struct dialled_call) + sizeof(uint64_t)));
}

enum status dialled_memory_create(struct dialled_memory **memory, uint32_t calls_max)
{
	struct dialled_memory *made = calloc(1, sizeof(*made));
	size_t sets = set_count(calls_max);

	if (!made)
		return STATUS_NO_MEMORY;
	made->set = aligned_alloc(sizeof(struct set), sets * sizeof(made->set[0]));
	made->call = malloc(sets * SET_PLACES * sizeof(made->call[0]));
	made->order = malloc(sets * SET_PLACES * sizeof(made->order[0]));
	if (!made->set || !made->call || !made->order) {
		dialled_memory_free(made);
		return STATUS_NO_MEMORY;
	}
	memset(made->set, 0, sets * sizeof(made->set[0]));
	randombytes_buf(made->hash_key, sizeof(made->hash_key));
	made->calls_max = calls_max;
	made->set_mask = (uint32_t)sets - 1;
	*memory = made;
	return STATUS_OK;
}

void dialled_memory_free(struct dialled_memory *memory)
{
	if (memory) {
		free(memory->set);
		free(memory->call);
		free(memory->order);
	}
	free(memory);
}

/* ---- one call ---- */

/* The head, and the texts that there are. */
static size_t used_bytes(const struct dialled_call *call)
{
	size_t bytes = offsetof(struct dialled_call, text);

	for (uint32_t i = 0; i < DIALLED_TEXT_COUNT; i++)
		bytes += call->length[i];
	return bytes;
}

static void add_text(struct reading *reading, enum dialled_text which, struct span text)
{
	reading->call.length[which] = (uint8_t)text.length;
	if (text.length)
		memcpy((char *)&reading->call + reading->bytes, text.at, text.length);
	reading->bytes += text.length;
}

/* Result: false: nothing that could be dialled again. */
static bool read_record(struct reading *reading, const struct call_record *record)
{
	struct span caller = call_record_text(record, CALL_TEXT_CALLER);
	struct span number = call_record_text(record, CALL_TEXT_DIALLED);
	struct span identity = call_record_text(record, CALL_TEXT_CALLER_NUMBER);
	bool from_carrier = record->caller_kind == CALL_PARTY_CARRIER;

	if (record->caller_kind == CALL_PARTY_NONE || caller.length == 0 || number.length == 0)
		return false;
	for (uint32_t kind = CALL_TEXT_DIALLED; kind <= CALL_TEXT_COMPANY; kind++)
		if (record->part[kind].cut)
			return false;
	/* A user is known by its extension, and a friend that gives no number by its name. */
	if (record->caller_kind == CALL_PARTY_USER || (!from_carrier && span_equals(identity, caller)))
		identity = (struct span){0};
	reading->call.caller_kind = record->caller_kind;
	reading->call.anonymous = (record->flags & CALL_ANONYMOUS) != 0;
	reading->bytes = offsetof(struct dialled_call, text);
	add_text(reading, DIALLED_COMPANY,
		 from_carrier ? (struct span){0} : call_record_text(record, CALL_TEXT_COMPANY));
	add_text(reading, DIALLED_CALLER, caller);
	add_text(reading, DIALLED_NUMBER, number);
	add_text(reading, DIALLED_IDENTITY, identity);
	return true;
}

/* ---- their order ---- */

static int compare_newest_first(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left < right) - (left > right);
}

/* All calls into memory->order, newest first. */
static void sort_places(const struct dialled_memory *memory)
{
	uint32_t count = 0;

	for (uint32_t place = 0; count < memory->used; place++) {
		uint32_t age = memory->set[place / SET_PLACES].age[place % SET_PLACES];
		if (age)
			memory->order[count++] = (uint64_t)age << 32 | place;
	}
	qsort(memory->order, count, sizeof(memory->order[0]), compare_newest_first);
}

/* The ages 1, 2, 3... in the order that there was. */
static void renumber(struct dialled_memory *memory)
{
	sort_places(memory);
	for (uint32_t i = 0; i < memory->used; i++) {
		uint32_t place = (uint32_t)memory->order[i];
		memory->set[place / SET_PLACES].age[place % SET_PLACES] = memory->used - i;
	}
	memory->age = memory->used;
}

/* Result: SET_PLACES: none. */
static uint32_t find_place(const struct set *set, uint32_t tag)
{
	uint32_t place = 0;

	while (place < SET_PLACES && (set->tag[place] != tag || set->age[place] == 0))
		place++;
	return place;
}

static uint32_t oldest_place(const struct set *set)
{
	uint32_t oldest = 0;

	for (uint32_t place = 1; place < SET_PLACES; place++)
		if (set->age[place] < set->age[oldest])
			oldest = place;
	return oldest;
}

/* ---- a burst ---- */

/* Result: false: passed over. */
static bool read_call(struct reading *reading, const struct dialled_memory *memory, const struct call_record *record)
{
	uint64_t hash;

	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "the hash is one word");
	if (!read_record(reading, record))
		return false;
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)&reading->call, reading->bytes, memory->hash_key);
	reading->tag = (uint32_t)(hash >> 32);
	reading->set_index = (uint32_t)hash & memory->set_mask;
	prefetch_line_to_write(&memory->set[reading->set_index]);
	return true;
}

static void place_call(struct reading *reading, struct dialled_memory *memory)
{
	struct set *set = &memory->set[reading->set_index];
	uint32_t place = find_place(set, reading->tag), age_max = memory->calls_max * AGES_PER_CALL;

	assert(memory->age < age_max);
	reading->target = NULL;
	if (place == SET_PLACES) {
		place = oldest_place(set);
		memory->used += set->age[place] == 0;
		set->tag[place] = reading->tag;
		reading->target = &memory->call[reading->set_index * SET_PLACES + place];
		prefetch_lines_to_write(reading->target, reading->bytes);
	}
	set->age[place] = ++memory->age;
	if (memory->age == age_max)
		renumber(memory);
}

/* In passes, so that the lines of several calls are on their way at once. */
static void take_burst(struct dialled_memory *memory, const struct call_record *records, uint32_t count)
{
	struct reading reading[BURST];
	uint32_t read = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (i + RECORDS_AHEAD < count)
			prefetch_lines(&records[i + RECORDS_AHEAD], sizeof(records[0]));
		read += read_call(&reading[read], memory, &records[i]);
	}
	for (uint32_t i = 0; i < read; i++)
		place_call(&reading[i], memory);
	for (uint32_t i = 0; i < read; i++)
		if (reading[i].target)
			memcpy(reading[i].target, &reading[i].call, reading[i].bytes);
}

void dialled_memory_take(struct dialled_memory *memory, const struct call_record *records, uint32_t count)
{
	for (uint32_t first = 0; first < count; first += BURST)
		take_burst(memory, &records[first], count - first < BURST ? count - first : BURST);
}

/* ---- what is kept ---- */

uint32_t dialled_memory_copy(struct dialled_call *calls, const struct dialled_memory *memory, uint32_t most)
{
	uint32_t kept = dialled_memory_count(memory), count = most < kept ? most : kept;

	sort_places(memory);
	for (uint32_t i = 0; i < count; i++) {
		const struct dialled_call *call = &memory->call[(uint32_t)memory->order[i]];
		memcpy(&calls[i], call, used_bytes(call));
	}
	return count;
}

uint32_t dialled_memory_count(const struct dialled_memory *memory)
{
	return memory->used < memory->calls_max ? memory->used : memory->calls_max;
}
