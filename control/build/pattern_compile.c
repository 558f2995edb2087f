#include "pattern_compile.h"

#include <stdlib.h>

#include <hs.h>

/* What stands for a pattern that Hyperscan cannot even pre-filter: everything goes to its confirmation. */
#define EVERYTHING "(?s).*"

/* How it says that memory ended; it blames the first pattern then, which is not to be believed. */
#define NO_MEMORY_MESSAGE "Unable to allocate memory."

/* What hs_compile_multi() takes. */
struct scan_list {
	const char **expression; /* `copy`, or EVERYTHING */
	char **copy;
	unsigned *flags;
	unsigned *id;
};

static void free_list(struct scan_list *list, uint32_t count)
{
	for (uint32_t i = 0; list->copy && i < count; i++)
		free(list->copy[i]);
	free(list->copy);
	free(list->expression);
	free(list->flags);
	free(list->id);
}

static bool make_list(struct scan_list *list, const struct span *pattern, uint32_t count)
{
	*list = (struct scan_list){
		.expression = calloc(count, sizeof(*list->expression)),
		.copy = calloc(count, sizeof(*list->copy)),
		.flags = calloc(count, sizeof(*list->flags)),
		.id = calloc(count, sizeof(*list->id)),
	};
	if (!list->expression || !list->copy || !list->flags || !list->id)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		list->copy[i] = strndup(pattern[i].at, pattern[i].length);
		if (!list->copy[i])
			return false;
		list->expression[i] = list->copy[i];
		list->flags[i] = PATTERN_COMPILE_FLAGS;
		list->id[i] = i;
	}
	return true;
}

/* Moves one pattern a step down: as is, then pre-filter, then everything. Result: false when there is no step left. */
static bool weaken(struct scan_list *list, uint32_t index)
{
	if (strcmp(list->expression[index], EVERYTHING) == 0)
		return false;
	if (list->flags[index] & HS_FLAG_PREFILTER) {
		list->expression[index] = EVERYTHING;
		list->flags[index] = PATTERN_COMPILE_FLAGS;
	} else {
		list->flags[index] |= HS_FLAG_PREFILTER;
	}
	return true;
}

static enum status compile_list(struct hs_database **database, struct scan_list *list, uint32_t count)
{
	for (;;) {
		hs_compile_error_t *failure = NULL;
		hs_error_t result = hs_compile_multi(list->expression, list->flags, list->id, count, HS_MODE_BLOCK,
						     NULL, database, &failure);
		if (result == HS_SUCCESS)
			return STATUS_OK;
		bool no_memory = result == HS_NOMEM || !failure || strcmp(failure->message, NO_MEMORY_MESSAGE) == 0;
		int index = failure ? failure->expression : -1;
		hs_free_compile_error(failure);
		if (no_memory)
			return STATUS_NO_MEMORY;
		bool changed = false;
		/* Without an index, the set as a whole is too much: then all of it is weakened. */
		for (uint32_t i = 0; i < count; i++)
			if (index < 0 || (uint32_t)index == i)
				changed |= weaken(list, i);
		if (!changed)
			return STATUS_LIMIT;
	}
}

enum status pattern_compile_run(struct pattern_product *product, const struct span *pattern, uint32_t count)
{
	struct scan_list list;
	struct pattern_product made = {.confirm = calloc(count, sizeof(*made.confirm))};
	enum status status = STATUS_NO_MEMORY;
	if (make_list(&list, pattern, count) && made.confirm)
		status = compile_list(&made.database, &list, count);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		made.confirm[i] = list.expression[i] != list.copy[i] || (list.flags[i] & HS_FLAG_PREFILTER);
	free_list(&list, count);
	if (status == STATUS_OK)
		*product = made;
	else
		pattern_compile_free(&made);
	return status;
}

void pattern_compile_free(struct pattern_product *product)
{
	hs_free_database(product->database);
	free(product->confirm);
	*product = (struct pattern_product){0};
}
