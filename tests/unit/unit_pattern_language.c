/* What a pattern takes, by automaton, compared with PCRE2 over every short number, and over random patterns. */
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "cmocka_all.h"
#include "language_search.h"
#include "random_source.h"

#define SEED	       20261128
#define PATTERNS       2000
#define PAIRS	       1000
#define LENGTH_MAX     4
#define RANDOM_NUMBERS 30

/* Small enough for every number of LENGTH_MAX; a character of each kind: digits, +, * and # (no word), letters of both
 * cases. */
static const char alphabet[] = "12+#aB";
#define ALPHABET (sizeof(alphabet) - 1)

static struct pattern_language_room room;

static int give_room(void **state)
{
	(void)state;
	room = (struct pattern_language_room){PATTERN_LANGUAGE_ROOM_BYTES, PATTERN_LANGUAGE_ROOM_STATES};
	return 0;
}

/* What was taken of the room is given back. */
static int check_room(void **state)
{
	(void)state;
	assert_int_equal(room.bytes_left, PATTERN_LANGUAGE_ROOM_BYTES);
	return 0;
}

static struct pattern_language *language_of(const char *pattern, unsigned held)
{
	struct pattern_language *language;
	assert_int_equal(pattern_language_make(&language, span_of_text(pattern), held, &room), STATUS_OK);
	return language;
}

static pcre2_code *oracle_of(const char *pattern)
{
	int error;
	PCRE2_SIZE offset;
	pcre2_code *oracle = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
	if (!oracle)
		print_error("/%s/ is refused at %zu\n", pattern, offset);
	assert_non_null(oracle);
	return oracle;
}

/* Result: `otherwise` where it backtracks too far to say. */
static bool oracle_takes(const pcre2_code *oracle, struct span number, bool otherwise)
{
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);
	int result = pcre2_match(oracle, (PCRE2_SPTR)number.at, number.length, 0, 0, match, NULL);
	pcre2_match_data_free(match);
	return result < PCRE2_ERROR_NOMATCH ? otherwise : result >= 0;
}

/* ---- against PCRE2 ---- */

static void check_number(struct pattern_language *language, const pcre2_code *oracle, const char *pattern,
			 struct span number)
{
	bool taken = pattern_language_takes(language, number) == PATTERN_LANGUAGE_YES;
	if (taken != oracle_takes(oracle, number, taken)) {
		print_error("/%s/ and %.*s: the language says %d\n", pattern, SPAN_ARGUMENTS(number), taken);
		fail();
	}
}

static void check_all_numbers(struct pattern_language *language, const pcre2_code *oracle, const char *pattern)
{
	char text[LENGTH_MAX];
	uint32_t count = 1;
	for (uint32_t length = 1; length <= LENGTH_MAX; length++) {
		count *= ALPHABET;
		for (uint32_t number = 0; number < count; number++) {
			for (uint32_t i = 0, rest = number; i < length; i++, rest /= ALPHABET)
				text[i] = alphabet[rest % ALPHABET];
			check_number(language, oracle, pattern, span_make(text, length));
		}
	}
}

static void check_random_numbers(struct pattern_language *language, const pcre2_code *oracle, const char *pattern,
				 struct random_source *random)
{
	char text[NUMBER_BYTES_MAX];
	for (uint32_t i = 0; i < RANDOM_NUMBERS; i++) {
		uint32_t length = 1 + random_source_below(random, NUMBER_BYTES_MAX);
		for (uint32_t j = 0; j < length; j++)
			text[j] = alphabet[random_source_below(random, ALPHABET)];
		check_number(language, oracle, pattern, span_make(text, length));
	}
}

static const char *const patterns[] = {
	"1",
	"^1",
	"1$",
	"^1$",
	"^1|2$",
	"^(?:1|2)$",
	"(^|2)1",
	"1(2|$)",
	".*",
	"^.{2}$",
	"^.{2,}$",
	"^.{1,3}$",
	"1?2*a+",
	"^1{0}$",
	"^(1{2}){2}$",
	"(12|a)+",
	"^(1*)*$",
	"^(1|2*)*a$",
	"()",
	"^$",
	"^(?:^1)$",
	"1^2",
	"$1",
	"[12]",
	"[^12]",
	"[^1-9]",
	"[1-9a-z]",
	"[]1]",
	"[^]1]",
	"[a-]",
	"[-1]",
	"[\\]1]",
	"[\\d#]",
	"[\\D]",
	"[^\\W]",
	"\\d\\D",
	"\\w\\W",
	"\\s",
	"\\+",
	"\\#",
	"\\.",
	"(?i)b",
	"(?i)A",
	"b(?i)a",
	"((?i)b)a",
	"(?i:b)A",
	"((?i)b|A)a",
	"(?-i)b",
	"(?i)[^a]",
	"(?i)[a-b]",
	"(?i)[[:upper:]]",
	"[[:digit:]]+",
	"[[:alpha:]_]",
	"[[:word:]][[:xdigit:]]",
	"\\b1",
	"1\\b",
	"\\B1",
	"1\\B",
	"\\b\\b1\\b",
	"^\\B#",
	"\\b",
	"\\B",
	"#\\b",
	"(\\b1|a\\B)+",
	"\\A1\\z",
	"\\A1\\Z",
	"(?<x>1)2",
	"(?P<x>1)2",
	"(?'x'1)2",
	"(?ms)^1.$",
	"(?s:1)",
	"1{",
	"1{a",
	"1{}",
	"}",
	"]",
	"1*?2",
	"1+?",
	"1??a",
	"1{1,2}?$",
	"(?:)",
	"(|1)2",
	"(1|)$",
	"^(1|12)(2|a)?$",
	" ",
	"1-2",
	"^\\+1[12]{2,}",
	"\xe9",
	"^(?:1+2)+$",
	"(1|^)a",
	"(1|$)",
};

static void languages_are_what_pcre2_matches(void **state)
{
	struct random_source random = random_source_of(SEED);
	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct pattern_language *language = language_of(patterns[i], PATTERN_LANGUAGE_FREE);
		pcre2_code *oracle = oracle_of(patterns[i]);
		check_all_numbers(language, oracle, patterns[i]);
		check_random_numbers(language, oracle, patterns[i], &random);
		pcre2_code_free(oracle);
		pattern_language_free(language);
	}
}

/* Held at an end is as if it were written so. */
static void held_languages_are_anchored_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		for (unsigned held = 1; held <= 3; held++) {
			char written[128];
			snprintf(written, sizeof(written), "%s(?:%s)%s", held & PATTERN_LANGUAGE_HELD_START ? "^" : "",
				 patterns[i], held & PATTERN_LANGUAGE_HELD_END ? "$" : "");
			struct pattern_language *language = language_of(patterns[i], held);
			pcre2_code *oracle = oracle_of(written);
			check_all_numbers(language, oracle, written);
			pcre2_code_free(oracle);
			pattern_language_free(language);
		}
	}
}

/* ---- random patterns ---- */

struct text {
	char byte[256];
	uint32_t length;
};

static void put(struct text *text, const char *more)
{
	size_t length = strlen(more);
	assert_true(text->length + length < sizeof(text->byte));
	memcpy(text->byte + text->length, more, length + 1);
	text->length += (uint32_t)length;
}

static const char *one_of(struct random_source *random, const char *const *word, uint32_t count)
{
	return word[random_source_below(random, count)];
}

static void put_random(struct text *text, struct random_source *random, uint32_t depth)
{
	static const char *const atoms[] = {"1",   "2",	     "\\+", "#",   "a",	  "B", "[12]", "[^1]", "\\d", "\\w",
					    "\\W", "[1a-b]", ".",   "\\b", "\\B", "^", "$",    "\\z",  "b",   "[^#B]"};
	static const char *const repeats[] = {"*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?"};
	uint32_t parts = random_source_below(random, 4) + (depth == 0);

	for (uint32_t i = 0; i < parts; i++) {
		bool is_group = depth < 3 && random_source_once_in(random, 3);
		const char *atom = one_of(random, atoms, sizeof(atoms) / sizeof(atoms[0]));
		if (is_group) {
			put(text, random_source_once_in(random, 6) ? "(?i:" : "(");
			put_random(text, random, depth + 1);
			put(text, ")");
		} else {
			put(text, atom);
		}
		bool may_repeat = is_group || !strchr("^$\\", atom[0]) || (atom[1] && strchr("wWd+", atom[1]));
		if (may_repeat && atom[0] && random_source_once_in(random, 3))
			put(text, one_of(random, repeats, sizeof(repeats) / sizeof(repeats[0])));
		if (random_source_once_in(random, 6))
			put(text, "|");
	}
}

static void random_languages_are_what_pcre2_matches(void **state)
{
	struct random_source random = random_source_of(SEED + 1);
	uint32_t known = 0;
	(void)state;
	for (uint32_t i = 0; i < PATTERNS; i++) {
		struct text text = {.length = 0};
		struct pattern_language *language;
		put_random(&text, &random, 0);
		if (pattern_language_make(&language, span_make(text.byte, text.length), PATTERN_LANGUAGE_FREE, &room))
			continue;
		known++;
		pcre2_code *oracle = oracle_of(text.byte);
		check_random_numbers(language, oracle, text.byte, &random);
		char number[LENGTH_MAX];
		for (uint32_t j = 0; j < 300; j++) {
			uint32_t length = 1 + random_source_below(&random, LENGTH_MAX);
			for (uint32_t k = 0; k < length; k++)
				number[k] = alphabet[random_source_below(&random, ALPHABET)];
			check_number(language, oracle, text.byte, span_make(number, length));
		}
		pcre2_code_free(oracle);
		pattern_language_free(language);
	}
	assert_true(known > PATTERNS * 9 / 10);
}

/* ---- not known ---- */

static void what_is_not_regular_is_not_known(void **state)
{
	static const char *const unknown[] = {
		"(?=1)2", "(?!1)2", "(?<=1)2",	     "(?<!1)2",	    "(1)\\1",  "(?>1)2",  "1*+2",    "1++",
		"1?+",	  "1{2}+",  "(?<x>1)\\k<x>", "(?R)?1",	    "(?|1|2)", "(?x) 1",  "(*ANY)1", "\\Q1\\E",
		"\\x31",  "\\R1",   "\\h",	     "(?#x)1",	    "1{,2}",   "[\\x31]", "\\N",     "(?(?=1)1|2)",
		"\\K1",	  "^*1",    "(?:\\b)*1\\G",  "[[:punct:]]", "(?n)1",   "1{2}{2}", "\\cA",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct pattern_language *language = NULL;
		assert_int_equal(pattern_language_make(&language, span_of_text(unknown[i]), 0, &room),
				 STATUS_UNSUPPORTED);
		assert_null(language);
	}
}

static enum language_search_answer ask(const char *in, const char *out, struct number *example)
{
	struct language_search *search = language_search_create(LANGUAGE_SEARCH_STEPS_MAX);
	struct language_question question = {.count = 0};
	assert_non_null(search);
	question.language[question.count++] = language_of(in, 0);
	question.in_count = 1;
	if (out)
		question.language[question.count++] = language_of(out, 0);
	enum language_search_answer answer = language_search_find(search, &question, example);
	assert_int_equal(language_search_unknown_count(search), answer == LANGUAGE_SEARCH_UNKNOWN);
	for (uint32_t i = 0; i < question.count; i++)
		pattern_language_free(question.language[i]);
	language_search_free(search);
	return answer;
}

/* 2^40 states: the walk ends, and says that it does not know. */
static void what_explodes_is_not_known(void **state)
{
	struct number example;
	(void)state;
	assert_int_equal(ask("^.*a.{40}$", "^.*b.{40}$", &example), LANGUAGE_SEARCH_UNKNOWN);
	assert_int_equal(ask("^.*a.{40}$", "^.*[ab].{40}$", &example), LANGUAGE_SEARCH_UNKNOWN);
	assert_int_equal(ask("a.{20}$", "[ab].{20}$", &example), LANGUAGE_SEARCH_UNKNOWN);
	assert_int_equal(ask("^a.{20}$", "^[ab].{20}$", &example), LANGUAGE_SEARCH_NONE);
	struct pattern_language *language;
	assert_int_equal(pattern_language_make(&language, SPAN_LITERAL("((((1{60}){60}){60}){60}){60}"), 0, &room),
			 STATUS_UNSUPPORTED);
	assert_int_equal(pattern_language_make(&language, SPAN_LITERAL("(((((){60}){60}){60}){60}){60}"), 0, &room),
			 STATUS_UNSUPPORTED);
}

/* Few states each, but 6^10 together; the shortest number would have 50 characters. */
static void what_explodes_together_is_not_known(void **state)
{
	struct language_search *search = language_search_create(LANGUAGE_SEARCH_STEPS_MAX);
	struct language_question question = {.in_count = LANGUAGE_SEARCH_LANGUAGES_MAX,
					     .count = LANGUAGE_SEARCH_LANGUAGES_MAX};
	(void)state;
	assert_non_null(search);
	for (uint32_t i = 0; i < question.count; i++) {
		char pattern[] = "a.*a.*a.*a.*a";
		for (char *at = pattern; *at; at++)
			if (*at == 'a')
				*at = (char)('a' + i);
		question.language[i] = language_of(pattern, 0);
	}
	assert_int_equal(language_search_find(search, &question, NULL), LANGUAGE_SEARCH_UNKNOWN);
	for (uint32_t i = 0; i < question.count; i++)
		pattern_language_free(question.language[i]);
	language_search_free(search);
}

static void limits_of_a_run_end_it(void **state)
{
	(void)state;
	struct pattern_language_room small = {1000, 1000};
	struct pattern_language *language;
	struct language_search *search = language_search_create(100);
	assert_non_null(search);
	assert_int_equal(pattern_language_make(&language, SPAN_LITERAL("^1{9}$"), 0, &small), STATUS_OK);
	struct language_question question = {.language = {language}, .in_count = 1, .count = 1};
	assert_int_equal(language_search_find(search, &question, NULL), LANGUAGE_SEARCH_FOUND);
	uint32_t answers = 0;
	while (language_search_find(search, &question, NULL) == LANGUAGE_SEARCH_FOUND)
		assert_true(++answers < 100);
	assert_int_equal(language_search_unknown_count(search), 1);
	pattern_language_free(language);
	assert_int_equal(pattern_language_make(&language, SPAN_LITERAL("^1{50}$"), 0, &small), STATUS_OK);
	char ones[51] = "11111111111111111111111111111111111111111111111111";
	assert_int_equal(pattern_language_takes(language, span_of_text(ones)), PATTERN_LANGUAGE_UNKNOWN);
	pattern_language_free(language);
	assert_int_equal(small.bytes_left, 1000);
	small.states_left = 5;
	assert_int_equal(pattern_language_make(&language, SPAN_LITERAL("^1{9}$"), 0, &small), STATUS_OK);
	assert_int_equal(pattern_language_takes(language, SPAN_LITERAL("1")), PATTERN_LANGUAGE_NO);
	assert_int_equal(pattern_language_takes(language, SPAN_LITERAL("1111")), PATTERN_LANGUAGE_UNKNOWN);
	pattern_language_free(language);
	small.bytes_left = 10;
	assert_int_equal(pattern_language_make(&language, SPAN_LITERAL("^1"), 0, &small), STATUS_UNSUPPORTED);
	language_search_free(search);
}

/* ---- searches ---- */

static void examples_are_the_shortest_and_readable(void **state)
{
	static const struct {
		const char *in, *out, *example; /* NULL: none */
	} rows[] = {
		{"^2[0-9]{3}$", NULL, "2000"},
		{"^2[0-9]{3}$", "^2", NULL},
		{"^2", "^2[0-9]{3}$", "2"},
		{"2[0-9]{3}", "^2[0-9]{3}", "02000"},
		{"^[A-Z]", NULL, "A"},
		{"^$", NULL, NULL},
		{"^34 91", NULL, NULL},
		{"^.{62}$", NULL, "00000000000000000000000000000000000000000000000000000000000000"},
		{"^.{63}", NULL, NULL},
		{"^1", "^1.{0,61}$", NULL}, /* no number is longer */
		{"^1", "^1.{0,60}$", "10000000000000000000000000000000000000000000000000000000000000"},
		{".", ".*", NULL},
		{"\\D", "[+*#a-zA-Z]", NULL},
		{"\\b1\\b", "^1$", "1+"},
		{"(?i)abc", "[aA][bB][cC]", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct number example = {0};
		enum language_search_answer answer = ask(rows[i].in, rows[i].out, &example);
		if (answer != (rows[i].example ? LANGUAGE_SEARCH_FOUND : LANGUAGE_SEARCH_NONE) ||
		    strcmp(example.text, rows[i].example ? rows[i].example : "") != 0) {
			print_error("row %zu: %d, %s\n", i, answer, example.text);
			fail();
		}
	}
}

/* Does a short number say something else than the search did? */
static bool is_contradicted(pcre2_code *const *oracle, enum language_search_answer answer, const struct number *example)
{
	char text[LENGTH_MAX];
	uint32_t count = 1;
	if (answer == LANGUAGE_SEARCH_FOUND && (!oracle_takes(oracle[0], number_text(example), true) ||
						oracle_takes(oracle[1], number_text(example), false)))
		return true;
	for (uint32_t length = 1; length <= 3; length++) {
		count *= ALPHABET;
		for (uint32_t number = 0; number < count; number++) {
			for (uint32_t i = 0, rest = number; i < length; i++, rest /= ALPHABET)
				text[i] = alphabet[rest % ALPHABET];
			struct span span = span_make(text, length);
			if (oracle_takes(oracle[0], span, false) && !oracle_takes(oracle[1], span, true) &&
			    (answer == LANGUAGE_SEARCH_NONE || example->length > length))
				return true;
		}
	}
	return false;
}

static void searches_agree_with_pcre2(void **state)
{
	struct random_source random = random_source_of(SEED + 2);
	struct language_search *search = language_search_create(UINT64_MAX);
	uint32_t answers[4] = {0};
	(void)state;
	assert_non_null(search);
	for (uint32_t i = 0; i < PAIRS; i++) {
		struct text text[2] = {{.length = 0}, {.length = 0}};
		struct language_question question = {.in_count = 1, .count = 2};
		pcre2_code *oracle[2] = {NULL, NULL};
		struct number example = {0};
		bool known = true;
		for (uint32_t j = 0; j < 2; j++) {
			put_random(&text[j], &random, 1);
			known &= text[j].length &&
				 !pattern_language_make(&question.language[j], span_make(text[j].byte, text[j].length),
							0, &room);
			if (known)
				oracle[j] = oracle_of(text[j].byte);
		}
		if (known) {
			enum language_search_answer answer = language_search_find(search, &question, &example);
			answers[answer]++;
			if (answer <= LANGUAGE_SEARCH_FOUND && is_contradicted(oracle, answer, &example)) {
				print_error("/%s/ without /%s/: %d %s\n", text[0].byte, text[1].byte, answer,
					    example.text);
				fail();
			}
		}
		for (uint32_t j = 0; j < 2; j++) {
			pcre2_code_free(oracle[j]);
			pattern_language_free(question.language[j]);
		}
	}
	assert_true(answers[LANGUAGE_SEARCH_NONE] > PAIRS / 10 && answers[LANGUAGE_SEARCH_FOUND] > PAIRS / 10);
	language_search_free(search);
}

static void a_pattern_is_taken_by_several_together(void **state)
{
	struct language_search *search = language_search_create(LANGUAGE_SEARCH_STEPS_MAX);
	struct number example;
	struct language_question question = {
		.language = {language_of("^[1-3]", 0), language_of("^1", 0), language_of("^[23]", 0)},
		.in_count = 1,
		.count = 3};
	(void)state;
	assert_non_null(search);
	assert_int_equal(language_search_find(search, &question, &example), LANGUAGE_SEARCH_NONE);
	question.count = 2;
	assert_int_equal(language_search_find(search, &question, &example), LANGUAGE_SEARCH_FOUND);
	assert_string_equal(example.text, "2");
	for (uint32_t i = 0; i < 3; i++)
		pattern_language_free(question.language[i]);
	language_search_free(search);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(languages_are_what_pcre2_matches, give_room, check_room),
		cmocka_unit_test_setup_teardown(held_languages_are_anchored_patterns, give_room, check_room),
		cmocka_unit_test_setup_teardown(random_languages_are_what_pcre2_matches, give_room, check_room),
		cmocka_unit_test_setup_teardown(what_is_not_regular_is_not_known, give_room, check_room),
		cmocka_unit_test_setup_teardown(what_explodes_is_not_known, give_room, check_room),
		cmocka_unit_test_setup_teardown(what_explodes_together_is_not_known, give_room, check_room),
		cmocka_unit_test_setup_teardown(limits_of_a_run_end_it, give_room, check_room),
		cmocka_unit_test_setup_teardown(examples_are_the_shortest_and_readable, give_room, check_room),
		cmocka_unit_test_setup_teardown(searches_agree_with_pcre2, give_room, check_room),
		cmocka_unit_test_setup_teardown(a_pattern_is_taken_by_several_together, give_room, check_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
