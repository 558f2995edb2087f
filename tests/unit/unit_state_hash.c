#include "cmocka_all.h"

#include "guard_page.h"
#include "state_number.h"

#define TEXTS	4096
#define BUCKETS 64

static const uint8_t key[STATE_HASH_KEY_BYTES] = "0123456789abcde";

static bool is_number; /* state_number.h instead of state_hash.h */

static uint64_t number_of_fields(const uint8_t *with_key, uint8_t purpose, struct span a, struct span b)
{
	struct state_number number;

	state_number_begin(&number, with_key, purpose);
	state_number_add(&number, a);
	state_number_add(&number, b);
	return state_number_finish(&number);
}

static uint64_t hash_fields(const uint8_t *with_key, uint8_t purpose, struct span a, struct span b)
{
	struct state_hash hash;
	uint8_t name[16];
	uint64_t half[2], number;

	if (is_number)
		return number_of_fields(with_key, purpose, a, b);
	state_hash_begin(&hash, with_key, purpose);
	state_hash_add(&hash, a);
	state_hash_add(&hash, b);
	state_hash_finish(&hash, name);
	number = state_hash_finish_number(&hash);
	memcpy(half, name, sizeof(half));
	assert_int_not_equal(half[0], half[1]);
	assert_int_equal(number, half[0]);
	return number;
}

static void expect_all_differ(const uint64_t *number, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(number[i], number[j]);
}

static void fields_keys_and_purposes_are_kept_apart(void **state)
{
	const struct span none = {0};
	uint64_t number[] = {
		hash_fields(key, 'p', SPAN_LITERAL("abc"), SPAN_LITERAL("de")),
		hash_fields(key, 'p', SPAN_LITERAL("ab"), SPAN_LITERAL("cde")),
		hash_fields(key, 'p', SPAN_LITERAL("abcde"), none),
		hash_fields(key, 'p', none, SPAN_LITERAL("abcde")),
		hash_fields(key, 'q', SPAN_LITERAL("abc"), SPAN_LITERAL("de")),
		hash_fields((const uint8_t *)"1123456789abcde", 'p', SPAN_LITERAL("abc"), SPAN_LITERAL("de")),
		hash_fields((const uint8_t *)"0123456789abcdf", 'p', SPAN_LITERAL("abc"), SPAN_LITERAL("de")),
		hash_fields(key, 'p', none, none),
	};

	(void)state;
	expect_all_differ(number, sizeof(number) / sizeof(number[0]));
}

/* Overlapping words look alike; the length does not. Nothing outside the text is read. */
static void every_length_has_its_own(void **state)
{
	uint64_t number[80];
	struct guard_page guard;
	char text[80];

	(void)state;
	memset(text, 'a', sizeof(text));
	guard_page_build(&guard, sizeof(text));
	for (uint32_t length = 0; length < sizeof(text); length++) {
		struct span last = guard_page_place(&guard, span_make(text, length));
		number[length] = hash_fields(key, 'p', last, (struct span){0});
		struct span first = guard_page_place_first(&guard, span_make(text, length));
		assert_int_equal(hash_fields(key, 'p', first, (struct span){0}), number[length]);
	}
	guard_page_free(&guard);
	expect_all_differ(number, 80);
}

static void every_byte_counts(void **state)
{
	uint64_t number[71];
	char text[70];

	(void)state;
	for (uint32_t length = 1; length <= sizeof(text); length++) {
		memset(text, 'a', sizeof(text));
		number[length] = hash_fields(key, 'p', span_make(text, length), (struct span){0});
		for (uint32_t i = 0; i < length; i++) {
			text[i] = 'b';
			number[i] = hash_fields(key, 'p', span_make(text, length), (struct span){0});
			text[i] = 'a';
		}
		expect_all_differ(number, length + 1);
	}
}

static uint64_t number_of_numbers(uint64_t i)
{
	struct state_number number;

	state_number_begin(&number, key, 'p');
	state_number_add_numbers(&number, i & 1, i >> 1 & 1);
	state_number_add_numbers(&number, i >> 2 & 1, i >> 3);
	return state_number_finish(&number);
}

static void numbers_and_their_order_count(void **state)
{
	uint64_t number[16];

	(void)state;
	for (uint64_t i = 0; i < 16; i++) {
		struct state_hash hash;
		state_hash_begin(&hash, key, 'p');
		state_hash_add_numbers(&hash, i & 1, i >> 1 & 1);
		state_hash_add_numbers(&hash, i >> 2 & 1, i >> 3);
		number[i] = is_number ? number_of_numbers(i) : state_hash_finish_number(&hash);
	}
	expect_all_differ(number, 16);
}

/* Names as alike as those of calls that one machine makes fill the buckets of a table evenly, by each end of them. */
static void they_are_spread_evenly(void **state)
{
	uint32_t low[BUCKETS] = {0}, high[BUCKETS] = {0};

	(void)state;
	for (uint32_t i = 0; i < TEXTS; i++) {
		char text[64];
		int length = snprintf(text, sizeof(text), "%08x-3848276298220188511@192.0.2.7", i);
		uint64_t number = hash_fields(key, 'p', span_make(text, (uint32_t)length), (struct span){0});
		low[number % BUCKETS]++;
		high[number / (UINT64_MAX / BUCKETS + 1)]++;
	}
	/* 64 on average; five standard deviations. */
	for (uint32_t i = 0; i < BUCKETS; i++) {
		assert_in_range(low[i], TEXTS / BUCKETS - 40, TEXTS / BUCKETS + 40);
		assert_in_range(high[i], TEXTS / BUCKETS - 40, TEXTS / BUCKETS + 40);
	}
}

/* Cookies carry such a number (call_track_hash_tag()): dialogs outlive the router's update. */
static void what_cookies_carry_is_the_same_in_every_version(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t number;
	} rows[] = {
		{"a", 0x1975ab8454763514},
		{"calleetag", 0x230bf89237cbd7bd},
		{"as58f4ae47-20bf-4b1c-9d5e", 0x69221566eef71193},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct state_hash hash;
		state_hash_begin(&hash, key, 'd');
		state_hash_add(&hash, span_of_text(rows[i].text));
		assert_int_equal(state_hash_finish_number(&hash), rows[i].number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_keys_and_purposes_are_kept_apart),
		cmocka_unit_test(every_length_has_its_own),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(numbers_and_their_order_count),
		cmocka_unit_test(they_are_spread_evenly),
		cmocka_unit_test(what_cookies_carry_is_the_same_in_every_version),
	};

	int failed = cmocka_run_group_tests_name("state_hash", tests, NULL, NULL);
	is_number = true;
	return failed + cmocka_run_group_tests_name("state_number", tests, NULL, NULL);
}
