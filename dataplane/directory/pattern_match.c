#include "pattern_set.h"

#include <hs.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Candidates that one scan keeps when PCRE2 has to confirm; when all of them fail, the scan is repeated behind the
 * last. */
#define CANDIDATES_MAX 32

struct least {
	uint32_t floor;
	uint32_t id;
	bool found;
};

static int keep_least(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct least *least = context;
	(void)from, (void)to, (void)flags;
	if (id < least->floor)
		return 0;
	if (!least->found || id < least->id) {
		least->id = id;
		least->found = true;
	}
	return least->id == least->floor; /* nothing can beat it: ends the scan */
}

struct only {
	uint32_t id;
	bool found;
};

static int look_for_one(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct only *only = context;
	(void)from, (void)to, (void)flags;
	only->found = id == only->id;
	return only->found;
}

/* The least ids from `floor` on, ascending; `dropped`: there are more than fit. */
struct candidates {
	uint32_t floor;
	uint32_t count;
	bool dropped;
	uint32_t id[CANDIDATES_MAX];
};

static int keep_candidate(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct candidates *candidates = context;
	(void)from, (void)to, (void)flags;
	if (id < candidates->floor)
		return 0;

	uint32_t at = candidates->count;
	while (at > 0 && candidates->id[at - 1] > id)
		at--;
	if (at > 0 && candidates->id[at - 1] == id)
		return 0; /* reported for another end of match */
	if (candidates->count == CANDIDATES_MAX) {
		candidates->dropped = true;
		if (at == CANDIDATES_MAX)
			return 0;
		candidates->count--;
	}
	memmove(&candidates->id[at + 1], &candidates->id[at], (candidates->count - at) * sizeof(candidates->id[0]));
	candidates->id[at] = id;
	candidates->count++;
	return 0;
}

static bool scan(const struct pattern_set *set, struct span number, struct match_scratch *scratch,
		 match_event_handler handler, void *context)
{
	hs_error_t error = hs_scan(set->database, number.length ? number.at : "", number.length, 0, scratch->hyperscan,
				   handler, context);
	return error == HS_SUCCESS || error == HS_SCAN_TERMINATED;
}

/* Ids of the database, as the handler and `confirm` know them, begin at 0 behind the plain patterns. */

/*
 * The interpreter, because the machine code of PCRE2 10.42 is wrong for some patterns: /(1|)b*1/ does not match "1". It
 * takes its memory from the scratch. Any failure, such as a limit, means that the pattern does not match.
 */
static bool confirm(const struct pattern_set *set, uint32_t id, struct span number, struct match_scratch *scratch)
{
	if (!set->confirm || !set->confirm[id])
		return true;
	int result = pcre2_match(set->confirm[id], (PCRE2_SPTR)number.at, number.length, 0, 0, scratch->confirm_data,
				 scratch->confirm_limits);
	scratch->given_up += result < 0 && result != PCRE2_ERROR_NOMATCH;
	return result >= 0;
}

static bool first_confirmed(uint32_t *id, const struct pattern_set *set, uint32_t from, struct span number,
			    struct match_scratch *scratch)
{
	struct candidates candidates = {.floor = from, .dropped = true};

	while (candidates.dropped) {
		candidates.count = 0;
		candidates.dropped = false;
		if (!scan(set, number, scratch, keep_candidate, &candidates))
			return false;
		for (uint32_t i = 0; i < candidates.count; i++)
			if (confirm(set, candidates.id[i], number, scratch)) {
				*id = candidates.id[i];
				return true;
			}
		if (candidates.count)
			candidates.floor = candidates.id[candidates.count - 1] + 1;
	}
	return false;
}

static bool scan_next(uint32_t *id, const struct pattern_set *set, uint32_t from, struct span number,
		      struct match_scratch *scratch)
{
	if (set->confirm)
		return first_confirmed(id, set, from, number, scratch);

	struct least least = {.floor = from};
	if (!scan(set, number, scratch, keep_least, &least) || !least.found)
		return false;
	*id = least.id;
	return true;
}

bool pattern_match_next(uint32_t *id, const struct pattern_set *set, uint32_t from, struct span number,
			struct match_scratch *scratch)
{
	if (from < set->plain_count) {
		if (pattern_plain_find(id, set->plain, from, number))
			return true;
		from = set->plain_count;
	}
	if (from >= set->count || !scan_next(id, set, from - set->plain_count, number, scratch))
		return false;
	*id += set->plain_count;
	return true;
}

bool pattern_match_first(uint32_t *id, const struct pattern_set *set, struct span number, struct match_scratch *scratch)
{
	return pattern_match_next(id, set, 0, number, scratch);
}

bool pattern_match_one(const struct pattern_set *set, uint32_t id, struct span number, struct match_scratch *scratch)
{
	if (id < set->plain_count) {
		uint32_t taker;
		return pattern_plain_find(&taker, set->plain, id, number) && taker == id;
	}

	struct only only = {.id = id - set->plain_count};

	return id < set->count && scan(set, number, scratch, look_for_one, &only) && only.found &&
	       confirm(set, only.id, number, scratch);
}
