#include "pattern_language.h"

#include <stdlib.h>

#include "pattern_positions.h"

#define WORDS_MAX      (PATTERN_POSITIONS_MAX / 64)
#define SYMBOLS	       PATTERN_LANGUAGE_SYMBOL_COUNT
#define STATES_AT_ONCE 16
#define NO_STATE       PATTERN_LANGUAGE_NO_STATE

_Static_assert(sizeof(PATTERN_LANGUAGE_SYMBOLS) - 1 == SYMBOLS, "every symbol has an index");

/* A set of positions. Only the first `words` of the language count. */
struct place_set {
	uint64_t word[WORDS_MAX];
};

/* What stands before the next character. */
enum before {
	BEFORE_START,
	BEFORE_WORD,
	BEFORE_OTHER,
};

struct state {
	uint8_t before;
	bool ends;
};

struct pattern_language {
	struct pattern_position *position;
	uint32_t position_count;
	uint32_t words;
	struct byte_set *set;
	uint32_t set_count;
	bool has_edges, is_free;
	uint8_t class_of[SYMBOLS];
	uint32_t class_count;
	struct place_set start; /* where a match may begin, at any character but the first */
	struct place_set kept;	/* positions that tell states apart */
	uint32_t begin;
	bool lacks_memory, is_too_large;
	bool knows_first;
	struct pattern_language_symbols first;
	struct pattern_language_room *room;

	uint32_t state_count, state_capacity;
	struct state *state;
	uint64_t *places; /* [state][words] */
	uint32_t *next;	  /* [state][class_count] */
	uint32_t *slot;	  /* [slot_count] states by their places; 0: free */
	uint32_t slot_count;
};

uint8_t pattern_language_symbol(char byte)
{
	const char *at = byte ? strchr(PATTERN_LANGUAGE_SYMBOLS, byte) : NULL;
	return at ? (uint8_t)(at - PATTERN_LANGUAGE_SYMBOLS) : SYMBOLS;
}

/* ---- classes of symbols ---- */

static void split_classes(struct pattern_language *language, const struct byte_set *set)
{
	uint8_t inside[SYMBOLS], count = 0;
	bool has_outside[SYMBOLS] = {false};

	memset(inside, SYMBOLS, sizeof(inside));
	for (uint8_t symbol = 0; symbol < SYMBOLS; symbol++)
		if (!byte_set_has(set, (uint8_t)PATTERN_LANGUAGE_SYMBOLS[symbol]))
			has_outside[language->class_of[symbol]] = true;
	for (uint8_t symbol = 0; symbol < SYMBOLS; symbol++) {
		uint8_t *class = &language->class_of[symbol];
		if (!byte_set_has(set, (uint8_t)PATTERN_LANGUAGE_SYMBOLS[symbol]) || !has_outside[*class])
			continue;
		if (inside[*class] == SYMBOLS)
			inside[*class] = (uint8_t)(language->class_count + count++);
		*class = inside[*class];
	}
	language->class_count += count;
}

static void find_classes(struct pattern_language *language)
{
	language->class_count = 1;
	for (uint32_t i = 0; i < language->set_count; i++)
		split_classes(language, &language->set[i]);
	if (language->has_edges)
		split_classes(language, &pattern_syntax_word);
}

/* ---- sets of positions ---- */

static bool has_place(const struct place_set *places, uint32_t position)
{
	return places->word[position / 64] >> (position % 64) & 1;
}

/* Adds a position and, through splits, what can be reached from it without a condition. */
static void add_places(const struct pattern_language *language, struct place_set *places, uint16_t first)
{
	uint16_t stack[PATTERN_POSITIONS_MAX + 1];
	uint32_t depth = 0;

	stack[depth++] = first;
	while (depth > 0) {
		uint16_t at = stack[--depth];
		if (has_place(places, at))
			continue;
		places->word[at / 64] |= UINT64_C(1) << (at % 64);
		const struct pattern_position *position = &language->position[at];
		if (position->kind != PATTERN_POSITION_SPLIT)
			continue;
		if (!has_place(places, position->other))
			stack[depth++] = position->other;
		if (!has_place(places, position->next))
			stack[depth++] = position->next;
	}
}

/* After: what follows, word or not; the end of the number is none. */
static bool holds(enum pattern_position_kind kind, enum before before, bool word_after, bool at_end)
{
	switch (kind) {
	case PATTERN_POSITION_START:
		return before == BEFORE_START;
	case PATTERN_POSITION_END:
		return at_end;
	case PATTERN_POSITION_WORD_EDGE:
		return (before == BEFORE_WORD) != word_after;
	case PATTERN_POSITION_NO_WORD_EDGE:
		return (before == BEFORE_WORD) == word_after;
	default:
		return false;
	}
}

/* Adds what stands behind the conditions that hold. */
static void settle(const struct pattern_language *language, struct place_set *places, enum before before,
		   bool word_after, bool at_end)
{
	struct place_set done = {0};
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < language->words; i++) {
			uint64_t todo = places->word[i] & ~done.word[i];
			done.word[i] |= todo;
			changed |= todo != 0;
			for (; todo; todo &= todo - 1) {
				const struct pattern_position *position =
					&language->position[64 * i + (uint32_t)__builtin_ctzll(todo)];
				if (holds(position->kind, before, word_after, at_end))
					add_places(language, places, position->next);
			}
		}
	}
}

/* ACCEPT is the first position that is made. */
static bool accepts(const struct place_set *places)
{
	return has_place(places, 0);
}

/* ---- states ---- */

static uint64_t hash_of(const struct pattern_language *language, const uint64_t *places, uint8_t before)
{
	uint64_t hash = before;
	for (uint32_t i = 0; i < language->words; i++)
		hash = (hash ^ places[i]) * 0x9e3779b97f4a7c15ull, hash ^= hash >> 29;
	return hash;
}

static void put_slot(struct pattern_language *language, uint32_t state)
{
	const uint64_t *places = &language->places[(size_t)state * language->words];
	uint64_t at = hash_of(language, places, language->state[state].before);
	while (language->slot[at & (language->slot_count - 1)])
		at++;
	language->slot[at & (language->slot_count - 1)] = state;
}

static bool resize(void **array, size_t count, size_t size)
{
	void *resized = realloc(*array, count * size);
	if (!resized)
		return false;
	*array = resized;
	return true;
}

static uint64_t bytes_of_state(const struct pattern_language *language)
{
	return sizeof(struct state) + sizeof(uint64_t) * language->words +
	       sizeof(uint32_t) * (language->class_count + 2);
}

/* Room for more states; slots are at most half full. */
static bool grow(struct pattern_language *language)
{
	uint32_t capacity = language->state_capacity ? 2 * language->state_capacity : STATES_AT_ONCE;
	uint64_t bytes = (capacity - language->state_capacity) * bytes_of_state(language);
	if (bytes > language->room->bytes_left)
		return false;
	uint32_t *slot = calloc((size_t)2 * capacity, sizeof(*slot));
	bool grown = slot && resize((void **)&language->state, capacity, sizeof(*language->state)) &&
		     resize((void **)&language->places, capacity, sizeof(uint64_t) * language->words) &&
		     resize((void **)&language->next, capacity, sizeof(uint32_t) * language->class_count);
	if (!grown) {
		free(slot);
		language->lacks_memory = true;
		return false;
	}
	language->room->bytes_left -= bytes;
	free(language->slot);
	language->slot = slot;
	language->slot_count = 2 * capacity;
	language->state_capacity = capacity;
	for (uint32_t state = PATTERN_LANGUAGE_INITIAL + 1; state < language->state_count; state++)
		put_slot(language, state);
	return true;
}

static uint32_t add_state(struct pattern_language *language, const struct place_set *places, enum before before)
{
	/* Once too large, it stays so: nobody tries again. */
	language->is_too_large |= language->state_count == PATTERN_LANGUAGE_STATES_MAX ||
				  language->room->states_left == 0 ||
				  (language->state_count == language->state_capacity && !grow(language));
	if (language->is_too_large)
		return NO_STATE;
	language->room->states_left--;
	uint32_t made = language->state_count++;
	struct place_set at_end = *places;
	settle(language, &at_end, before, false, true);
	language->state[made] = (struct state){(uint8_t)before, accepts(&at_end)};
	memcpy(&language->places[(size_t)made * language->words], places->word, language->words * sizeof(uint64_t));
	for (uint32_t class = 0; class < language->class_count; class ++)
		language->next[(size_t)made * language->class_count + class] = NO_STATE;
	return made;
}

/* The state of these places, which is made when it is new. */
static uint32_t state_of(struct pattern_language *language, struct place_set *places, enum before before)
{
	uint64_t any = 0;
	for (uint32_t i = 0; i < language->words; i++)
		any |= places->word[i] &= language->kept.word[i];
	if (any == 0)
		return PATTERN_LANGUAGE_NOTHING;
	if (accepts(places))
		return PATTERN_LANGUAGE_ALL;
	for (uint64_t at = hash_of(language, places->word, (uint8_t)before);; at++) {
		uint32_t state = language->slot[at & (language->slot_count - 1)];
		if (state == 0)
			break;
		if (language->state[state].before == before &&
		    memcmp(&language->places[(size_t)state * language->words], places->word,
			   language->words * sizeof(uint64_t)) == 0)
			return state;
	}
	uint32_t made = add_state(language, places, before);
	if (made != NO_STATE)
		put_slot(language, made);
	return made;
}

static uint32_t make_step(struct pattern_language *language, uint32_t from, uint8_t symbol)
{
	uint8_t byte = (uint8_t)PATTERN_LANGUAGE_SYMBOLS[symbol];
	bool is_word = byte_set_has(&pattern_syntax_word, byte);
	struct place_set places = {0}, after = {0};

	memcpy(places.word, &language->places[(size_t)from * language->words], language->words * sizeof(uint64_t));
	settle(language, &places, language->state[from].before, is_word, false);
	if (accepts(&places))
		return PATTERN_LANGUAGE_ALL;
	if (language->is_free)
		after = language->start;
	for (uint32_t i = 0; i < language->words; i++) {
		for (uint64_t todo = places.word[i]; todo; todo &= todo - 1) {
			const struct pattern_position *position =
				&language->position[64 * i + (uint32_t)__builtin_ctzll(todo)];
			if (position->kind == PATTERN_POSITION_SET && byte_set_has(&language->set[position->set], byte))
				add_places(language, &after, position->next);
		}
	}
	return state_of(language, &after, language->has_edges && is_word ? BEFORE_WORD : BEFORE_OTHER);
}

uint32_t pattern_language_step(struct pattern_language *language, uint32_t state, uint8_t symbol)
{
	if (state <= PATTERN_LANGUAGE_ALL)
		return state;
	size_t at = (size_t)state * language->class_count + language->class_of[symbol];
	uint32_t next = language->next[at];
	if (next == NO_STATE) {
		next = make_step(language, state, symbol);
		language->next[at] = next;
	}
	return next;
}

bool pattern_language_ends(const struct pattern_language *language, uint32_t state)
{
	return state == PATTERN_LANGUAGE_ALL || (state != PATTERN_LANGUAGE_NOTHING && language->state[state].ends);
}

/* ---- life ---- */

/* Splits are done with when a state is made; behind the first character START never holds. */
static void find_kept(struct pattern_language *language)
{
	for (uint32_t i = 0; i < language->position_count; i++)
		if (language->position[i].kind != PATTERN_POSITION_SPLIT &&
		    language->position[i].kind != PATTERN_POSITION_START)
			language->kept.word[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Result: STATUS_UNSUPPORTED: no room. */
static enum status make_first_states(struct pattern_language *language, uint16_t root)
{
	static const struct place_set nowhere = {0};

	find_classes(language);
	find_kept(language);
	add_places(language, &language->start, root);
	for (uint32_t state = PATTERN_LANGUAGE_NOTHING; state <= PATTERN_LANGUAGE_INITIAL; state++)
		if (add_state(language, state == PATTERN_LANGUAGE_INITIAL ? &language->start : &nowhere,
			      BEFORE_START) != state)
			return language->lacks_memory ? STATUS_NO_MEMORY : STATUS_UNSUPPORTED;
	language->begin = accepts(&language->start) ? PATTERN_LANGUAGE_ALL : PATTERN_LANGUAGE_INITIAL;
	return STATUS_OK;
}

/* Result: NULL when memory ends. */
static struct pattern_language *take_over(const struct pattern_positions *positions)
{
	struct pattern_language *made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->position_count = positions->count;
	made->words = (made->position_count + 63) / 64;
	made->set_count = positions->set_count;
	made->has_edges = positions->has_edges;
	made->position = malloc(made->position_count * sizeof(*made->position));
	made->set = malloc((made->set_count + 1) * sizeof(*made->set));
	if (!made->position || !made->set) {
		pattern_language_free(made);
		return NULL;
	}
	memcpy(made->position, positions->position, made->position_count * sizeof(*made->position));
	memcpy(made->set, positions->set, made->set_count * sizeof(*made->set));
	return made;
}

static enum status make(struct pattern_language **language, const struct pattern_positions *positions, bool is_free,
			struct pattern_language_room *room)
{
	struct pattern_language *made = take_over(positions);
	if (!made)
		return STATUS_NO_MEMORY;
	made->room = room;
	made->is_free = is_free;
	enum status status = make_first_states(made, positions->root);
	if (status == STATUS_OK)
		*language = made;
	else
		pattern_language_free(made);
	return status;
}

enum status pattern_language_make(struct pattern_language **language, struct span pattern, unsigned held,
				  struct pattern_language_room *room)
{
	bool held_start = held & PATTERN_LANGUAGE_HELD_START, held_end = held & PATTERN_LANGUAGE_HELD_END;
	struct pattern_positions *positions = malloc(sizeof(*positions));
	if (!positions)
		return STATUS_NO_MEMORY;
	enum status status = pattern_positions_build(positions, pattern, held_start, held_end)
				     ? make(language, positions, !held_start, room)
				     : STATUS_UNSUPPORTED;
	free(positions);
	return status;
}

void pattern_language_free(struct pattern_language *language)
{
	if (!language)
		return;
	if (language->room)
		language->room->bytes_left += language->state_capacity * bytes_of_state(language);
	free(language->position);
	free(language->set);
	free(language->state);
	free(language->places);
	free(language->next);
	free(language->slot);
	free(language);
}

/* ---- questions ---- */

uint32_t pattern_language_begin(const struct pattern_language *language)
{
	return language->begin;
}

const uint8_t *pattern_language_classes(const struct pattern_language *language)
{
	return language->class_of;
}

struct pattern_language_symbols pattern_language_first(struct pattern_language *language)
{
	for (uint8_t symbol = 0; symbol < SYMBOLS && !language->knows_first; symbol++)
		if (pattern_language_step(language, language->begin, symbol) != PATTERN_LANGUAGE_NOTHING)
			language->first.word[symbol / 64] |= UINT64_C(1) << (symbol % 64);
	language->knows_first = true;
	return language->first;
}

bool pattern_language_is_too_large(const struct pattern_language *language)
{
	return language->is_too_large;
}

bool pattern_language_lacks_memory(const struct pattern_language *language)
{
	return language->lacks_memory;
}

enum pattern_language_answer pattern_language_takes(struct pattern_language *language, struct span number)
{
	uint32_t state = language->begin;
	for (uint32_t i = 0; i < number.length; i++) {
		uint8_t symbol = pattern_language_symbol(number.at[i]);
		if (symbol == SYMBOLS)
			return PATTERN_LANGUAGE_UNKNOWN;
		state = pattern_language_step(language, state, symbol);
		if (state == NO_STATE)
			return PATTERN_LANGUAGE_UNKNOWN;
	}
	return pattern_language_ends(language, state) ? PATTERN_LANGUAGE_YES : PATTERN_LANGUAGE_NO;
}
