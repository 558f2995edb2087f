#include "cmocka_all.h"

#include <stdlib.h>

#include "guard_page.h"
#include "nonce.h"
#include "nonce_window.h"

#define NOW_S	  1000000u
#define SET_COUNT 64

static struct nonce_window_entry entries[SET_COUNT * NONCE_WINDOW_WAYS];
static struct nonce_window window;

static int begin(void **state)
{
	(void)state;
	memset(entries, 0, sizeof(entries));
	window = (struct nonce_window){.entry = entries, .set_count = SET_COUNT};
	return 0;
}

static enum nonce_use use(uint32_t nonce, uint32_t nc, uint64_t transaction_hash)
{
	char text[NONCE_TEXT_BYTES + 1];

	snprintf(text, sizeof(text), "nonce%0*u", NONCE_TEXT_BYTES - 5, nonce);
	return nonce_window_use(&window, nonce_window_name(span_make(text, NONCE_TEXT_BYTES)), nc, NOW_S,
				transaction_hash, NOW_S + 1);
}

static void a_count_serves_once(void **state)
{
	(void)state;
	assert_int_equal(use(1, 1, 11), NONCE_USE_FRESH);
	assert_int_equal(use(1, 1, 11), NONCE_USE_RETRANSMISSION);
	assert_int_equal(use(1, 1, 12), NONCE_USE_REPLAY);
	assert_int_equal(use(1, 2, 12), NONCE_USE_FRESH);
	assert_int_equal(use(1, 2, 12), NONCE_USE_RETRANSMISSION);
	assert_int_equal(use(1, 1, 11), NONCE_USE_REPLAY);
	assert_int_equal(use(2, 1, 11), NONCE_USE_FRESH);
}

static void overtaking_is_no_replay(void **state)
{
	(void)state;
	assert_int_equal(use(1, 100, 1), NONCE_USE_FRESH);
	for (uint32_t nc = 99; nc > 100 - 64; nc--) {
		assert_int_equal(use(1, nc, nc), NONCE_USE_FRESH);
		assert_int_equal(use(1, nc, nc), NONCE_USE_REPLAY);
	}
	assert_int_equal(use(1, 100 - 64, 1), NONCE_USE_REPLAY); /* left of the window: cannot be told */
	assert_int_equal(use(1, 100, 1), NONCE_USE_RETRANSMISSION);
}

static void without_count_one_transaction(void **state)
{
	(void)state;
	assert_int_equal(use(1, 0, 11), NONCE_USE_FRESH);
	assert_int_equal(use(1, 0, 11), NONCE_USE_RETRANSMISSION);
	assert_int_equal(use(1, 0, 12), NONCE_USE_REPLAY);
	assert_int_equal(use(1, 1, 12), NONCE_USE_REPLAY);
	assert_int_equal(use(1, UINT32_MAX, 12), NONCE_USE_REPLAY);
	assert_int_equal(use(1, UINT32_MAX - 5, 12), NONCE_USE_REPLAY);
	assert_int_equal(use(2, 1, 11), NONCE_USE_FRESH);
	assert_int_equal(use(2, 0, 12), NONCE_USE_REPLAY);
	assert_int_equal(use(2, 0, 11), NONCE_USE_REPLAY);
}

/* Against a list of all counts ever used. */
static void random_counts_as_a_model_does(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		bool used[512] = {false};
		uint32_t highest = 0;
		uint64_t newest = 0;
		begin(NULL);
		for (int i = 0; i < 300; i++) {
			uint32_t low = highest > 80 ? highest - 80 : 1, nc = low + (uint32_t)rand() % 90;
			uint64_t transaction = (uint64_t)(rand() % 3);
			if (nc >= 512)
				break;
			enum nonce_use expected = used[nc] || nc + 64 <= highest ? NONCE_USE_REPLAY : NONCE_USE_FRESH;
			if (nc == highest && transaction == newest)
				expected = NONCE_USE_RETRANSMISSION;
			assert_int_equal(use(1, nc, transaction), expected);
			used[nc] = true;
			if (nc > highest) {
				highest = nc;
				newest = transaction;
			}
		}
	}
}

static void the_window_slides_to_the_last_count(void **state)
{
	(void)state;
	assert_int_equal(use(1, 1, 1), NONCE_USE_FRESH);
	assert_int_equal(use(1, UINT32_MAX, 2), NONCE_USE_FRESH);
	assert_int_equal(use(1, UINT32_MAX - 63, 3), NONCE_USE_FRESH);
	assert_int_equal(use(1, UINT32_MAX - 64, 4), NONCE_USE_REPLAY);
	assert_int_equal(use(1, UINT32_MAX, 2), NONCE_USE_RETRANSMISSION);
}

static void the_oldest_gives_way(void **state)
{
	uint64_t name[5];

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		name[i] = nonce_window_name(span_make(&"abcde"[i], 1));
	window.set_count = 1;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(nonce_window_use(&window, name[i], 1, NOW_S + (i ^ 2), 1, NOW_S + 5), NONCE_USE_FRESH);
	assert_int_equal(window.evicted, 0);
	/* issued at +2 +3 +0 +1: "c" is the oldest */
	assert_int_equal(nonce_window_use(&window, name[4], 1, NOW_S + 5, 1, NOW_S + 5), NONCE_USE_FRESH);
	assert_int_equal(window.evicted, 1);
	assert_int_equal(nonce_window_use(&window, name[0], 1, NOW_S + 2, 2, NOW_S + 5), NONCE_USE_REPLAY);
	assert_int_equal(nonce_window_use(&window, name[1], 1, NOW_S + 3, 2, NOW_S + 5), NONCE_USE_REPLAY);
	assert_int_equal(nonce_window_use(&window, name[3], 1, NOW_S + 1, 2, NOW_S + 5), NONCE_USE_REPLAY);

	/* an expired one is no loss: "d" was issued at +1 */
	uint32_t later_s = NOW_S + 1 + NONCE_LIFE_S + 1;
	assert_int_equal(nonce_window_use(&window, name[2], 1, later_s, 1, later_s), NONCE_USE_FRESH);
	assert_int_equal(window.evicted, 1);
	assert_int_equal(nonce_window_use(&window, name[0], 1, NOW_S + 2, 2, NOW_S + 5), NONCE_USE_REPLAY);
}

static void sets_fill_evenly(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SET_COUNT * NONCE_WINDOW_WAYS / 4; i++)
		assert_int_equal(use(i, 1, 1), NONCE_USE_FRESH);
	assert_true(window.evicted <= 3);
}

/* Of a longer one the last sixteen; nothing beside is read. */
static void every_byte_of_a_short_text_counts(void **state)
{
	static struct guard_page guard;
	char text[] = "0123456789abcdefghij";

	(void)state;
	guard_page_build(&guard, 4096);
	for (uint32_t length = 0; length < sizeof(text); length++) {
		struct span whole = span_make(text, length);
		uint64_t name = nonce_window_name(guard_page_place(&guard, whole));
		assert_int_equal(nonce_window_name(guard_page_place_first(&guard, whole)), name);
		for (uint32_t i = 0; i < length; i++) {
			text[i] ^= 1;
			bool is_same = nonce_window_name(guard_page_place(&guard, whole)) == name;
			assert_int_equal(is_same, i + 16 < length);
			text[i] ^= 1;
		}
	}
	guard_page_free(&guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_count_serves_once, begin),
		cmocka_unit_test_setup(overtaking_is_no_replay, begin),
		cmocka_unit_test_setup(without_count_one_transaction, begin),
		cmocka_unit_test_setup(random_counts_as_a_model_does, begin),
		cmocka_unit_test_setup(the_window_slides_to_the_last_count, begin),
		cmocka_unit_test_setup(the_oldest_gives_way, begin),
		cmocka_unit_test_setup(sets_fill_evenly, begin),
		cmocka_unit_test(every_byte_of_a_short_text_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
