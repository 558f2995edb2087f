/* Patterns of the usual shape: which are taken as rows; and rows, the scan and PCRE2 of the same opinion on every
 * number.
 */
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

#include "cmocka_all.h"
#include "pattern_plain_build.h"
#include "pattern_plain_read.h"
#include "pattern_scanned.h"
#include "pattern_set_build.h"
#include "pattern_set_fixture.h"

#define NONE UINT32_MAX

static uint32_t plain_rows(const char *pattern)
{
	struct span text = span_of_text(pattern);
	struct pattern_plain row[PATTERN_PLAIN_CHOICES_MAX];
	uint32_t rows = pattern_plain_read(row, text);

	assert_int_equal(pattern_plain_build_is(text), rows > 0);
	return rows;
}

static void shapes(void **state)
{
	static const struct {
		const char *pattern;
		uint32_t rows;
	} cases[] = {
		{"^2[0-9]{3}$", 1},
		{"^2", 1},
		{".*", 1},
		{"^.*", 1},
		{"^", 1},
		{"^$", 1},
		{"^\\+34[0-9]+$", 1},
		{"^[+]34.*", 1},
		{"^\\*21#?$", 2},
		{"^\\*21#$", 1},
		{"^3[5-9]", 5},
		{"^[67]\\d{8}$", 2},
		{"^[1-9][2-3]$", 0}, /* more than one pattern may have */
		{"^[2-9][0-9]{3}$", 8},
		{"^34[0-9][0-9]\\d*$", 1},
		{"^12345678901$", 1},
		{"^123456789012$", 0}, /* longer than a row */
		{"^12345678901[0-9]{100}$", 1},
		{"^1[0-9]{101}$", 0},
		{"^1[0-9]{60}[0-9]{60}$", 0},
		{"^1[0-9]{0,100}$", 1},
		{"^1[0-9]{0,60}[0-9]{0,60}$", 0}, /* an end that a row cannot say */
		{"^1[0-9]{0,60}[0-9]*$", 1},
		{"^1[0-9]*", 1},
		{"^1[0-9]+", 0}, /* without an end */
		{"2", 0},
		{"2$", 0},
		{"^2|3", 0},
		{"^(2)$", 1},
		{"^2?$", 2},
		{"^0?[67][0-9]{8}$", 4},
		{"^(00|\\+)34[0-9]{9}$", 2},
		{"^(?:00|\\+)?34", 3},
		{"^7(123[0-9]{3}|00[0-9]{2})$", 2},
		{"^(1(2|3(4|5(6)?)))", 4},
		{"^(1(2(3(4))))$", 1},
		{"^(1(2(3(4(5)))))$", 0}, /* deeper than anybody writes */
		{"^(2|)$", 2},
		{"^()$", 1},
		{"^([0-9]|2)$", 2},
		{"^([0-9]|2)3$", 0}, /* behind digits */
		{"^([0-9]|2)[0-9]$", 2},
		{"^[1-8][12]$", 16},
		{"^[1-8]?[12]$", 0}, /* more than one pattern may have */
		{"^([1-8]|[1-9])$", 0},
		{"^(2)+$", 0},
		{"^(2)*$", 0},
		{"^(2){2}$", 0},
		{"^(2)??$", 0},
		{"^2??$", 0},
		{"^(2", 0},
		{"^2)", 0},
		{"^(2$)", 0},
		{"^(2.)", 0},
		{"^(^2)", 0},
		{"^(?=2)", 0},
		{"^(?i:2)", 0},
		{"^([0-9]{2}|2)", 0}, /* without an end */
		{"^([0-9]*|2)", 2},
		{"^2{3}$", 0},
		{"^2[0-9]{3", 0},
		{"^2[0-9]{,3}$", 0},
		{"^2[0-9]{3,2}$", 0},
		{"^2[0-9]+?$", 0},
		{"^2[0-9]++$", 0},
		{"^2[^0]$", 0},
		{"^2[a-z]$", 0},
		{"^2[0-9", 0},
		{"^2[]$", 0},
		{"^2[0-9]3$", 0},
		{"^2.$", 0},
		{"^2.*$", 0},
		{"^2.+", 0},
		{"^2$$", 0},
		{"^^2", 0},
		{"^2\\", 0},
		{"^2\\w", 0},
		{"(?i)^a", 0},
		{"^(?!29)2", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t rows = plain_rows(cases[i].pattern);
		if (rows != cases[i].rows)
			fail_msg("%s has %u rows, not %u", cases[i].pattern, rows, cases[i].rows);
	}
}

/* R7: nobody else checks what has rows. */
static void too_long_is_not_plain(void **state)
{
	char text[PATTERN_BYTES_MAX + 2] = "";

	(void)state;
	memset(text, '2', PATTERN_BYTES_MAX);
	memcpy(text, "^[", 2);
	text[PATTERN_BYTES_MAX - 1] = ']';
	assert_int_equal(plain_rows(text), 1);
	text[PATTERN_BYTES_MAX - 1] = '2';
	text[PATTERN_BYTES_MAX] = ']';
	assert_int_equal(plain_rows(text), 0);
}

/* ---- sets ---- */

#define MANY_PATTERNS 3000

static struct span many[MANY_PATTERNS];
static char many_text[MANY_PATTERNS][32];

/* Of `count` in `many`. Result: how many patterns have rows. */
static uint32_t build(struct pattern_plains **plains, uint32_t count)
{
	struct pattern_plain_room room = {0};
	uint32_t taken;

	assert_int_equal(pattern_plain_build(plains, &taken, many, count), STATUS_OK);
	assert_int_equal(*plains != NULL, taken > 0);
	for (uint32_t i = 0; i < count; i++)
		pattern_plain_build_add_room(&room, many[i]);
	size_t bytes = pattern_plain_build_bytes(&room);
	if (taken && room.rows == (*plains)->row_count && (*plains)->slot_count == 0)
		assert_int_equal(bytes, pattern_plains_bytes(*plains));
	else if (taken)
		assert_true(bytes >= pattern_plains_bytes(*plains));
	return taken;
}

static void set_pattern(uint32_t index, const char *format, uint32_t number)
{
	snprintf(many_text[index], sizeof(many_text[index]), format, number);
	many[index] = span_of_text(many_text[index]);
}

/* The rows end before the first pattern of another shape. */
static void rows_stand_for_the_first_patterns(void **state)
{
	struct pattern_plains *plains;

	(void)state;
	set_pattern(0, "^[67]", 0);
	set_pattern(1, "^2", 0);
	set_pattern(2, "2", 0);
	set_pattern(3, "^2", 0);
	assert_int_equal(build(&plains, 4), 2);
	assert_int_equal(plains->row_count, 3);
	assert_int_equal(plains->slot_count, 0);
	free(plains);
	many[1] = many[2];
	assert_int_equal(build(&plains, 4), 1);
	free(plains);
	many[0] = many[2];
	assert_int_equal(build(&plains, 4), 0);
	assert_int_equal(build(&plains, 0), 0);
}

/* A list as long as one may be; one row more makes groups of them. */
static void many_rows_are_found_by_their_prefix(void **state)
{
	struct pattern_plains *plains;

	(void)state;
	for (uint32_t i = 0; i < MANY_PATTERNS; i++)
		set_pattern(i, i % 3 ? "^7%04u[0-9]{3}$" : "^7%04u", i);
	assert_int_equal(build(&plains, PATTERN_PLAIN_LIST_MAX), PATTERN_PLAIN_LIST_MAX);
	assert_int_equal(plains->slot_count, 0);
	free(plains);
	assert_int_equal(build(&plains, PATTERN_PLAIN_LIST_MAX + 1), PATTERN_PLAIN_LIST_MAX + 1);
	assert_int_equal(plains->slot_count, 256);
	free(plains);
	assert_int_equal(build(&plains, MANY_PATTERNS), MANY_PATTERNS);
	assert_int_equal(plains->row_count, MANY_PATTERNS);
	assert_int_equal(plains->lengths, 1u << 5);
	for (uint32_t i = 0; i < MANY_PATTERNS; i++) {
		char number[32];
		uint32_t id;
		snprintf(number, sizeof(number), "7%04u905", i);
		assert_true(pattern_plain_find(&id, plains, 0, span_of_text(number)));
		assert_int_equal(id, i);
		assert_true(pattern_plain_find(&id, plains, i, span_of_text(number)));
		assert_false(pattern_plain_find(&id, plains, i + 1, span_of_text(number)));
		assert_int_equal(pattern_plain_find(&id, plains, 0, span_make(number, 7)), i % 3 == 0);
		assert_false(pattern_plain_find(&id, plains, 0, span_make(number, 4)));
	}
	free(plains);
}

/* Prefixes that differ behind their eighth byte, and by how many they have. */
static void long_prefixes_are_told_apart(void **state)
{
	enum { COUNT = 1000 };
	struct pattern_plains *plains;
	char number[32];
	uint32_t id;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		set_pattern(i, "^12345678%03u[0-9]$", i);
	set_pattern(COUNT, "^12345678[0-9]{4}$", 0);
	set_pattern(COUNT + 1, "^1234567890[0-9]{2}$", 0);
	assert_int_equal(build(&plains, COUNT + 2), COUNT + 2);
	assert_int_equal(plains->lengths, 1u << 8 | 1u << 10 | 1u << 11);
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(number, sizeof(number), "12345678%03u9", i);
		assert_true(pattern_plain_find(&id, plains, 0, span_of_text(number)));
		assert_int_equal(id, i);
		assert_true(pattern_plain_find(&id, plains, i + 1, span_of_text(number)));
		assert_int_equal(id, COUNT);
		assert_int_equal(pattern_plain_find(&id, plains, COUNT + 1, span_of_text(number)), i / 10 == 90);
	}
	free(plains);
}

/* Nobody reads more than PATTERN_PLAIN_GROUP_MAX rows with one prefix: the pattern that would be one more has no rows,
 * nor has any behind it. */
static void a_group_is_no_larger_than_may_be_read(void **state)
{
	enum { CROWD = PATTERN_PLAIN_GROUP_MAX, OTHERS = 40 };
	struct pattern_plains *plains;

	(void)state;
	for (uint32_t i = 0; i < OTHERS; i++)
		set_pattern(i, "^3%u", i);
	for (uint32_t i = OTHERS; i < OTHERS + CROWD + 1; i++)
		set_pattern(i, "^2[0-9]{%u}$", i - OTHERS);
	for (uint32_t i = OTHERS + CROWD + 1; i < MANY_PATTERNS; i++)
		set_pattern(i, "^4%u", i);
	assert_int_equal(build(&plains, OTHERS + CROWD), OTHERS + CROWD);
	assert_int_equal(plains->row_count, OTHERS + CROWD);
	free(plains);
	assert_int_equal(build(&plains, MANY_PATTERNS), OTHERS + CROWD);
	assert_int_equal(plains->row_count, OTHERS + CROWD);
	assert_int_not_equal(plains->slot_count, 0);
	free(plains);
	/* Without the others what has room is a list again, by id. */
	for (uint32_t i = 0; i <= CROWD; i++)
		set_pattern(i, "^2[0-9]{%u}$", (i * 37) % 64);
	assert_int_equal(build(&plains, CROWD + 1), CROWD);
	assert_int_equal(plains->slot_count, 0);
	assert_true(plains->is_short);
	for (uint32_t i = 0; i < CROWD; i++)
		assert_int_equal(pattern_plains_short(plains)[i].id, i);
	free(plains);
}

static bool is_short_list(const char *pattern)
{
	struct pattern_plains *plains;

	set_pattern(0, "^2$", 0);
	many[1] = span_of_text(pattern);
	assert_int_equal(build(&plains, 2), 2);
	bool is_short = plains->is_short;
	size_t row_bytes = is_short ? sizeof(struct pattern_plain_short) : sizeof(struct pattern_plain);
	assert_int_equal(pattern_plains_bytes(plains), sizeof(*plains) + plains->row_count * row_bytes);
	free(plains);
	return is_short;
}

static void short_prefixes_take_half_of_the_room(void **state)
{
	(void)state;
	assert_true(is_short_list("^1234567[0-9]+$"));
	assert_true(is_short_list("^[*]21[+]$"));
	assert_true(is_short_list("^0?[67]"));
	assert_true(is_short_list(".*"));
	assert_false(is_short_list("^12345678"));
	assert_false(is_short_list("^#21"));
	assert_false(is_short_list("^a"));
}

/* What the four bits of a short row do not tell apart, and where a number is shorter than a prefix of zeros. */
static void short_prefixes_are_taken_for_no_others(void **state)
{
	static const struct {
		const char *pattern, *number;
		bool is_taken;
	} cases[] = {
		{"^[*]1", "*12", true},
		{"^[*]1", "j12", false},
		{"^[*]1", ":12", false},
		{"^[+]1", "+12", true},
		{"^[+]1", ";12", false},
		{"^[+]1", "+q2", false},
		{"^11", "11", true},
		{"^11", "a1", false},
		{"^11", "1a", false},
		{"^11", "1\xb1", false},
		{"^00", "00", true},
		{"^00", "0", false},
		{"^00", "0\n", false},
		{"^0000000", "000000", false},
		{"^0000000", "0000000", true},
		{"^0000000", "00000009x", true},
		{"^0000000$", "0000000\n", true},
		{"^0000000$", "00000000", false},
		{"^3", "#3", false},
		{"^3", "#", false},
		{"^", "", true},
		{"^", "#", true},
		{"^$", "\n", true},
		{"^$", "0", false},
		{"^1[0-9]{16}$", "12345678901234567", true},
		{"^1[0-9]{16}$", "1234567890123456a", false},
		{"^1[0-9]{16}$", "12345678901234a67", false},
		{"^1[0-9]{14}$", "12345678901234a", false},
		{"^1[0-9]{14}$", "12345678901234\n", false},
		{"^1[0-9]{13}$", "12345678901234\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pattern_plains *plains;
		uint32_t id;
		many[0] = span_of_text(cases[i].pattern);
		assert_int_equal(build(&plains, 1), 1);
		assert_true(plains->is_short);
		if (pattern_plain_find(&id, plains, 0, span_of_text(cases[i].number)) != cases[i].is_taken)
			fail_msg("%s and %s", cases[i].pattern, cases[i].number);
		free(plains);
	}
}

/* Prefixes of seven digits whose search begins at the same of 1,024 slots. */
static void make_prefixes_alike(uint32_t count)
{
	for (uint32_t number = 0, found = 0; found < count; number++) {
		char text[8];
		uint64_t low = 0;
		assert_true(number < 10000000);
		snprintf(text, sizeof(text), "%07u", number);
		memcpy(&low, text, 7);
		if ((pattern_plain_hash(low, 0) & 1023) == 0)
			set_pattern(found++, "^%07u$", number);
	}
}

/* Whoever provisions may choose prefixes that stand in each other's way: of these so many have rows as are looked at
 * for one. */
static void no_prefix_is_looked_for_long(void **state)
{
	enum { ALIKE = 300 };
	struct pattern_plains *plains;
	uint32_t id;

	(void)state;
	make_prefixes_alike(ALIKE);
	assert_int_equal(build(&plains, ALIKE), PATTERN_PLAIN_PROBES_MAX);
	assert_int_equal(plains->row_count, PATTERN_PLAIN_PROBES_MAX);
	assert_int_equal(plains->slot_count, 1024);
	for (uint32_t i = 0; i < ALIKE; i++) {
		bool is_found = pattern_plain_find(&id, plains, 0, span_make(many_text[i] + 1, 7));
		assert_int_equal(is_found, i < PATTERN_PLAIN_PROBES_MAX);
		assert_true(!is_found || id == i);
	}
	free(plains);
	/* The first pattern is the one that finds no slot, since its prefix is the last: there are no rows at all. */
	struct span last = many[ALIKE - 1];
	memmove(many + 1, many, (ALIKE - 1) * sizeof(many[0]));
	many[0] = last;
	assert_int_equal(build(&plains, ALIKE), 0);
	assert_null(plains);
}

/* An id has 16 bits. */
static void more_patterns_than_ids_are_for_the_scan(void **state)
{
	enum { COUNT = UINT16_MAX + 3 };
	struct span *pattern = malloc(COUNT * sizeof(*pattern));
	char(*text)[16] = malloc(COUNT * sizeof(*text));
	struct pattern_plains *plains;
	uint32_t taken, id;

	(void)state;
	assert_true(pattern && text);
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(text[i], sizeof(text[i]), "^1%u$", i);
		pattern[i] = span_of_text(text[i]);
	}
	assert_int_equal(pattern_plain_build(&plains, &taken, pattern, COUNT), STATUS_OK);
	assert_int_equal(taken, UINT16_MAX + 1);
	assert_true(pattern_plain_find(&id, plains, 0, SPAN_LITERAL("165535")));
	assert_int_equal(id, UINT16_MAX);
	assert_false(pattern_plain_find(&id, plains, 0, SPAN_LITERAL("165536")));
	free(plains);
	free(text);
	free(pattern);
}

/* ---- against the scan and PCRE2 ---- */

#define OF_SET_MAX 96

/* Sets that are lists, and sets that are groups when all of their patterns are plain. */
static const struct {
	uint32_t sets, of_set, numbers;
} rounds[] = {{900, 8, 300}, {12, OF_SET_MAX, 3000}};

static uint32_t of_set;

#define NUMBER_BYTES_MAX 260

static uint64_t seed;

static uint32_t random_below(uint32_t end)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % end;
}

static const char *choose(const char *const *from, uint32_t count)
{
	return from[random_below(count)];
}

#define CHOOSE(...)                                                                                                    \
	choose((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Few bytes, so that numbers hit; now and then something that makes it another shape. */
static void make_pattern(char *text)
{
	*text = '\0';
	strcat(text, random_below(12) ? "^" : "");
	for (uint32_t n = random_below(4); n > 0; n--)
		strcat(text, CHOOSE("2", "2", "6", "\\+", "[+]", "a", "#", "\\*", "[26]", "[5-7]", "[2*]"));
	if (random_below(12) == 0)
		strcat(text, CHOOSE("?", "*", "|", "(6|2)", "(6|2+", "(6|26|)", "(?:2\\d|6)", "(2(6|#)|a)?", "[26]?",
				    ".", "{2}", "\\n", "[^6]", "2?", "(?!6)"));
	for (uint32_t n = random_below(3); n > 0; n--)
		strcat(text, CHOOSE("[0-9]", "\\d", "[0-9]+", "[0-9]*", "\\d?", "\\d{2}", "[0-9]{1,3}", "[0-9]{2,}"));
	if (random_below(12) == 0)
		strcat(text, CHOOSE("[0-9]{98}", "[0-9]{99}", "\\d{0,98}", "[0-9]{9,99}", "[0-9]{98,}"));
	strcat(text, CHOOSE("$", "$", "$", "", ".*", ".", "$\\n"));
}

static struct span make_number(char *text)
{
	static const char bytes[] = "222666507+*#a\n";
	uint32_t length = random_below(8), first_kinds = random_below(2) ? 9 : sizeof(bytes); /* the NUL too */

	if (random_below(40) == 0) /* about what a pattern may count to, and what a byte can say */
		length = (random_below(2) ? 98 : 250) + random_below(10);
	for (uint32_t i = 0; i < length; i++)
		text[i] = bytes[random_below(i > 7 ? 9 : first_kinds)];
	return span_make(text, length);
}

struct oracle {
	pcre2_code *code[OF_SET_MAX];
	pcre2_match_data *found;
};

struct tally {
	uint32_t plain, without_database, grouped, matches, long_matches;
};

static uint32_t ask_oracle(const struct oracle *oracle, uint32_t from, struct span number)
{
	for (; from < of_set; from++)
		if (pcre2_match(oracle->code[from], (PCRE2_SPTR)number.at, number.length, 0, 0, oracle->found, NULL) >=
		    0)
			return from;
	return NONE;
}

static uint32_t ask(const struct pattern_set *set, uint32_t from, struct span number, struct match_scratch *scratch)
{
	uint32_t id = NONE;

	return pattern_match_next(&id, set, from, number, scratch) ? id : NONE;
}

/* Every other set has nothing but plain patterns, and no database. */
static void make_patterns(char texts[OF_SET_MAX][64], struct span patterns[OF_SET_MAX], struct oracle *oracle,
			  bool all_plain)
{
	int error;
	PCRE2_SIZE offset;

	for (uint32_t i = 0; i < of_set; i++) {
		do {
			make_pattern(texts[i]);
			pcre2_code_free(oracle->code[i]);
			oracle->code[i] =
				pcre2_compile((PCRE2_SPTR)texts[i], PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
			/* Nobody else checks what has rows. */
			assert_true(oracle->code[i] || plain_rows(texts[i]) == 0);
		} while (!oracle->code[i] || texts[i][0] == '\0' || (all_plain && plain_rows(texts[i]) == 0));
		patterns[i] = span_of_text(texts[i]);
	}
}

/* What explain says of each pattern alone. */
static void compare_one_by_one(const struct pattern_set *set, const struct oracle *oracle, struct span number,
			       struct match_scratch *scratch)
{
	for (uint32_t i = 0; i < of_set; i++)
		assert_int_equal(pattern_match_one(set, i, number, scratch),
				 pcre2_match(oracle->code[i], (PCRE2_SPTR)number.at, number.length, 0, 0, oracle->found,
					     NULL) >= 0);
	assert_false(pattern_match_one(set, of_set, number, scratch));
}

static void compare_numbers(const struct pattern_set *set, const struct pattern_set *scanned,
			    const struct oracle *oracle, struct match_scratch *scratch, struct tally *tally,
			    uint32_t numbers)
{
	char text[NUMBER_BYTES_MAX];

	for (uint32_t n = 0; n < numbers; n++) {
		struct span number = make_number(text);
		uint32_t from = random_below(3) ? 0 : random_below(of_set + 1);
		uint32_t by_rows = ask(set, from, number, scratch), by_scan = ask(scanned, from, number, scratch);
		uint32_t expected = ask_oracle(oracle, from, number);
		if (by_rows != expected || by_scan != expected)
			fail_msg("\"" SPAN_FORMAT "\" (%u bytes) from %u: %d by rows, %d by scan, %d by PCRE2 (%s)",
				 SPAN_ARGUMENTS(number), number.length, from, (int)by_rows, (int)by_scan, (int)expected,
				 expected == NONE ? "none" : set->text[expected].at);
		if (n % 16 == 0)
			compare_one_by_one(set, oracle, number, scratch);
		tally->matches += expected < set->plain_count;
		tally->long_matches += expected < set->plain_count && number.length > 200;
	}
}

static void compare_set(bool all_plain, uint32_t numbers, struct match_scratch *scratch, struct tally *tally)
{
	static char texts[OF_SET_MAX][64];
	struct oracle oracle = {.found = pcre2_match_data_create(1, NULL)};
	struct span patterns[OF_SET_MAX];
	struct pattern_compiled *compiled;
	struct pattern_scanned scanned;
	struct pattern_error error;
	struct pattern_set set;

	make_patterns(texts, patterns, &oracle, all_plain);
	assert_int_equal(pattern_set_build_compile(&compiled, patterns, of_set, &error), STATUS_OK);
	pattern_set_build_view(&set, compiled, NULL);
	assert_int_equal(set.database == NULL, set.plain_count == of_set);
	if (set.database)
		assert_int_equal(hs_alloc_scratch(set.database, &scratch->hyperscan), HS_SUCCESS);
	pattern_scanned_make(&scanned, patterns, of_set, scratch);
	compare_numbers(&set, &scanned.set, &oracle, scratch, tally, numbers);
	tally->plain += set.plain_count;
	tally->without_database += set.database == NULL;
	tally->grouped += set.plain && set.plain->slot_count;
	pattern_scanned_free(&scanned);
	pattern_set_build_release(compiled);
	for (uint32_t i = 0; i < of_set; i++)
		pcre2_code_free(oracle.code[i]);
	pcre2_match_data_free(oracle.found);
}

static void rows_scan_and_pcre2_agree(void **state)
{
	struct match_scratch scratch;

	(void)state;
	pattern_set_fixture_init(&scratch);
	for (uint32_t round = 0; round < sizeof(rounds) / sizeof(rounds[0]); round++) {
		uint32_t sets = rounds[round].sets, numbers = sets * rounds[round].numbers;
		struct tally tally = {0};
		of_set = rounds[round].of_set;
		for (uint32_t s = 0; s < sets; s++) {
			seed = s;
			compare_set(s % 2, rounds[round].numbers, &scratch, &tally);
		}
		print_message("%u plain patterns of %u, %u numbers of %u taken by one, %u long ones, %u sets of %u in "
			      "groups\n",
			      tally.plain, sets * of_set, tally.matches, numbers, tally.long_matches, tally.grouped,
			      sets);
		assert_true(tally.plain > sets * of_set / 4 && tally.without_database > sets / 3);
		assert_true(of_set == OF_SET_MAX ? tally.grouped > sets / 3
						 : tally.plain - of_set * tally.without_database > sets / 4);
		assert_true(tally.matches > numbers / 10);
		assert_true(tally.long_matches > numbers / 3000);
	}
	pattern_set_fixture_free_scratch(&scratch);
}

#define JUMBLES 400000

/* Nobody writes these; somebody will send them. Most are no expression at all, and those must not have rows. */
static void make_jumble(char *text)
{
	static const char bytes[] = "226+#a()()[]|?{}*\\d.$-,:^0";
	uint32_t length = random_below(9);

	text[0] = '^';
	for (uint32_t i = 1; i <= length; i++)
		text[i] = bytes[random_below(sizeof(bytes) - 1)];
	strcpy(text + 1 + length, CHOOSE("$", "", "[0-9]$", ")$", "2)?$"));
}

static void whatever_has_rows_means_the_same_to_pcre2(void **state)
{
	pcre2_match_data *found = pcre2_match_data_create(1, NULL);
	uint32_t with_rows = 0, grouped = 0, matches = 0;

	(void)state;
	seed = 1;
	for (uint32_t i = 0; i < JUMBLES; i++) {
		char text[32], bytes[NUMBER_BYTES_MAX];
		struct pattern_plains *plains;
		uint32_t taken, id;
		int error;
		PCRE2_SIZE offset;
		make_jumble(text);
		struct span pattern = span_of_text(text);
		assert_int_equal(pattern_plain_build(&plains, &taken, &pattern, 1), STATUS_OK);
		if (!taken)
			continue;
		pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
		if (!code)
			fail_msg("%s has rows, and is no regular expression", text);
		for (uint32_t n = 0; n < 40; n++) {
			struct span number = make_number(bytes);
			bool by_rows = pattern_plain_find(&id, plains, 0, number);
			if (by_rows !=
			    (pcre2_match(code, (PCRE2_SPTR)number.at, number.length, 0, 0, found, NULL) >= 0))
				fail_msg("%s and \"" SPAN_FORMAT "\": %d by rows", text, SPAN_ARGUMENTS(number),
					 by_rows);
			matches += by_rows;
		}
		with_rows++;
		grouped += strchr(text, '(') != NULL;
		pcre2_code_free(code);
		free(plains);
	}
	print_message("%u of %u have rows, %u with a group; %u numbers taken\n", with_rows, JUMBLES, grouped, matches);
	assert_true(with_rows > JUMBLES / 100 && grouped > JUMBLES / 2000 && matches > JUMBLES / 20);
	pcre2_match_data_free(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(too_long_is_not_plain),
		cmocka_unit_test(rows_stand_for_the_first_patterns),
		cmocka_unit_test(many_rows_are_found_by_their_prefix),
		cmocka_unit_test(long_prefixes_are_told_apart),
		cmocka_unit_test(a_group_is_no_larger_than_may_be_read),
		cmocka_unit_test(short_prefixes_take_half_of_the_room),
		cmocka_unit_test(short_prefixes_are_taken_for_no_others),
		cmocka_unit_test(no_prefix_is_looked_for_long),
		cmocka_unit_test(more_patterns_than_ids_are_for_the_scan),
		cmocka_unit_test(rows_scan_and_pcre2_agree),
		cmocka_unit_test(whatever_has_rows_means_the_same_to_pcre2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
