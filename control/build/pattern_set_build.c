#include "pattern_set_build.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

#include "arena.h"
#include "headroom.h"

/* Numbers are ASCII; UTF modes would make the match of other bytes undefined in Hyperscan. */
#define CONFIRM_OPTIONS (PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C)

/* One match a pattern is enough; patterns that match the empty text are legal (R7). */
#define SCAN_FLAGS (HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY)

/* Hyperscan 5.4 follows pointers that it did not get while it compiles: so much must be there before it begins. */
#define COMPILE_ROOM_BYTES (64u << 20)

/* What stands for a pattern that Hyperscan cannot even pre-filter: everything goes to its confirmation. */
#define EVERYTHING "(?s).*"

struct pattern_compiled {
	atomic_uint references;
	uint64_t hash;
	uint32_t count;
	uint32_t confirmed_count;
	hs_database_t *database;
	pcre2_code **confirm; /* [count], in the arena; NULL when none is needed */
	struct span *text;
	struct arena arena;
};

/* ---- one pattern ---- */

static enum status compile_confirmation(pcre2_code **code, struct span pattern, struct pattern_error *error)
{
	int number;
	PCRE2_SIZE offset;
	pcre2_code *compiled =
		pcre2_compile((PCRE2_SPTR)pattern.at, pattern.length, CONFIRM_OPTIONS, &number, &offset, NULL);
	if (!compiled) {
		if (number == PCRE2_ERROR_HEAP_FAILED)
			return STATUS_NO_MEMORY;
		PCRE2_UCHAR text[128];
		pcre2_get_error_message(number, text, sizeof(text));
		snprintf(error->message, sizeof(error->message), "is no regular expression: %s", (const char *)text);
		error->offset = (uint32_t)offset;
		return STATUS_INVALID;
	}
	/* Without JIT a match may allocate, which an lcore must not. */
	number = pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
	if (number != 0) {
		pcre2_code_free(compiled);
		if (number == PCRE2_ERROR_NOMEMORY)
			return STATUS_NO_MEMORY;
		snprintf(error->message, sizeof(error->message), "is too complex to be compiled to machine code");
		error->offset = 0;
		return STATUS_INVALID;
	}
	*code = compiled;
	return STATUS_OK;
}

enum status pattern_set_build_check(struct span pattern, struct pattern_error *error)
{
	*error = (struct pattern_error){0};
	if (pattern.length == 0 || pattern.length > PATTERN_BYTES_MAX) {
		snprintf(error->message, sizeof(error->message), "must be 1 to %d bytes long", PATTERN_BYTES_MAX);
		error->offset = pattern.length ? PATTERN_BYTES_MAX : 0;
		return STATUS_INVALID;
	}
	pcre2_code *code;
	enum status status = compile_confirmation(&code, pattern, error);
	if (status == STATUS_OK)
		pcre2_code_free(code);
	return status;
}

/* ---- a set ---- */

uint64_t pattern_set_build_hash(const struct span *pattern, uint32_t count)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ count;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < pattern[i].length; j++)
			hash = (hash ^ (uint8_t)pattern[i].at[j]) * 0x100000001b3ull;
		/* A byte that no pattern has ends each, so that ("ab", "c") and ("a", "bc") differ. */
		hash = (hash ^ 0xff) * 0x100000001b3ull;
	}
	return hash ^ (hash >> 29);
}

uint64_t pattern_set_build_hash_of(const struct pattern_compiled *compiled)
{
	return compiled->hash;
}

bool pattern_set_build_is_same(const struct pattern_compiled *compiled, uint64_t hash, const struct span *pattern,
			       uint32_t count)
{
	if (compiled->hash != hash || compiled->count != count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!span_equals(compiled->text[i], pattern[i]))
			return false;
	return true;
}

/* What hs_compile_multi() takes. */
struct scan_list {
	const char **expression;
	unsigned *flags;
	unsigned *id;
};

/* Moves one pattern a step down: as is, then pre-filter, then everything. Result: false when there is no step left. */
static bool weaken(struct scan_list *list, uint32_t index)
{
	if (strcmp(list->expression[index], EVERYTHING) == 0)
		return false;
	if (list->flags[index] & HS_FLAG_PREFILTER) {
		list->expression[index] = EVERYTHING;
		list->flags[index] = SCAN_FLAGS;
	} else {
		list->flags[index] |= HS_FLAG_PREFILTER;
	}
	return true;
}

/* Hyperscan reports the end of memory as it does a pattern's fault, and without an index. */
static bool is_out_of_memory(hs_error_t result, const hs_compile_error_t *failure)
{
	return result == HS_NOMEM || !failure || strcmp(failure->message, "Unable to allocate memory.") == 0;
}

static enum status compile_database(struct pattern_compiled *set, struct scan_list *list)
{
	if (!headroom_has(COMPILE_ROOM_BYTES))
		return STATUS_NO_MEMORY;
	for (;;) {
		hs_compile_error_t *failure = NULL;
		hs_error_t result = hs_compile_multi(list->expression, list->flags, list->id, set->count, HS_MODE_BLOCK,
						     NULL, &set->database, &failure);
		if (result == HS_SUCCESS)
			return STATUS_OK;
		if (is_out_of_memory(result, failure)) {
			hs_free_compile_error(failure);
			return STATUS_NO_MEMORY;
		}
		int index = failure->expression;
		hs_free_compile_error(failure);
		bool changed = false;
		/* Without an index, the set as a whole is too much: then all of it is weakened. */
		for (uint32_t i = 0; i < set->count; i++)
			if (index < 0 || (uint32_t)index == i)
				changed |= weaken(list, i);
		if (!changed)
			return STATUS_LIMIT;
	}
}

static enum status compile_confirmations(struct pattern_compiled *set, const struct scan_list *list,
					 struct pattern_error *error)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (list->expression[i] == set->text[i].at && !(list->flags[i] & HS_FLAG_PREFILTER))
			continue;
		if (!set->confirm)
			set->confirm = arena_take_array(&set->arena, set->count, sizeof(*set->confirm));
		if (!set->confirm)
			return STATUS_NO_MEMORY;
		error->index = i;
		enum status status = compile_confirmation(&set->confirm[i], set->text[i], error);
		if (status != STATUS_OK)
			return status;
		set->confirmed_count++;
	}
	return STATUS_OK;
}

static enum status compile_patterns(struct pattern_compiled *set, const struct span *pattern,
				    struct pattern_error *error)
{
	struct arena local = {0};
	struct scan_list list = {
		.expression = arena_take_array(&local, set->count, sizeof(*list.expression)),
		.flags = arena_take_array(&local, set->count, sizeof(*list.flags)),
		.id = arena_take_array(&local, set->count, sizeof(*list.id)),
	};
	set->text = arena_take_array(&set->arena, set->count, sizeof(*set->text));
	enum status status = list.expression && list.flags && list.id && set->text ? STATUS_OK : STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < set->count && status == STATUS_OK; i++) {
		char *copy = arena_copy_text(&set->arena, pattern[i].at, pattern[i].length);
		status = copy ? pattern_set_build_check(pattern[i], error) : STATUS_NO_MEMORY;
		error->index = i;
		set->text[i] = span_make(copy, pattern[i].length);
		list.expression[i] = copy;
		list.flags[i] = SCAN_FLAGS;
		list.id[i] = i;
	}
	if (status == STATUS_OK)
		status = compile_database(set, &list);
	if (status == STATUS_OK)
		status = compile_confirmations(set, &list, error);
	arena_free(&local);
	return status;
}

enum status pattern_set_build_compile(struct pattern_compiled **compiled, const struct span *pattern, uint32_t count,
				      struct pattern_error *error)
{
	*error = (struct pattern_error){0};
	struct pattern_compiled *set = calloc(1, sizeof(*set));
	if (!set)
		return STATUS_NO_MEMORY;
	atomic_init(&set->references, 1);
	set->count = count;
	set->hash = pattern_set_build_hash(pattern, count);
	enum status status = count > 0 ? compile_patterns(set, pattern, error) : STATUS_OK;
	if (status != STATUS_OK) {
		pattern_set_build_release(set);
		return status;
	}
	*compiled = set;
	return STATUS_OK;
}

struct pattern_compiled *pattern_set_build_take(struct pattern_compiled *compiled)
{
	atomic_fetch_add_explicit(&compiled->references, 1, memory_order_relaxed);
	return compiled;
}

void pattern_set_build_release(struct pattern_compiled *compiled)
{
	/* The last release pairs with the earlier ones: what other holders did comes before the free. */
	if (!compiled || atomic_fetch_sub_explicit(&compiled->references, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; compiled->confirm && i < compiled->count; i++)
		pcre2_code_free(compiled->confirm[i]);
	hs_free_database(compiled->database);
	arena_free(&compiled->arena);
	free(compiled);
}

void pattern_set_build_view(struct pattern_set *set, const struct pattern_compiled *compiled, const uint32_t *owner)
{
	*set = (struct pattern_set){
		.database = compiled->database,
		.confirm = (const struct pcre2_real_code_8 *const *)compiled->confirm,
		.text = compiled->text,
		.owner = owner,
		.count = compiled->count,
	};
}

uint32_t pattern_set_build_confirmed_count(const struct pattern_compiled *compiled)
{
	return compiled->confirmed_count;
}
