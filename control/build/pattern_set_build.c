#include "pattern_set_build.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

#include "arena.h"
#include "headroom.h"
#include "pattern_plain_build.h"

/* Numbers are ASCII; UTF modes would make the match of other bytes undefined in Hyperscan. */
#define CONFIRM_OPTIONS (PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C)

struct pattern_compiled {
	alignas(max_align_t) atomic_uint references; /* the arena's first memory stands behind it all */
	uint64_t hash;
	uint32_t count;
	uint32_t confirmed_count;
	int64_t row;
	hs_database_t *database; /* of the patterns behind the plain ones; NULL: there are none */
	pcre2_code **confirm;	 /* of the same, in the arena; NULL when none is needed */
	struct span *text;
	struct pattern_plains *plain; /* of the first plain_count patterns; NULL: there are none */
	uint32_t plain_count;
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
	if (pattern_plain_build_is(pattern))
		return STATUS_OK;
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

static enum status compile_confirmations(struct pattern_compiled *set, const uint8_t *confirm,
					 struct pattern_error *error)
{
	struct pattern_list scanned = pattern_set_build_scanned(set);
	for (uint32_t i = 0; i < scanned.count; i++) {
		if (!confirm[i])
			continue;
		if (!set->confirm)
			set->confirm = arena_take_array(&set->arena, scanned.count, sizeof(*set->confirm));
		if (!set->confirm)
			return STATUS_NO_MEMORY;
		error->index = scanned.first + i;
		enum status status = compile_confirmation(&set->confirm[i], scanned.pattern[i], error);
		if (status != STATUS_OK)
			return status;
		set->confirmed_count++;
	}
	return STATUS_OK;
}

enum status pattern_set_build_check_all(const struct span *pattern, uint32_t count, struct pattern_error *error)
{
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		status = pattern_set_build_check(pattern[i], error);
		error->index = i;
	}
	return status;
}

/* All of it in one piece, but for confirmations and rows. */
static size_t content_bytes(const struct span *pattern, uint32_t count)
{
	size_t bytes = count * sizeof(struct span);
	for (uint32_t i = 0; i < count; i++)
		bytes += pattern[i].length + alignof(max_align_t); /* with its NUL, rounded up */
	return bytes;
}

static bool fill(struct pattern_compiled *set, const struct span *pattern)
{
	set->text = arena_take_array(&set->arena, set->count, sizeof(*set->text));
	if (!set->text)
		return false;
	for (uint32_t i = 0; i < set->count; i++) {
		char *copy = arena_copy_text(&set->arena, pattern[i].at, pattern[i].length);
		if (!copy)
			return false;
		set->text[i] = span_make(copy, pattern[i].length);
	}
	return true;
}

enum status pattern_set_build_begin(struct pattern_compiled **begun, const struct span *pattern, uint32_t count)
{
	size_t bytes = ARENA_CHUNK_HEADER_BYTES + content_bytes(pattern, count);
	struct pattern_compiled *set = calloc(1, sizeof(*set) + bytes);
	if (!set)
		return STATUS_NO_MEMORY;
	arena_init_on(&set->arena, set + 1, bytes);
	atomic_init(&set->references, 1);
	set->count = count;
	set->hash = pattern_set_build_hash(pattern, count);
	if (fill(set, pattern) && pattern_plain_build(&set->plain, &set->plain_count, pattern, count) == STATUS_OK) {
		*begun = set;
		return STATUS_OK;
	}
	pattern_set_build_release(set);
	return STATUS_NO_MEMORY;
}

struct pattern_list pattern_set_build_scanned(const struct pattern_compiled *set)
{
	return (struct pattern_list){set->text + set->plain_count, set->count - set->plain_count, set->plain_count};
}

enum status pattern_set_build_adopt(struct pattern_compiled *begun, struct pattern_product *product,
				    struct pattern_error *error)
{
	enum status status = compile_confirmations(begun, product->confirm, error);
	if (status != STATUS_OK)
		return status;
	begun->database = product->database;
	product->database = NULL;
	return STATUS_OK;
}

enum status pattern_set_build_compile(struct pattern_compiled **compiled, const struct span *pattern, uint32_t count,
				      struct pattern_error *error)
{
	struct pattern_product product = {0};
	struct pattern_compiled *set = NULL;
	*error = (struct pattern_error){0};
	enum status status = pattern_set_build_check_all(pattern, count, error);
	if (status == STATUS_OK)
		status = pattern_set_build_begin(&set, pattern, count);
	struct pattern_list scanned = set ? pattern_set_build_scanned(set) : (struct pattern_list){0};
	if (status == STATUS_OK && scanned.count > 0)
		status = pattern_compile_run(&product, scanned.pattern, scanned.count);
	if (status == STATUS_OK && scanned.count > 0)
		status = pattern_set_build_adopt(set, &product, error);
	pattern_compile_free(&product);
	if (status == STATUS_OK)
		*compiled = set;
	else
		pattern_set_build_release(set);
	return status;
}

void pattern_set_build_set_row(struct pattern_compiled *compiled, int64_t row)
{
	compiled->row = row;
}

int64_t pattern_set_build_row(const struct pattern_compiled *compiled)
{
	return compiled->row;
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
	for (uint32_t i = 0; compiled->confirm && i < compiled->count - compiled->plain_count; i++)
		pcre2_code_free(compiled->confirm[i]);
	hs_free_database(compiled->database);
	free(compiled->plain);
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
		.plain = compiled->plain,
		.count = compiled->count,
		.plain_count = compiled->plain_count,
	};
}

uint32_t pattern_set_build_confirmed_count(const struct pattern_compiled *compiled)
{
	return compiled->confirmed_count;
}
