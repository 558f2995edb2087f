/*
 * AES against FIPS 197, the MAC against its description, and each variant that this CPU has against the others.
 */
#include "cmocka_all.h"

#include <sodium.h>
#include <stdlib.h>

#include "guard_page.h"
#include "short_aes.h"

#define LENGTH_MAX 300
#define ROOM	   ((LENGTH_MAX / SHORT_AES_GROUP_BYTES + 1) * SHORT_AES_GROUP_BYTES)

static void need(bool is_there, const char *what)
{
	if (is_there)
		return;
	print_message("skipped: this CPU has no %s\n", what);
	skip();
}

static void need_vaes(void)
{
	need(short_aes_is_available() && short_aes_select(SHORT_AES_VAES), "VAES with AVX-512 VBMI");
}

/* One block by itself. */
static void encrypt(uint8_t block[16], const struct short_aes *aes)
{
	static const char zeros[64];
	uint8_t out[64];

	short_aes_xor(out, span_make(zeros, 16), aes, block, block[15]);
	memcpy(block, out, 16);
}

/* FIPS 197 appendix C.1, then counters: each block as if it were alone, over the end of the eight bytes too. */
static void check_counters(void)
{
	static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	static const uint8_t plain[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
					  0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	static const uint8_t encrypted[16] = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30,
					      0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
	static const char zeros[256];
	struct short_aes aes;
	uint8_t many[256], iv[16], block[16];

	short_aes_expand(&aes, key);
	memcpy(block, plain, sizeof(block));
	encrypt(block, &aes);
	assert_memory_equal(block, encrypted, sizeof(block));
	memset(iv, 0xff, sizeof(iv));
	iv[0] = 0xfa;
	short_aes_xor(many, span_make(zeros, sizeof(many)), &aes, iv, 3);
	for (uint32_t i = 0; i < sizeof(many) / sizeof(block); i++) {
		uint64_t count = 0xfffffffffffffffa + (uint64_t)i;
		memset(block, 0xff, sizeof(block));
		memcpy(block, &count, sizeof(count));
		block[15] = 3;
		encrypt(block, &aes);
		assert_memory_equal(block, many + sizeof(block) * i, sizeof(block));
	}
}

static void aes_counts_as_fips_197_says(void **state)
{
	(void)state;
	need(short_aes_is_available(), "AES");
	for (enum short_aes_variant variant = SHORT_AES_NI; variant < SHORT_AES_VARIANTS; variant++)
		if (short_aes_select(variant))
			check_counters();
}

static void add_to_sum(uint8_t sum[16], const uint8_t *bytes, uint32_t length, uint32_t number,
		       const struct short_aes *aes)
{
	uint8_t block[16] = {[13] = (uint8_t)number, [14] = (uint8_t)(number >> 8), [15] = 1};

	memcpy(block, bytes, length);
	encrypt(block, aes);
	for (uint32_t i = 0; i < 16; i++)
		sum[i] ^= block[i];
}

/* As short_aes.h says it, block by block. */
static void mac_slowly(uint8_t mac[16], const struct short_aes *aes, struct span first, struct span second)
{
	struct span texts[] = {first, second};
	uint32_t lengths[] = {first.length, second.length}, number = 0;

	memset(mac, 0, 16);
	add_to_sum(mac, (const uint8_t *)lengths, sizeof(lengths), number++, aes);
	for (uint32_t i = 0; i < 2; i++)
		for (uint32_t at = 0; at < texts[i].length; at += 13)
			add_to_sum(mac, (const uint8_t *)texts[i].at + at,
				   texts[i].length - at < 13 ? texts[i].length - at : 13, number++, aes);
	mac[15] = 2;
	encrypt(mac, aes);
}

typedef void (*make_mac_fn)(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first,
			    struct span second);

/*
 * All lengths of both texts around the sizes of parts, loads and groups, every length of one of them, and one of many
 * parts. Nothing else is read.
 */
static void check_macs(make_mac_fn make_mac)
{
	static char bytes[10000];
	struct short_aes aes;
	struct guard_page first_page, second_page;
	uint8_t mac[16], expected[16];

	guard_page_build(&first_page, sizeof(bytes));
	guard_page_build(&second_page, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)rand();
	short_aes_expand(&aes, (const uint8_t *)bytes);
	for (uint32_t i = 0; i < 90 * (LENGTH_MAX + 1); i++) {
		struct span first = span_make(bytes + i % 7, i % 90), second = span_make(bytes + i % 1000, i / 90);
		if (i % 2 && second.length > 90) {
			first.length = second.length;
			second.length = i % 90;
		}
		if (i % 4000 == 0)
			first.length = 9000;
		mac_slowly(expected, &aes, first, second);
		make_mac(mac, &aes, guard_page_place(&first_page, first), guard_page_place(&second_page, second));
		assert_memory_equal(mac, expected, 16);
		make_mac(mac, &aes, guard_page_place_first(&first_page, first),
			 guard_page_place_first(&second_page, second));
		assert_memory_equal(mac, expected, 16);
	}
	guard_page_free(&first_page);
	guard_page_free(&second_page);
}

static void the_mac_is_what_the_header_says(void **state)
{
	(void)state;
	need(short_aes_is_available(), "AES");
	for (enum short_aes_variant variant = SHORT_AES_NI; variant < SHORT_AES_VARIANTS; variant++)
		if (short_aes_select(variant))
			check_macs(short_aes_mac);
}

/* Of short texts too, for which it is not taken. */
static void the_mac_of_vaes_is_the_same(void **state)
{
	(void)state;
	need_vaes();
	check_macs(short_aes_vaes_mac);
}

/* The same whole groups are read and written, and none beside them; also where both are in one place. */
static void check_xor(struct span in, char *out, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES])
{
	uint32_t groups = (in.length + SHORT_AES_GROUP_BYTES - 1) / SHORT_AES_GROUP_BYTES * SHORT_AES_GROUP_BYTES;
	char expected[ROOM];

	short_aes_select(SHORT_AES_NI);
	short_aes_xor((uint8_t *)expected, in, aes, iv, (uint8_t)in.length);
	short_aes_vaes_xor((uint8_t *)out, in, aes, iv, (uint8_t)in.length);
	assert_memory_equal(out, expected, groups);
	memcpy(out, in.at, groups);
	short_aes_vaes_xor((uint8_t *)out, span_make(out, in.length), aes, iv, (uint8_t)in.length);
	assert_memory_equal(out, expected, groups);
}

static void vaes_counts_the_same_at_every_length(void **state)
{
	struct guard_page in_page, out_page;
	struct short_aes aes;
	char bytes[ROOM];

	(void)state;
	need_vaes();
	guard_page_build(&in_page, ROOM);
	guard_page_build(&out_page, ROOM);
	for (uint32_t i = 0; i < ROOM; i++)
		bytes[i] = (char)rand();
	short_aes_expand(&aes, (const uint8_t *)bytes);
	for (uint32_t length = 0; length <= LENGTH_MAX; length++) {
		uint32_t groups = (length + SHORT_AES_GROUP_BYTES - 1) / SHORT_AES_GROUP_BYTES * SHORT_AES_GROUP_BYTES;
		const uint8_t *iv = (const uint8_t *)bytes + length;
		struct span in = span_make(bytes, groups);
		check_xor(span_make(guard_page_place(&in_page, in).at, length), guard_page_room(&out_page, groups),
			  &aes, iv);
		check_xor(span_make(guard_page_place_first(&in_page, in).at, length),
			  guard_page_room(&out_page, out_page.capacity_bytes), &aes, iv);
	}
	guard_page_free(&in_page);
	guard_page_free(&out_page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_counts_as_fips_197_says),
		cmocka_unit_test(the_mac_is_what_the_header_says),
		cmocka_unit_test(the_mac_of_vaes_is_the_same),
		cmocka_unit_test(vaes_counts_the_same_at_every_length),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
