#include "language_search.h"

#include <stdlib.h>

#define WIDTH	   LANGUAGE_SEARCH_LANGUAGES_MAX
#define TUPLES_MAX LANGUAGE_SEARCH_TUPLES_MAX
#define SLOTS	   (2 * TUPLES_MAX)
#define SYMBOLS	   PATTERN_LANGUAGE_SYMBOL_COUNT

#define STEPS_OF_A_QUESTION 8 /* that is answered at once */

_Static_assert((SLOTS & (SLOTS - 1)) == 0, "slots are found by a mask");

/* A state of each language, and how it was reached. */
struct tuple {
	uint32_t state[WIDTH];
	uint16_t parent;
	uint8_t symbol;
};

struct language_search {
	uint64_t steps_left;
	const atomic_bool *is_abandoned; /* NULL: never */
	uint32_t unknown_count;
	uint8_t symbol[SYMBOLS]; /* one of each class that all languages see alike */
	uint32_t symbol_count;
	uint32_t tuple_count;
	struct tuple tuple[TUPLES_MAX];
	uint16_t slot[SLOTS]; /* index of a tuple + 1 */
	uint32_t slots_used;
	uint16_t used[TUPLES_MAX]; /* which, to clear them */
};

struct language_search *language_search_create(uint64_t steps_max)
{
	struct language_search *search = calloc(1, sizeof(*search));
	if (search)
		search->steps_left = steps_max;
	return search;
}

void language_search_free(struct language_search *search)
{
	free(search);
}

void language_search_watch(struct language_search *search, const atomic_bool *is_abandoned)
{
	search->is_abandoned = is_abandoned;
}

uint32_t language_search_unknown_count(const struct language_search *search)
{
	return search->unknown_count;
}

bool language_search_spend(struct language_search *search, uint64_t steps)
{
	/* Nothing is read that was written before it: it pairs with no release. */
	bool is_abandoned = search->is_abandoned && atomic_load_explicit(search->is_abandoned, memory_order_relaxed);
	bool is_enough = search->steps_left >= steps && !is_abandoned;
	search->steps_left = is_enough ? search->steps_left - steps : 0;
	return is_enough;
}

/* ---- symbols ---- */

/* Most patterns of a company cannot even begin alike. */
static bool may_begin_alike(const struct language_question *question)
{
	struct pattern_language_symbols both = {{UINT64_MAX, UINT64_MAX}};
	for (uint32_t i = 0; i < question->in_count; i++) {
		struct pattern_language_symbols first = pattern_language_first(question->language[i]);
		both.word[0] &= first.word[0];
		both.word[1] &= first.word[1];
	}
	return both.word[0] || both.word[1];
}

/* The classes that all languages put a symbol into, as one number: 65 ^ 10 is less than 2 ^ 64. */
static void combine_classes(uint64_t combined[SYMBOLS], const struct language_question *question)
{
	memset(combined, 0, SYMBOLS * sizeof(*combined));
	for (uint32_t i = 0; i < question->count; i++) {
		const uint8_t *class = pattern_language_classes(question->language[i]);
		for (uint8_t symbol = 0; symbol < SYMBOLS; symbol++)
			combined[symbol] = combined[symbol] * SYMBOLS + class[symbol];
	}
}

static void choose_symbols(struct language_search *search, const struct language_question *question)
{
	uint64_t combined[SYMBOLS], seen[SYMBOLS];
	combine_classes(combined, question);
	search->symbol_count = 0;
	for (uint8_t symbol = 0; symbol < SYMBOLS; symbol++) {
		uint32_t i = search->symbol_count;
		while (i > 0 && seen[i - 1] != combined[symbol])
			i--;
		if (i > 0)
			continue;
		seen[search->symbol_count] = combined[symbol];
		search->symbol[search->symbol_count++] = symbol;
	}
}

/* ---- tuples ---- */

static uint32_t hash_of(const struct tuple *tuple, uint32_t count)
{
	uint64_t hash = 0;
	for (uint32_t i = 0; i < count; i++)
		hash = (hash ^ tuple->state[i]) * 0x9e3779b97f4a7c15ull, hash ^= hash >> 31;
	return (uint32_t)hash;
}

/* Result: false when there is no room. */
static bool add_tuple(struct language_search *search, const struct tuple *tuple, uint32_t count)
{
	uint32_t at = hash_of(tuple, count) & (SLOTS - 1);
	for (; search->slot[at]; at = (at + 1) & (SLOTS - 1))
		if (memcmp(search->tuple[search->slot[at] - 1].state, tuple->state, count * sizeof(uint32_t)) == 0)
			return true;
	if (search->tuple_count == TUPLES_MAX)
		return false;
	search->tuple[search->tuple_count++] = *tuple;
	search->slot[at] = (uint16_t)search->tuple_count;
	search->used[search->slots_used++] = (uint16_t)at;
	return true;
}

static void clear(struct language_search *search)
{
	for (uint32_t i = 0; i < search->slots_used; i++)
		search->slot[search->used[i]] = 0;
	search->slots_used = 0;
	search->tuple_count = 0;
}

/* ---- the walk ---- */

enum moved {
	MOVED_ON,
	MOVED_NOWHERE, /* no number that goes on like this is one */
	MOVED_TO_GOAL,
	MOVED_TOO_FAR, /* unknown */
};

static enum moved move(const struct language_question *question, struct tuple *to, const struct tuple *from,
		       uint8_t symbol)
{
	bool is_goal = true;
	for (uint32_t i = 0; i < question->count; i++) {
		struct pattern_language *language = question->language[i];
		uint32_t state = pattern_language_step(language, from->state[i], symbol);
		bool must_take = i < question->in_count;
		if (state == PATTERN_LANGUAGE_NO_STATE)
			return MOVED_TOO_FAR;
		if (state == (must_take ? PATTERN_LANGUAGE_NOTHING : PATTERN_LANGUAGE_ALL))
			return MOVED_NOWHERE;
		is_goal &= pattern_language_ends(language, state) == must_take;
		to->state[i] = state;
	}
	return is_goal ? MOVED_TO_GOAL : MOVED_ON;
}

static void write_example(struct number *example, const struct language_search *search, uint32_t depth,
			  const struct tuple *last)
{
	example->length = (uint8_t)depth;
	example->text[depth] = '\0';
	for (; depth > 0; depth--) {
		example->text[depth - 1] = PATTERN_LANGUAGE_SYMBOLS[last->symbol];
		last = &search->tuple[last->parent];
	}
}

/* From tuples `first` to `end`, which are reached with numbers one shorter than `depth`. */
static enum language_search_answer walk_level(struct language_search *search, const struct language_question *question,
					      struct number *example, uint32_t depth, uint32_t first)
{
	uint32_t end = search->tuple_count;
	for (uint32_t from = first; from < end; from++) {
		for (uint32_t i = 0; i < search->symbol_count; i++) {
			struct tuple to = {.parent = (uint16_t)from, .symbol = search->symbol[i]};
			enum moved moved = move(question, &to, &search->tuple[from], search->symbol[i]);
			if (moved == MOVED_NOWHERE)
				continue;
			if (moved == MOVED_TO_GOAL) {
				if (example)
					write_example(example, search, depth, &to);
				return LANGUAGE_SEARCH_FOUND;
			}
			if (moved == MOVED_TOO_FAR || !add_tuple(search, &to, question->count))
				return LANGUAGE_SEARCH_UNKNOWN;
		}
		if (!language_search_spend(search, (uint64_t)search->symbol_count * question->count))
			return LANGUAGE_SEARCH_UNKNOWN;
	}
	return LANGUAGE_SEARCH_NONE;
}

static enum language_search_answer walk(struct language_search *search, const struct language_question *question,
					struct number *example)
{
	enum language_search_answer answer = LANGUAGE_SEARCH_NONE;
	struct tuple start = {.parent = 0};
	uint32_t first = 0;

	for (uint32_t i = 0; i < question->count; i++) {
		start.state[i] = pattern_language_begin(question->language[i]);
		if (i >= question->in_count && start.state[i] == PATTERN_LANGUAGE_ALL)
			return LANGUAGE_SEARCH_NONE;
	}
	add_tuple(search, &start, question->count);
	for (uint32_t depth = 1; depth <= NUMBER_BYTES_MAX && answer == LANGUAGE_SEARCH_NONE; depth++) {
		uint32_t next = search->tuple_count;
		if (first == next)
			break;
		answer = walk_level(search, question, example, depth, first);
		first = next;
	}
	return answer;
}

static bool is_too_large(const struct language_question *question)
{
	for (uint32_t i = 0; i < question->count; i++)
		if (pattern_language_is_too_large(question->language[i]))
			return true;
	return false;
}

static bool lacks_memory(const struct language_question *question)
{
	for (uint32_t i = 0; i < question->count; i++)
		if (pattern_language_lacks_memory(question->language[i]))
			return true;
	return false;
}

enum language_search_answer language_search_find(struct language_search *search,
						 const struct language_question *question, struct number *example)
{
	enum language_search_answer answer = LANGUAGE_SEARCH_NONE;
	if (is_too_large(question) || !language_search_spend(search, STEPS_OF_A_QUESTION)) {
		answer = LANGUAGE_SEARCH_UNKNOWN;
	} else if (may_begin_alike(question)) {
		choose_symbols(search, question);
		clear(search);
		answer = walk(search, question, example);
	}
	if (lacks_memory(question))
		return LANGUAGE_SEARCH_NO_MEMORY;
	search->unknown_count += answer == LANGUAGE_SEARCH_UNKNOWN;
	return answer;
}
