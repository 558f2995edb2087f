/*
 * Patterns: what the automaton takes is what PCRE2 matches; what a search finds is so, and what it says is not there is
 * not found by trying. The first two lines of the input are patterns, the rest are numbers.
 */
#include "fuzz_input.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "language_search.h"
#include "pattern_set.h"

#define STEPS_MAX    200000
#define NUMBERS_MAX  20
#define ORACLE_STEPS 100000

static struct pattern_language_room room;
static pcre2_match_context *limits;

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	(void)argument_count, (void)arguments;
	limits = pcre2_match_context_create(NULL);
	must(limits != NULL);
	pcre2_set_match_limit(limits, ORACLE_STEPS);
	return 0;
}

/* Result: NULL when it is refused at apply. */
static pcre2_code *oracle_of(struct span pattern)
{
	int error;
	PCRE2_SIZE offset;
	if (pattern.length == 0 || pattern.length > PATTERN_BYTES_MAX || memchr(pattern.at, '\0', pattern.length))
		return NULL;
	return pcre2_compile((PCRE2_SPTR)pattern.at, pattern.length,
			     PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, NULL);
}

/* Result: `otherwise` when it backtracks too far to say. */
static bool oracle_takes(const pcre2_code *oracle, struct span number, bool otherwise)
{
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);
	must(match != NULL);
	int result = pcre2_match(oracle, (PCRE2_SPTR)number.at, number.length, 0, 0, match, limits);
	pcre2_match_data_free(match);
	return result < PCRE2_ERROR_NOMATCH ? otherwise : result >= 0;
}

/* Result: false when no number has such a byte. */
static bool make_number(struct number *number, struct span bytes)
{
	number->length = 0;
	for (uint32_t i = 0; i < bytes.length && i < NUMBER_BYTES_MAX; i++)
		number->text[number->length++] =
			PATTERN_LANGUAGE_SYMBOLS[(uint8_t)bytes.at[i] % PATTERN_LANGUAGE_SYMBOL_COUNT];
	number->text[number->length] = '\0';
	return number->length > 0;
}

static void check_numbers(struct pattern_language *const *language, pcre2_code *const *oracle,
			  enum language_search_answer answer, const struct number *example, struct span rest)
{
	for (uint32_t i = 0; i < NUMBERS_MAX && rest.length; i++) {
		struct number number;
		bool takes[2];
		if (!make_number(&number, fuzz_input_line(&rest)))
			continue;
		for (uint32_t j = 0; j < 2; j++) {
			enum pattern_language_answer known = pattern_language_takes(language[j], number_text(&number));
			takes[j] = oracle_takes(oracle[j], number_text(&number), known == PATTERN_LANGUAGE_YES);
			must(known == PATTERN_LANGUAGE_UNKNOWN || takes[j] == (known == PATTERN_LANGUAGE_YES));
		}
		bool is_one = takes[0] && !takes[1];
		must(answer != LANGUAGE_SEARCH_NONE || !is_one);
		must(answer != LANGUAGE_SEARCH_FOUND || !is_one || number.length >= example->length);
	}
}

static void check_pair(struct pattern_language *const *language, pcre2_code *const *oracle, struct span rest)
{
	struct language_search *search = language_search_create(STEPS_MAX);
	const struct language_question question = {.language = {language[0], language[1]}, .in_count = 1, .count = 2};
	struct number example;

	must(search != NULL);
	enum language_search_answer answer = language_search_find(search, &question, &example);
	if (answer == LANGUAGE_SEARCH_FOUND) {
		must(oracle_takes(oracle[0], number_text(&example), true));
		must(!oracle_takes(oracle[1], number_text(&example), false));
	}
	check_numbers(language, oracle, answer, &example, rest);
	language_search_free(search);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length), pattern[2];
	struct pattern_language *language[2] = {NULL, NULL};
	pcre2_code *oracle[2];
	bool known = true;

	room = (struct pattern_language_room){PATTERN_LANGUAGE_ROOM_BYTES, PATTERN_LANGUAGE_ROOM_STATES};
	for (uint32_t i = 0; i < 2; i++) {
		pattern[i] = fuzz_input_copy(fuzz_input_line(&input));
		oracle[i] = oracle_of(pattern[i]);
		known &= oracle[i] && pattern_language_make(&language[i], pattern[i], 0, &room) == STATUS_OK;
	}
	if (known)
		check_pair(language, oracle, input);
	for (uint32_t i = 0; i < 2; i++) {
		pattern_language_free(language[i]);
		pcre2_code_free(oracle[i]);
		fuzz_input_free(pattern[i]);
	}
	must(room.bytes_left == PATTERN_LANGUAGE_ROOM_BYTES);
	return 0;
}
