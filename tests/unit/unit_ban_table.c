/*
 * Bans of R2: counted by the control thread, read by lcores.
 */
#include <rte_cycles.h>

#include "ban_table_write.h"
#include "cmocka_all.h"
#include "failure_guard.h"
#include "registrar_rig.h"

static struct ban_table_write *write_side;
static struct failure_guard *guard;

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal() ||
	    ban_table_write_create(&write_side, GUARD_BANS_MAX, registrar_rig_dataplane()) != STATUS_OK)
		return -1;
	return failure_guard_create(&guard, write_side, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	failure_guard_free(guard);
	ban_table_write_free(write_side);
	return 0;
}

static struct ban_key key_of(uint32_t endpoint, uint32_t address)
{
	struct ban_key key = {0};
	memcpy(key.aor_key, &endpoint, sizeof(endpoint));
	net_address_set_v4(key.ip, &address);
	return key;
}

static bool is_banned(const struct ban_key *key)
{
	return ban_find(ban_table_write_table(write_side), key, rte_rdtsc());
}

/* Result: how often `key` was banned by `count` failures at `now_s`. */
static uint32_t fail_logins(const struct ban_key *key, uint32_t count, uint32_t now_s)
{
	uint32_t bans = 0;
	while (count--)
		bans += failure_guard_count(guard, key, now_s);
	return bans;
}

static void r2_over_20_failures_in_60_s(void **state)
{
	struct ban_key key = key_of(1, 1);
	(void)state;
	assert_int_equal(fail_logins(&key, 20, 1000), 0);
	assert_false(is_banned(&key));
	assert_int_equal(fail_logins(&key, 1, 1060), 1);
	assert_true(is_banned(&key));
}

static void r2_slow_failures_are_no_ban(void **state)
{
	struct ban_key key = key_of(1, 1);
	(void)state;
	assert_int_equal(fail_logins(&key, 20, 1000), 0);
	assert_int_equal(fail_logins(&key, 20, 1061), 0);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(fail_logins(&key, 1, 2000 + i * 4), 0);
	assert_false(is_banned(&key));
}

static void r2_other_sources_of_the_endpoint_keep_working(void **state)
{
	struct ban_key bad = key_of(1, 1), other_source = key_of(1, 2), other_endpoint = key_of(2, 1);
	(void)state;
	assert_int_equal(fail_logins(&bad, 21, 1000), 1);
	assert_true(is_banned(&bad));
	assert_false(is_banned(&other_source));
	assert_false(is_banned(&other_endpoint));
}

static bool keep_ban(void *argument, const struct guard_ban *ban)
{
	*(struct guard_ban *)argument = *ban;
	return true;
}

static void r2_time_doubles_up_to_an_hour(void **state)
{
	static const uint32_t expected_s[] = {60, 120, 240, 480, 960, 1920, 3600, 3600};
	struct ban_key key = key_of(1, 1);
	uint32_t now_s = 1000;
	(void)state;
	for (size_t i = 0; i < sizeof(expected_s) / sizeof(expected_s[0]); i++) {
		struct guard_ban ban = {0};
		assert_int_equal(fail_logins(&key, 21, now_s), 1);
		failure_guard_list(guard, now_s, keep_ban, &ban);
		assert_int_equal(ban.remaining_s, expected_s[i]);
		assert_int_equal(ban.times, i + 1);
		failure_guard_expire(guard, now_s + expected_s[i] - 1);
		assert_true(is_banned(&key));
		now_s += expected_s[i];
		failure_guard_expire(guard, now_s);
		assert_false(is_banned(&key));
	}
	/* Quiet for long enough: from the beginning. */
	struct guard_ban ban = {0};
	now_s += BAN_SECONDS_MAX + 1;
	assert_int_equal(fail_logins(&key, 21, now_s), 1);
	failure_guard_list(guard, now_s, keep_ban, &ban);
	assert_int_equal(ban.remaining_s, 60);
}

static void a_ban_ends_on_the_lcore_by_itself(void **state)
{
	struct ban_key key = key_of(1, 1);
	(void)state;
	assert_int_equal(fail_logins(&key, 21, 1000), 1);
	assert_true(ban_find(ban_table_write_table(write_side), &key, rte_rdtsc() + 59 * rte_get_tsc_hz()));
	assert_false(ban_find(ban_table_write_table(write_side), &key, rte_rdtsc() + 61 * rte_get_tsc_hz()));
}

static void nobody_banned_costs_no_lookup(void **state)
{
	struct ban_table none = {.hash = NULL}; /* a lookup would crash */
	struct ban_key key = key_of(1, 1);
	(void)state;
	assert_false(ban_find(&none, &key, 0));
	assert_int_equal(fail_logins(&key, 21, 1000), 1);
	assert_int_equal(failure_guard_clear(guard, NULL, NULL), 1);
	assert_int_equal(atomic_load(&((struct ban_table *)(uintptr_t)ban_table_write_table(write_side))->count), 0);
}

static void cleared_by_endpoint_or_address(void **state)
{
	struct ban_key first = key_of(1, 1), second = key_of(1, 2), third = key_of(2, 2);
	(void)state;
	fail_logins(&first, 21, 1000);
	fail_logins(&second, 21, 1000);
	fail_logins(&third, 21, 1000);
	assert_int_equal(failure_guard_clear(guard, NULL, second.ip), 2);
	assert_true(is_banned(&first));
	assert_false(is_banned(&second));
	assert_int_equal(failure_guard_clear(guard, first.aor_key, NULL), 1);
	assert_false(is_banned(&first));
	assert_int_equal(fail_logins(&first, 20, 1001), 0); /* its failures are forgotten, too */
	assert_int_equal(failure_guard_counts(guard).pairs, 1);
}

static void memory_is_fixed_and_the_oldest_gives_way(void **state)
{
	struct ban_key banned = key_of(1, 1), oldest = key_of(3, 0);
	(void)state;
	fail_logins(&banned, 21, 1000);
	fail_logins(&oldest, 20, 1000);
	for (uint32_t i = 1; i < GUARD_PAIRS_MAX; i++) {
		struct ban_key key = key_of(3, i);
		fail_logins(&key, 1, 1000);
	}
	assert_int_equal(failure_guard_counts(guard).pairs, GUARD_PAIRS_MAX);
	assert_int_equal(failure_guard_counts(guard).gave_way, 1);
	assert_true(is_banned(&banned));		     /* bans stay */
	assert_int_equal(fail_logins(&oldest, 20, 1000), 0); /* was forgotten */
}

static void bans_are_bounded(void **state)
{
	struct ban_key first = key_of(4, 0), last = key_of(4, GUARD_BANS_MAX);
	(void)state;
	for (uint32_t i = 0; i <= GUARD_BANS_MAX; i++) {
		struct ban_key key = key_of(4, i);
		assert_int_equal(fail_logins(&key, 21, 1000), 1);
	}
	assert_int_equal(failure_guard_counts(guard).banned, GUARD_BANS_MAX);
	assert_int_equal(failure_guard_counts(guard).gave_way, 1);
	assert_false(is_banned(&first));
	assert_true(is_banned(&last));
}

/* Every third key is banned; a burst of each size finds those of its keys and no other. */
static void several_are_found_at_once(void **state)
{
	const struct ban_table *bans = ban_table_write_table(write_side);
	struct ban_key keys[32];
	const struct ban_key *key[32];
	uint32_t banned = 0;

	(void)state;
	for (uint32_t i = 0; i < 32; i++) {
		keys[i] = key_of(i + 1, i + 1);
		key[i] = &keys[i];
	}
	assert_int_equal(ban_find_burst(bans, key, 32, rte_rdtsc()), 0);
	for (uint32_t i = 0; i < 32; i += 3) {
		assert_int_equal(ban_table_write_put(write_side, &keys[i], 60), STATUS_OK);
		banned |= 1u << i;
	}
	for (uint32_t count = 0; count <= 32; count++) {
		uint32_t asked = count == 32 ? UINT32_MAX : (1u << count) - 1;
		assert_int_equal(ban_find_burst(bans, key, count, rte_rdtsc()), banned & asked);
	}
	assert_int_equal(ban_find_burst(bans, key, 32, rte_rdtsc() + 61 * rte_get_tsc_hz()), 0);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(r2_over_20_failures_in_60_s, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r2_slow_failures_are_no_ban, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r2_other_sources_of_the_endpoint_keep_working, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r2_time_doubles_up_to_an_hour, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_ban_ends_on_the_lcore_by_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_banned_costs_no_lookup, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cleared_by_endpoint_or_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_is_fixed_and_the_oldest_gives_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_are_found_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bans_are_bounded, set_up, tear_down),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
