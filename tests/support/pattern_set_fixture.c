#include "pattern_set_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

static void require(bool good, const char *what, const char *which)
{
	if (good)
		return;
	fprintf(stderr, "pattern_set_fixture: %s: %s\n", what, which);
	abort();
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);
	require(memory != NULL, "memory", "none left");
	return memory;
}

void pattern_set_fixture_init(struct match_scratch *scratch)
{
	match_scratch_init(scratch, allocate(1, MATCH_MEMORY_BYTES));
}

void pattern_set_fixture_free_scratch(struct match_scratch *scratch)
{
	hs_free_scratch(scratch->hyperscan);
	free(scratch->memory);
	*scratch = (struct match_scratch){0};
}

static bool hyperscan_compiles(const char *text, unsigned flags)
{
	hs_database_t *database = NULL;
	hs_compile_error_t *error = NULL;
	bool compiles = hs_compile(text, flags, HS_MODE_BLOCK, NULL, &database, &error) == HS_SUCCESS;

	hs_free_database(database);
	hs_free_compile_error(error);
	return compiles;
}

static const pcre2_code *compile_confirmation(const char *text)
{
	int error;
	PCRE2_SIZE offset;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);

	require(code != NULL, "PCRE2 refuses", text);
	return code;
}

void pattern_set_fixture_build(struct pattern_set *set, const struct pattern_row *rows, uint32_t count,
			       struct match_scratch *scratch)
{
	*set = (struct pattern_set){0};
	if (count == 0)
		return;

	const char **texts = allocate(count, sizeof(*texts));
	unsigned *flags = allocate(count, sizeof(*flags)), *ids = allocate(count, sizeof(*ids));
	const pcre2_code **confirm = allocate(count, sizeof(*confirm));
	struct span *spans = allocate(count, sizeof(*spans));
	uint32_t *owners = allocate(count, sizeof(*owners));
	bool confirms = false;

	for (uint32_t i = 0; i < count; i++) {
		texts[i] = rows[i].text;
		spans[i] = span_of_text(rows[i].text);
		owners[i] = rows[i].owner;
		ids[i] = i;
		flags[i] = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
		if (!hyperscan_compiles(texts[i], flags[i])) {
			flags[i] |= HS_FLAG_PREFILTER;
			confirm[i] = compile_confirmation(texts[i]);
			confirms = true;
		}
	}
	hs_database_t *database = NULL;
	hs_compile_error_t *error = NULL;
	hs_error_t result = hs_compile_multi(texts, flags, ids, count, HS_MODE_BLOCK, NULL, &database, &error);
	require(result == HS_SUCCESS, "Hyperscan refuses", error ? error->message : "the set");
	require(hs_alloc_scratch(database, &scratch->hyperscan) == HS_SUCCESS, "memory", "scratch");

	set->database = database;
	set->confirm = confirms ? confirm : NULL;
	set->text = spans;
	set->owner = owners;
	set->count = count;
	if (!confirms)
		free(confirm);
	free(texts);
	free(flags);
	free(ids);
}

void pattern_set_fixture_free(struct pattern_set *set)
{
	if (set->confirm)
		for (uint32_t i = 0; i < set->count; i++)
			pcre2_code_free((pcre2_code *)(uintptr_t)set->confirm[i]);
	hs_free_database((hs_database_t *)(uintptr_t)set->database);
	free((void *)(uintptr_t)set->confirm);
	free((void *)(uintptr_t)set->text);
	free((void *)(uintptr_t)set->owner);
	*set = (struct pattern_set){0};
}
