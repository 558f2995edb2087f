/*
 * Friend patterns, as the router matches them (rows of the plain ones, a scan for the others) and all by scan, against
 * PCRE2's interpreter, which shares no code with Hyperscan (R7); and whole companies against a naive model of priority
 * and tie-break (R8).
 *
 * AMITY_PATTERN_PAIRS: how many (pattern, number) pairs, 1,000,000 unless set. AMITY_PATTERN_SEED: another plan.
 * AMITY_PATTERN_LIBRARY: the folder that libhs must have been loaded from.
 */
#include <dlfcn.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>
#include <sodium.h>

#include "cmocka_all.h"
#include "company_build.h"
#include "number_plan.h"
#include "pattern_plain_build.h"
#include "pattern_scanned.h"
#include "pattern_set_fixture.h"
#include "provision_text.h"

#define NONE	     UINT32_MAX
#define PAIRS	     1000000
#define PATTERNS     40
#define PLAIN	     10 /* of them, at least, and first, where they are the usual ones */
#define SET_NUMBERS  (PATTERNS * 6)
#define COMPANIES    60
#define FRIENDS_MAX  12
#define OF_FRIEND    3
#define SEED_DEFAULT 20261124

/*
 * The one known difference (R7): what backtracks beyond MATCH_STEPS_MAX does not match in the router. A pair that
 * exceeds even the oracle's limit is judged by neither.
 */
#define ORACLE_STEPS_MAX       200000
#define PAIRS_PER_GIVEN_UP_MIN 500

static uint64_t seed_of_run(void)
{
	const char *wanted = getenv("AMITY_PATTERN_SEED");
	return wanted ? strtoull(wanted, NULL, 10) : SEED_DEFAULT;
}

static uint64_t pairs_of_run(void)
{
	const char *wanted = getenv("AMITY_PATTERN_PAIRS");
	return wanted ? strtoull(wanted, NULL, 10) : PAIRS;
}

/* A run against Vectorscan proves something only if Vectorscan ran. */
static void the_library_is_the_one_asked_for(void **state)
{
	(void)state;
	const char *wanted = getenv("AMITY_PATTERN_LIBRARY");
	Dl_info found;
	assert_true(dladdr(dlsym(RTLD_DEFAULT, "hs_version"), &found));
	char *path = realpath(found.dli_fname, NULL);
	assert_non_null(path);
	printf("%s from %s\n", hs_version(), path);
	if (wanted)
		assert_int_equal(strncmp(path, wanted, strlen(wanted)), 0);
	free(path);
}

/* ---- the oracle ---- */

struct oracle {
	pcre2_match_data *found;
	pcre2_match_context *limits;
};

static struct oracle oracle_open(void)
{
	struct oracle oracle = {pcre2_match_data_create(1, NULL), pcre2_match_context_create(NULL)};
	assert_non_null(oracle.found);
	assert_non_null(oracle.limits);
	pcre2_set_match_limit(oracle.limits, ORACLE_STEPS_MAX);
	return oracle;
}

static void oracle_close(struct oracle *oracle)
{
	pcre2_match_data_free(oracle->found);
	pcre2_match_context_free(oracle->limits);
}

/* NULL: PCRE2 refuses the pattern. */
static pcre2_code *oracle_compile(struct span pattern)
{
	int error;
	PCRE2_SIZE offset;
	return pcre2_compile((PCRE2_SPTR)pattern.at, pattern.length, 0, &error, &offset, NULL);
}

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_OVER_LIMIT,
};

static enum answer oracle_ask(const struct oracle *oracle, const pcre2_code *code, struct span number)
{
	int result = pcre2_match(code, (PCRE2_SPTR)number.at, number.length, 0, 0, oracle->found, oracle->limits);
	if (result == PCRE2_ERROR_MATCHLIMIT)
		return ANSWER_OVER_LIMIT;
	if (result < 0 && result != PCRE2_ERROR_NOMATCH)
		fail_msg("the oracle failed: PCRE2 error %d", result);
	return result >= 0 ? ANSWER_YES : ANSWER_NO;
}

/* ---- one set ---- */

struct plan_set {
	struct number_plan_pattern plan[PATTERNS];
	struct span text[PATTERNS];
	pcre2_code *code[PATTERNS];
	struct number number[SET_NUMBERS];
	struct pattern_compiled *compiled;
	struct pattern_set set;
	struct pattern_scanned scanned;
};

static void make_plan(struct plan_set *made, enum number_plan_style style, uint64_t *seed)
{
	for (uint32_t i = 0; i < PATTERNS; i++) {
		bool wants_plain = style == NUMBER_PLAN_USUAL && i < PLAIN;
		do {
			number_plan_make(&made->plan[i], style, seed);
			made->text[i] = span_make(made->plan[i].pattern.text, made->plan[i].pattern.length);
			made->code[i] = wants_plain && !pattern_plain_build_is(made->text[i])
						? NULL
						: oracle_compile(made->text[i]);
		} while (!made->code[i]);
	}
	for (uint32_t i = 0; i < SET_NUMBERS; i++) {
		const struct number_plan_pattern *near = &made->plan[i % PATTERNS];
		/* The first two rounds take samples as they are. */
		uint32_t kind = i < 2 * PATTERNS ? 0 : 1 + number_plan_random(seed, NUMBER_PLAN_NEIGHBOURS);
		number_plan_neighbour(&made->number[i], &near->sample[number_plan_random(seed, NUMBER_PLAN_SAMPLES)],
				      kind, seed);
	}
}

static void compile_plan(struct plan_set *made, struct match_scratch *scratch)
{
	struct pattern_error error;
	enum status status = pattern_set_build_compile(&made->compiled, made->text, PATTERNS, &error);
	if (status != STATUS_OK)
		fail_msg("%s: pattern %s: %s at %u", status_text(status), made->text[error.index].at, error.message,
			 error.offset);
	pattern_set_build_view(&made->set, made->compiled, NULL);
	pattern_scanned_make(&made->scanned, made->text, PATTERNS, scratch);
}

static void free_plan(struct plan_set *made)
{
	for (uint32_t i = 0; i < PATTERNS; i++)
		pcre2_code_free(made->code[i]);
	pattern_set_build_release(made->compiled);
	pattern_scanned_free(&made->scanned);
}

static void grow_scratch(struct match_scratch *scratch, const struct pattern_set *set)
{
	if (set->database)
		assert_int_equal(hs_alloc_scratch(set->database, &scratch->hyperscan), HS_SUCCESS);
}

static const char *shown(char text[4 * NUMBER_BYTES_MAX + 1], struct span number)
{
	uint32_t length = 0;
	text[0] = '\0';
	for (uint32_t i = 0; i < number.length; i++) {
		bool plain = number.at[i] >= ' ' && number.at[i] <= '~';
		length += (uint32_t)snprintf(text + length, 5, plain ? "%c" : "\\x%02x", (uint8_t)number.at[i]);
	}
	return text;
}

struct tally {
	uint64_t pairs, matches, plain, confirmed, numbers, found, given_up;
};

/* Result: does the router take it? */
static bool compare_pair(struct tally *tally, const struct plan_set *made, uint32_t id, struct span number,
			 struct match_scratch *scratch, const struct oracle *oracle)
{
	char text[4 * NUMBER_BYTES_MAX + 1];
	uint32_t given_up = scratch->given_up;
	enum answer expected = oracle_ask(oracle, made->code[id], number);
	bool matches = pattern_match_one(&made->set, id, number, scratch);
	tally->pairs++;
	tally->matches += matches;
	if (id < made->set.plain_count) {
		tally->plain++;
		if (pattern_match_one(&made->scanned.set, id, number, scratch) != matches)
			fail_msg("%s %s \"%s\" by its row, and not by scan", made->text[id].at,
				 matches ? "matches" : "does not match", shown(text, number));
	}
	if (scratch->given_up != given_up || expected == ANSWER_OVER_LIMIT) {
		assert_true(scratch->given_up == given_up || !matches);
		tally->given_up++;
	} else if (matches != (expected == ANSWER_YES)) {
		fail_msg("PCRE2 says that %s %s \"%s\"", made->text[id].at, matches ? "does not match" : "matches",
			 shown(text, number));
	}
	return matches;
}

static void compare_number(struct tally *tally, const struct plan_set *made, struct span number,
			   struct match_scratch *scratch, const struct oracle *oracle)
{
	char text[4 * NUMBER_BYTES_MAX + 1];
	uint32_t expected = NONE, got = NONE;
	for (uint32_t i = 0; i < PATTERNS; i++)
		if (compare_pair(tally, made, i, number, scratch, oracle) && expected == NONE)
			expected = i;
	if (pattern_match_first(&got, &made->set, number, scratch) != (expected != NONE) || got != expected)
		fail_msg("\"%s\": the first that matches is %u, not %u", shown(text, number), expected, got);
	tally->numbers++;
	tally->found += expected != NONE;
}

static void r7_every_pair_agrees_with_pcre2(void **state)
{
	(void)state;
	uint64_t seed = seed_of_run(), wanted = pairs_of_run();
	struct plan_set *made = calloc(1, sizeof(*made));
	struct match_scratch scratch;
	struct oracle oracle = oracle_open();
	struct tally tally = {0};
	assert_non_null(made);
	pattern_set_fixture_init(&scratch);
	for (uint32_t style = 0; tally.pairs < wanted; style = (style + 1) % NUMBER_PLAN_STYLES) {
		make_plan(made, style, &seed);
		compile_plan(made, &scratch);
		grow_scratch(&scratch, &made->set);
		tally.confirmed += pattern_set_build_confirmed_count(made->compiled);
		for (uint32_t i = 0; i < SET_NUMBERS; i++)
			compare_number(&tally, made, number_text(&made->number[i]), &scratch, &oracle);
		free_plan(made);
	}
	printf("Hyperscan %s: %llu pairs of %llu patterns (%llu confirmed by PCRE2) and %llu numbers; %llu match, "
	       "%llu numbers are taken, %llu pairs over the limit\n",
	       hs_version(), (unsigned long long)tally.pairs,
	       (unsigned long long)(tally.numbers / SET_NUMBERS * PATTERNS), (unsigned long long)tally.confirmed,
	       (unsigned long long)tally.numbers, (unsigned long long)tally.matches, (unsigned long long)tally.found,
	       (unsigned long long)tally.given_up);
	/* A plan that seldom matches, or never needs the confirmation, would prove little. */
	assert_true(tally.matches > tally.pairs / 20);
	assert_true(tally.matches < tally.pairs / 2);
	assert_true(tally.plain > tally.pairs / 15);
	assert_true(tally.confirmed * SET_NUMBERS > tally.pairs / 20);
	assert_true(tally.confirmed * SET_NUMBERS < tally.pairs / 2);
	assert_true(tally.found < tally.numbers);
	assert_true(tally.given_up * PAIRS_PER_GIVEN_UP_MIN <= tally.pairs);
	pattern_set_fixture_free_scratch(&scratch);
	oracle_close(&oracle);
	free(made);
}

/* ---- whole companies ---- */

struct plan_friend {
	char name[16];
	uint32_t priority;
	uint32_t count;
	struct number_plan_pattern pattern[OF_FRIEND];
	pcre2_code *code[OF_FRIEND];
};

struct plan_company {
	uint32_t count;
	struct plan_friend friends[FRIENDS_MAX];
};

/* Names that differ late, in case, or in length only: bytewise order is not an alphabet's. */
static void name_friend(struct plan_friend *friend, const struct plan_company *company, uint64_t *seed)
{
	static const char letters[] = "aAbZ_-.0";
	bool taken = true;
	while (taken) {
		uint32_t length = 1 + number_plan_random(seed, 4);
		for (uint32_t i = 0; i < length; i++)
			friend->name[i] = letters[number_plan_random(seed, sizeof(letters) - 1)];
		friend->name[length] = '\0';
		taken = false;
		for (uint32_t i = 0; i < company->count; i++)
			taken |= strcmp(company->friends[i].name, friend->name) == 0;
	}
}

static void make_company(struct plan_company *company, uint64_t *seed)
{
	uint32_t friends = 1 + number_plan_random(seed, FRIENDS_MAX);
	for (company->count = 0; company->count < friends; company->count++) {
		struct plan_friend *friend = &company->friends[company->count];
		name_friend(friend, company, seed);
		friend->priority = number_plan_random(seed, 3);
		friend->count = number_plan_random(seed, OF_FRIEND + 1);
		for (uint32_t i = 0; i < friend->count; i++) {
			do {
				number_plan_make(&friend->pattern[i], number_plan_random(seed, NUMBER_PLAN_STYLES),
						 seed);
				friend->code[i] = oracle_compile(span_of_text(friend->pattern[i].pattern.text));
			} while (!friend->code[i]);
		}
	}
}

static void write_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++)
		fputs(*text == '\'' ? "''" : (const char[2]){*text}, out);
	fputc('\'', out);
}

static struct company_block *build_company(const struct plan_company *plan)
{
	static const struct secret_keys keys = {.aor_key = "0123456789abcde"};
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	fputs("companies:\n- name: c\n  domain: c.example\n  country: ES\n  friends:\n", out);
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct plan_friend *friend = &plan->friends[i];
		fprintf(out, "  - {name: '%s', password: p, priority: %u, patterns: [", friend->name, friend->priority);
		for (uint32_t k = 0; k < friend->count; k++) {
			write_quoted(out, friend->pattern[k].pattern.text);
			fputs(k + 1 < friend->count ? ", " : "", out);
		}
		fputs("]}\n", out);
	}
	fclose(out);
	struct model *model = provision_text_must(text);
	struct pattern_pool *pool;
	struct pattern_error error;
	struct company_block *block;
	assert_int_equal(pattern_pool_create(&pool), STATUS_OK);
	assert_int_equal(company_build(&block, &model_companies(model)[0], &keys, pool, &error), STATUS_OK);
	pattern_pool_free(pool);
	model_free(model);
	free(text);
	return block;
}

/* R8 as it is written: among the friends of whom any pattern matches, the least priority, then the name bytewise. */
static const struct plan_friend *naive_friend(const struct plan_company *company, struct span number,
					      const struct oracle *oracle)
{
	const struct plan_friend *best = NULL;
	for (uint32_t i = 0; i < company->count; i++) {
		const struct plan_friend *friend = &company->friends[i];
		bool matches = false;
		for (uint32_t k = 0; k < friend->count && !matches; k++)
			matches = oracle_ask(oracle, friend->code[k], number) == ANSWER_YES;
		if (!matches)
			continue;
		if (!best || friend->priority < best->priority ||
		    (friend->priority == best->priority && strcmp(friend->name, best->name) < 0))
			best = friend;
	}
	return best;
}

/* Result: false when a limit was reached, the known difference above. */
static bool check_number(const struct plan_company *plan, const struct company *company, struct span number,
			 struct match_scratch *scratch, const struct oracle *oracle)
{
	const struct plan_friend *expected = naive_friend(plan, number, oracle);
	uint32_t id = NONE, given_up = scratch->given_up;
	bool found = pattern_match_first(&id, &company->friends, number, scratch);
	if (scratch->given_up != given_up)
		return false;
	const char *got = found ? company->endpoint[company->friends.owner[id]].name.at : "none";
	char text[4 * NUMBER_BYTES_MAX + 1];
	if (found != (expected != NULL) || (expected && strcmp(got, expected->name) != 0))
		fail_msg("\"%s\" goes to %s, not to %s", shown(text, number), got, expected ? expected->name : "none");
	return true;
}

/* Result: how many numbers were compared. */
static uint32_t check_company(const struct plan_company *plan, const struct company *company,
			      struct match_scratch *scratch, const struct oracle *oracle, uint64_t *seed)
{
	uint32_t numbers = 0;
	for (uint32_t i = 0; i < plan->count; i++) {
		for (uint32_t k = 0; k < plan->friends[i].count; k++) {
			for (uint32_t kind = 0; kind <= NUMBER_PLAN_NEIGHBOURS; kind++) {
				struct number number;
				number_plan_neighbour(&number,
						      &plan->friends[i].pattern[k].sample[kind % NUMBER_PLAN_SAMPLES],
						      kind, seed);
				numbers += check_number(plan, company, number_text(&number), scratch, oracle);
			}
		}
	}
	return numbers;
}

static void r8_friends_agree_with_the_naive_model(void **state)
{
	(void)state;
	uint64_t seed = seed_of_run();
	uint32_t numbers = 0;
	struct plan_company *plan = calloc(1, sizeof(*plan));
	struct match_scratch scratch;
	struct oracle oracle = oracle_open();
	assert_non_null(plan);
	pattern_set_fixture_init(&scratch);
	for (uint32_t i = 0; i < COMPANIES; i++) {
		make_company(plan, &seed);
		struct company_block *block = build_company(plan);
		const struct company *company = company_build_view(block);
		grow_scratch(&scratch, &company->friends);
		numbers += check_company(plan, company, &scratch, &oracle, &seed);
		company_build_release(block);
		for (uint32_t f = 0; f < plan->count; f++)
			for (uint32_t k = 0; k < plan->friends[f].count; k++)
				pcre2_code_free(plan->friends[f].code[k]);
	}
	printf("%u companies, %u numbers, %u confirmations over the limit\n", COMPANIES, numbers, scratch.given_up);
	assert_true(numbers > COMPANIES * FRIENDS_MAX * OF_FRIEND);
	assert_true(scratch.given_up <= numbers / 100);
	pattern_set_fixture_free_scratch(&scratch);
	oracle_close(&oracle);
	free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_is_the_one_asked_for),
		cmocka_unit_test(r7_every_pair_agrees_with_pcre2),
		cmocka_unit_test(r8_friends_agree_with_the_naive_model),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
