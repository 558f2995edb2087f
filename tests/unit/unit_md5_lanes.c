/*
 * MD5 side by side against OpenSSL, in each variant that this CPU has.
 */
#include "cmocka_all.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "guard_page.h"
#include "md5_lanes.h"

#define LENGTH_MAX 300
#define TEXTS_MAX  (3 * MD5_LANES + 1)
#define ROOM	   ((LENGTH_MAX / MD5_LANES_BLOCK_BYTES + 2) * MD5_LANES_BLOCK_BYTES)

static struct guard_page guarded[TEXTS_MAX];

/* As many as fill the registers of one way to go about it. */
static const uint32_t full[] = {MD5_LANES_FEW, MD5_LANES / 4, MD5_LANES / 2, MD5_LANES};
#define FULL_COUNT (sizeof(full) / sizeof(full[0]))

/* Fills a text of that length with random bytes, its last block up against the guard page, and says its hash. */
static struct md5_text make_text(uint8_t hash[MD5_LANES_HASH_BYTES], uint32_t index, uint32_t length)
{
	char text[ROOM];
	size_t hash_length;

	memset(text, 'x', sizeof(text));
	uint32_t block_count = md5_lanes_pad(text, length);
	for (uint32_t i = 0; i < length; i++)
		text[i] = (char)rand();
	assert_true(EVP_Q_digest(NULL, "MD5", NULL, text, length, hash, &hash_length));
	assert_int_equal(block_count, (length + 9 + 63) / 64);
	struct span placed = guard_page_place(&guarded[index], span_make(text, block_count * MD5_LANES_BLOCK_BYTES));
	return (struct md5_text){placed.at, block_count};
}

/* As many texts as given; `length_of` says how long each is. */
static void check(uint32_t count, uint32_t (*length_of)(uint32_t index, uint32_t seed), uint32_t seed)
{
	uint8_t right[TEXTS_MAX][MD5_LANES_HASH_BYTES], hash[TEXTS_MAX + 1][MD5_LANES_HASH_BYTES];
	struct md5_text text[TEXTS_MAX];

	for (uint32_t i = 0; i < count; i++)
		text[i] = make_text(right[i], i, length_of(i, seed));
	for (int variant = MD5_LANES_SCALAR; variant <= MD5_LANES_AVX512; variant++) {
		if (!md5_lanes_select((enum md5_lanes_variant)variant))
			continue;
		memset(hash, 0x5a, sizeof(hash));
		md5_lanes_hash(hash, text, count);
		assert_memory_equal(hash, right, count * sizeof(hash[0]));
		for (uint32_t i = 0; i < MD5_LANES_HASH_BYTES; i++)
			assert_int_equal(hash[count][i], 0x5a); /* nothing is written for lanes without a text */
	}
}

static uint32_t equal(uint32_t index, uint32_t seed)
{
	(void)index;
	return seed;
}

static uint32_t rising(uint32_t index, uint32_t seed)
{
	return (seed + index * 67) % (LENGTH_MAX + 1);
}

static uint32_t random_length(uint32_t index, uint32_t seed)
{
	(void)index, (void)seed;
	return (uint32_t)rand() % (LENGTH_MAX + 1);
}

/* One long text among short ones, in every lane. */
static uint32_t one_long(uint32_t index, uint32_t seed)
{
	return index == seed ? LENGTH_MAX : 1;
}

static uint32_t one_short(uint32_t index, uint32_t seed)
{
	return index == seed ? 0 : LENGTH_MAX;
}

static void every_length(void **state)
{
	(void)state;
	for (uint32_t length = 0; length <= LENGTH_MAX; length++) {
		for (uint32_t count = 1; count <= MD5_LANES + 1; count++)
			check(count, rising, length);
		for (uint32_t i = 0; i < FULL_COUNT; i++)
			check(full[i], equal, length);
	}
}

static void every_count(void **state)
{
	(void)state;
	for (uint32_t count = 0; count <= TEXTS_MAX; count++)
		for (int round = 0; round < 20; round++)
			check(count, random_length, 0);
}

static void lanes_end_apart(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= MD5_LANES; count++)
		for (uint32_t lane = 0; lane < count; lane++) {
			check(count, one_long, lane);
			check(count, one_short, lane);
		}
}

/* A text's hash is the same whatever stands in the other lanes. */
static void check_lane(uint32_t lane, uint32_t count)
{
	uint8_t right[MD5_LANES_HASH_BYTES], other[MD5_LANES_HASH_BYTES], hash[MD5_LANES][MD5_LANES_HASH_BYTES];
	struct md5_text text[MD5_LANES];

	for (int round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < count; i++)
			text[i] = make_text(i == lane ? right : other, i, random_length(0, 0));
		md5_lanes_hash(hash, text, count);
		assert_memory_equal(hash[lane], right, sizeof(right));
	}
}

static void lanes_do_not_leak(void **state)
{
	(void)state;
	md5_lanes_select_best();
	for (uint32_t i = 0; i < FULL_COUNT; i++)
		for (uint32_t lane = 0; lane < full[i]; lane++)
			check_lane(lane, full[i]);
}

/* Texts in two goes, cut at any block: none before it, or all. */
static void check_in_two(uint32_t count)
{
	uint8_t right[TEXTS_MAX][MD5_LANES_HASH_BYTES], hash[TEXTS_MAX + 1][MD5_LANES_HASH_BYTES];
	struct md5_text text[TEXTS_MAX], rest[TEXTS_MAX];

	for (uint32_t i = 0; i < count; i++)
		text[i] = make_text(right[i], i, random_length(0, 0));
	for (int variant = MD5_LANES_SCALAR; variant <= MD5_LANES_AVX512; variant++) {
		if (!md5_lanes_select((enum md5_lanes_variant)variant))
			continue;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t all = text[i].block_count, before = (uint32_t)rand() % (all + 1);
			rest[i] = (struct md5_text){text[i].block + (before < all ? before : 0) * MD5_LANES_BLOCK_BYTES,
						    all - before};
			text[i].block_count = before;
		}
		memset(hash, 0x5a, sizeof(hash));
		md5_lanes_hash(hash, text, count);
		md5_lanes_hash_on(hash, rest, count);
		assert_memory_equal(hash, right, count * sizeof(hash[0]));
		for (uint32_t i = 0; i < MD5_LANES_HASH_BYTES; i++)
			assert_int_equal(hash[count][i], 0x5a);
		for (uint32_t i = 0; i < count; i++)
			text[i].block_count += rest[i].block_count;
	}
}

static void a_text_goes_on(void **state)
{
	(void)state;
	for (uint32_t count = 0; count <= TEXTS_MAX; count++)
		for (int round = 0; round < 10; round++)
			check_in_two(count);
}

static void the_best_variant_is_one_that_is_there(void **state)
{
	enum md5_lanes_variant best = md5_lanes_select_best();

	(void)state;
	assert_true(md5_lanes_select(best));
	for (int variant = (int)best + 1; variant <= MD5_LANES_AVX512; variant++)
		assert_false(md5_lanes_select((enum md5_lanes_variant)variant));
	assert_true(md5_lanes_select(MD5_LANES_SCALAR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length),	   cmocka_unit_test(every_count),
		cmocka_unit_test(lanes_end_apart), cmocka_unit_test(lanes_do_not_leak),
		cmocka_unit_test(a_text_goes_on),  cmocka_unit_test(the_best_variant_is_one_that_is_there),
	};

	for (uint32_t i = 0; i < TEXTS_MAX; i++)
		guard_page_build(&guarded[i], ROOM);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
