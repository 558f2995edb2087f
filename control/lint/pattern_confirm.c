#include "pattern_confirm.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "match_scratch.h"

/* As pattern_set_build.c compiles what confirms on lcores. */
#define OPTIONS (PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C)

struct pattern_confirm {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

enum status pattern_confirm_make(struct pattern_confirm **confirm, struct span pattern)
{
	int error = PCRE2_ERROR_HEAP_FAILED;
	PCRE2_SIZE offset;
	struct pattern_confirm *made = calloc(1, sizeof(*made));

	if (made) {
		made->code = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.length, OPTIONS, &error, &offset, NULL);
		made->match = pcre2_match_data_create(1, NULL);
		made->limits = pcre2_match_context_create(NULL);
	}
	if (!made || !made->code || !made->match || !made->limits) {
		bool is_refused = made && !made->code && error != PCRE2_ERROR_HEAP_FAILED;
		pattern_confirm_free(made);
		return is_refused ? STATUS_INVALID : STATUS_NO_MEMORY;
	}
	pcre2_set_heap_limit(made->limits, MATCH_FRAMES_KB);
	*confirm = made;
	return STATUS_OK;
}

void pattern_confirm_free(struct pattern_confirm *confirm)
{
	if (!confirm)
		return;
	pcre2_code_free(confirm->code);
	pcre2_match_data_free(confirm->match);
	pcre2_match_context_free(confirm->limits);
	free(confirm);
}

enum status pattern_confirm_ask(bool *takes, const struct pattern_confirm *confirm, struct span number,
				uint32_t steps_max)
{
	pcre2_set_match_limit(confirm->limits, steps_max);
	int result =
		pcre2_match(confirm->code, (PCRE2_SPTR)number.at, number.length, 0, 0, confirm->match, confirm->limits);
	if (result == PCRE2_ERROR_NOMEMORY)
		return STATUS_NO_MEMORY;
	*takes = result >= 0;
	return result == PCRE2_ERROR_MATCHLIMIT ? STATUS_LIMIT : STATUS_OK;
}
