#include "cmocka_all.h"

#include <sodium.h>

#include "keyed_hash.h"

static const uint8_t key[KEYED_HASH_KEY_BYTES] = "0123456789abcde";

static void hash_fields(uint8_t mac[KEYED_HASH_BYTES], uint8_t purpose, struct span a, struct span b)
{
	struct keyed_hash hash;

	keyed_hash_begin(&hash, key, purpose);
	keyed_hash_add(&hash, a);
	keyed_hash_add(&hash, b);
	keyed_hash_finish(&hash, mac);
}

static void a_short_one_is_one_siphash(void **state)
{
	static const char block[] = "p\0\0\0\0\3\0\0\0abc\2\0\0\0de";
	uint8_t mac[KEYED_HASH_BYTES], expected[KEYED_HASH_BYTES];

	(void)state;
	hash_fields(mac, 'p', SPAN_LITERAL("abc"), SPAN_LITERAL("de"));
	crypto_shorthash_siphashx24(expected, (const uint8_t *)block, sizeof(block) - 1, key);
	assert_memory_equal(mac, expected, sizeof(mac));
}

static void a_long_one_is_a_chain(void **state)
{
	uint8_t block[2][KEYED_HASH_BLOCK_BYTES] = {{'p', 0}, {'p', 1}}, mac[KEYED_HASH_BYTES],
		expected[KEYED_HASH_BYTES];
	const uint32_t length = 600, in_first = KEYED_HASH_BLOCK_BYTES - 9, in_second = length - in_first;
	char text[600];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(block[0] + 5, &length, 4);
	memset(block[0] + 9, 'a', in_first);
	crypto_shorthash_siphashx24(block[1] + 5, block[0], KEYED_HASH_BLOCK_BYTES, key);
	memset(block[1] + 21, 'a', in_second);
	crypto_shorthash_siphashx24(expected, block[1], 21 + in_second + 4, key); /* four: length of the empty field */
	hash_fields(mac, 'p', span_make(text, length), (struct span){0});
	assert_memory_equal(mac, expected, sizeof(mac));
}

static void fields_and_purposes_are_kept_apart(void **state)
{
	uint8_t mac[5][KEYED_HASH_BYTES];

	(void)state;
	hash_fields(mac[0], 'p', SPAN_LITERAL("abc"), SPAN_LITERAL("de"));
	hash_fields(mac[1], 'p', SPAN_LITERAL("ab"), SPAN_LITERAL("cde"));
	hash_fields(mac[2], 'p', SPAN_LITERAL("abcde"), (struct span){0});
	hash_fields(mac[3], 'q', SPAN_LITERAL("abc"), SPAN_LITERAL("de"));
	hash_fields(mac[4], 'p', (struct span){0}, SPAN_LITERAL("abcde"));
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < i; k++)
			assert_memory_not_equal(mac[i], mac[k], KEYED_HASH_BYTES);
}

/* Every length around the block borders; a change of any byte, also the first of a long field, shows. */
static void long_fields_chain(void **state)
{
	static char text[3 * KEYED_HASH_BLOCK_BYTES];
	uint8_t mac[KEYED_HASH_BYTES], other[KEYED_HASH_BYTES], before[KEYED_HASH_BYTES] = {0};

	(void)state;
	memset(text, 'a', sizeof(text));
	for (uint32_t length = 0; length <= sizeof(text); length++) {
		hash_fields(mac, 'p', span_make(text, length), SPAN_LITERAL("z"));
		assert_memory_not_equal(mac, before, sizeof(mac));
		memcpy(before, mac, sizeof(mac));
	}
	for (uint32_t at = 0; at < sizeof(text); at += 31) {
		text[at] ^= 1;
		hash_fields(other, 'p', span_make(text, sizeof(text)), SPAN_LITERAL("z"));
		text[at] ^= 1;
		assert_memory_not_equal(mac, other, sizeof(mac));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_one_is_one_siphash),
		cmocka_unit_test(a_long_one_is_a_chain),
		cmocka_unit_test(fields_and_purposes_are_kept_apart),
		cmocka_unit_test(long_fields_chain),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
