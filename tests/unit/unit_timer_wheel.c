#include "cmocka_all.h"

#include <stdlib.h>

#include "random_source.h"
#include "timer_wheel.h"

#define TIMERS	  2000
#define BEGIN	  1000000007u /* in the middle of a turn of every level */
#define HOUR_TICK (UINT64_C(3600) * 1000 / TIMER_WHEEL_TICK_MS)

static struct timer_wheel wheel;
static struct timer timers[TIMERS];

/* The naive model: a list of when each one is due, searched as a whole. */
struct model {
	struct random_source random;
	bool is_running[TIMERS];
	uint64_t due_tick[TIMERS];
	uint64_t tick; /* the first that has not begun to expire */
	uint64_t running_count;
};

static struct model model;

static int begin(void **state)
{
	(void)state;
	memset(timers, 0, sizeof(timers));
	memset(&model, 0, sizeof(model));
	model.random = random_source_of(1);
	model.tick = BEGIN;
	timer_wheel_init(&wheel, BEGIN);
	return 0;
}

static void start(uint32_t i, uint64_t due_tick)
{
	timer_wheel_start(&wheel, &timers[i], due_tick);
	model.running_count += !model.is_running[i];
	model.is_running[i] = true;
	model.due_tick[i] = due_tick < model.tick ? model.tick : due_tick;
	assert_true(timer_is_running(&timers[i]));
	assert_int_equal(timers[i].due_tick, model.due_tick[i]);
}

static void stop(uint32_t i)
{
	timer_wheel_stop(&wheel, &timers[i]);
	model.running_count -= model.is_running[i];
	model.is_running[i] = false;
	assert_false(timer_is_running(&timers[i]));
}

static uint64_t find_earliest(void)
{
	uint64_t earliest = UINT64_MAX;

	for (uint32_t i = 0; i < TIMERS; i++)
		if (model.is_running[i] && model.due_tick[i] < earliest)
			earliest = model.due_tick[i];
	return earliest;
}

/* Any distance is as likely as any other of ten times the size; sometimes in the past. */
static uint64_t choose_due(void)
{
	struct random_source *random = &model.random;
	uint64_t distance = random_source_next(random) & ((UINT64_C(1) << random_source_below(random, 23)) - 1);

	return random_source_once_in(random, 20) ? model.tick - distance : model.tick + distance;
}

/* Takes one timer, or moves on to the end. Result: false at the end. */
static bool take(uint64_t now_tick)
{
	struct timer *timer;
	uint32_t i;

	do {
		timer = timer_wheel_take_due(&wheel, now_tick);
	} while (!timer && wheel.tick <= now_tick);
	uint64_t earliest = find_earliest();
	if (!timer) {
		assert_true(earliest > now_tick);
		model.tick = now_tick >= model.tick ? now_tick + 1 : model.tick;
		return false;
	}
	i = (uint32_t)(timer - timers);
	assert_true(i < TIMERS && model.is_running[i] && !timer_is_running(timer));
	assert_int_equal(model.due_tick[i], earliest);
	assert_true(earliest <= now_tick);
	model.is_running[i] = false;
	model.running_count--;
	if (model.tick <= earliest)
		model.tick = earliest + 1;
	return true;
}

/* What a callback would do to timers, its own too. */
static void meddle(uint32_t count)
{
	while (count--) {
		uint32_t i = random_source_below(&model.random, TIMERS);
		if (random_source_once_in(&model.random, 3))
			stop(i);
		else
			start(i, choose_due());
		assert_int_equal(wheel.count, model.running_count);
	}
}

static void random_use_as_the_model_says(void **state)
{
	uint64_t now_tick = BEGIN;
	uint32_t expired_count = 0;

	(void)state;
	for (uint32_t round = 0; round < 3000; round++) {
		meddle(random_source_below(&model.random, 20));
		now_tick += random_source_next(&model.random) &
			    ((UINT64_C(1) << random_source_below(&model.random, 16)) - 1);
		while (take(now_tick)) {
			expired_count++;
			meddle(random_source_once_in(&model.random, 2));
			if (random_source_once_in(&model.random, 30))
				break; /* less often than until NULL */
		}
	}
	assert_true(expired_count > 5000);
	while (model.running_count)
		take(now_tick += HOUR_TICK);
	assert_int_equal(wheel.count, 0);
}

static void expiry_restarts_but_waits_a_tick(void **state)
{
	(void)state;
	start(0, BEGIN);
	for (uint64_t now_tick = BEGIN; now_tick < BEGIN + 600; now_tick++) {
		assert_true(take(now_tick));
		start(0, 0);
		assert_false(take(now_tick));
	}
	assert_int_equal(timers[0].due_tick, BEGIN + 600);
}

static void time_that_stands_or_goes_back_expires_nothing(void **state)
{
	(void)state;
	start(0, BEGIN + 5);
	assert_null(timer_wheel_take_due(&wheel, BEGIN + 4));
	assert_null(timer_wheel_take_due(&wheel, BEGIN + 4));
	assert_null(timer_wheel_take_due(&wheel, BEGIN));
	model.tick = BEGIN + 5;
	start(1, BEGIN + 1);
	assert_true(take(BEGIN + 5));
	assert_true(take(BEGIN + 5));
	assert_false(take(BEGIN + 5));
}

static void a_taken_tick_can_lose_and_keep_its_rest(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		start(i, BEGIN + 3);
	assert_true(take(BEGIN + 3));
	for (uint32_t i = 0; i < 10; i += 2)
		stop(i);
	start(1, BEGIN + 3);
	assert_int_equal(timers[1].due_tick, BEGIN + 4);
	while (take(BEGIN + 3))
		;
	assert_int_equal(wheel.count, 1);
	assert_true(take(BEGIN + 4));
}

static void stopping_twice_does_nothing(void **state)
{
	(void)state;
	stop(0);
	start(0, BEGIN + 1);
	start(1, BEGIN + 1);
	stop(0);
	stop(0);
	assert_int_equal(wheel.count, 1);
	assert_true(take(BEGIN + 1));
	stop(1);
	assert_int_equal(wheel.count, 0);
}

/* How many calls without a timer until the wheel has come to now_tick, which expires `expected` timers. */
static uint32_t count_calls(uint64_t now_tick, uint32_t expected)
{
	uint32_t calls = 0;

	while (wheel.tick <= now_tick || expected) {
		uint64_t before = wheel.tick;
		struct timer *timer = timer_wheel_take_due(&wheel, now_tick);
		assert_true(wheel.tick - before <= TIMER_WHEEL_SLOTS);
		calls += !timer;
		expected -= timer != NULL;
	}
	assert_null(timer_wheel_take_due(&wheel, now_tick));
	return calls;
}

static void a_long_sleep_is_made_up_for_in_pieces(void **state)
{
	(void)state;
	start(0, BEGIN + HOUR_TICK);
	uint32_t calls = count_calls(BEGIN + HOUR_TICK, 1);
	assert_in_range(calls, HOUR_TICK / TIMER_WHEEL_SLOTS, HOUR_TICK / TIMER_WHEEL_SLOTS + 1);
}

static void an_empty_wheel_moves_on_at_once(void **state)
{
	(void)state;
	assert_null(timer_wheel_take_due(&wheel, BEGIN + 1000 * HOUR_TICK));
	assert_int_equal(wheel.tick, BEGIN + 1000 * HOUR_TICK + 1);
}

/* They lie in one slot of level 1, and are dealt out as it begins. */
static void many_timers_are_dealt_out_in_pieces(void **state)
{
	uint64_t turn = (BEGIN / TIMER_WHEEL_SLOTS + 2) * TIMER_WHEEL_SLOTS;

	(void)state;
	for (uint32_t i = 0; i < TIMERS; i++)
		timer_wheel_start(&wheel, &timers[i], turn + 100);
	while (wheel.tick < turn)
		assert_null(timer_wheel_take_due(&wheel, turn - 1));
	for (uint32_t i = 0; i < TIMERS / TIMER_WHEEL_SLOTS; i++) {
		assert_null(timer_wheel_take_due(&wheel, turn));
		assert_int_equal(wheel.tick, turn);
	}
	assert_null(timer_wheel_take_due(&wheel, turn));
	assert_int_equal(wheel.tick, turn + 1);
	for (uint32_t i = 0; i < TIMERS; i++)
		assert_non_null(timer_wheel_take_due(&wheel, turn + 100));
	assert_int_equal(wheel.count, 0);
}

/* A piece that is left for the next call may be stopped, and added to, before it. */
static void a_half_dealt_turn_can_be_changed(void **state)
{
	uint64_t turn = (BEGIN / TIMER_WHEEL_SLOTS + 2) * TIMER_WHEEL_SLOTS;

	(void)state;
	for (uint32_t i = 0; i < TIMERS; i++)
		start(i, turn + i % TIMER_WHEEL_SLOTS);
	while (wheel.tick < turn)
		assert_null(timer_wheel_take_due(&wheel, turn - 1));
	assert_null(timer_wheel_take_due(&wheel, turn));
	assert_int_equal(wheel.tick, turn);
	model.tick = turn;
	for (uint32_t i = 0; i < TIMERS; i += 3)
		stop(i);
	for (uint32_t i = 0; i < TIMERS; i += 5)
		start(i, turn + i % 3 * TIMER_WHEEL_SLOTS);
	while (take(turn + 3 * TIMER_WHEEL_SLOTS))
		;
	assert_int_equal(wheel.count, 0);
}

static void beyond_reach_expires_at_the_end_of_it(void **state)
{
	uint64_t end = BEGIN + TIMER_WHEEL_REACH_TICKS;

	(void)state;
	timer_wheel_start(&wheel, &timers[0], UINT64_MAX);
	timer_wheel_start(&wheel, &timers[1], end + 1);
	timer_wheel_start(&wheel, &timers[2], end);
	timer_wheel_start(&wheel, &timers[3], end - 1);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(timers[i].due_tick, end);
	/* Nothing happens until the last turn of the highest level but that ticks pass. */
	wheel.tick = end & ~((UINT64_C(1) << 24) - 1);
	while (wheel.tick < end - 1)
		assert_null(timer_wheel_take_due(&wheel, end - 2));
	assert_ptr_equal(timer_wheel_take_due(&wheel, end - 1), &timers[3]);
	assert_null(timer_wheel_take_due(&wheel, end - 1));
	for (uint32_t i = 0; i < 3; i++)
		assert_non_null(timer_wheel_take_due(&wheel, end));
	assert_int_equal(wheel.count, 0);
}

/* First and last tick of every slot of every level: where one level hands over to the next. */
static void edges_of_the_levels_expire_in_time(void **state)
{
	(void)state;
	for (uint32_t level = 1; level < TIMER_WHEEL_LEVELS; level++) {
		uint64_t turn = UINT64_C(1) << 8 * level;
		for (uint64_t offset = 0; offset < 3; offset++) {
			timer_wheel_init(&wheel, turn * 2 + offset * (turn / 2));
			for (uint32_t i = 0; i < 5; i++)
				timer_wheel_start(&wheel, &timers[i], wheel.tick + turn - 2 + i);
			for (uint64_t now_tick = wheel.tick + turn - 2, i = 0; i < 5; i++, now_tick++) {
				while (wheel.tick < now_tick)
					assert_null(timer_wheel_take_due(&wheel, now_tick - 1));
				assert_ptr_equal(timer_wheel_take_due(&wheel, now_tick), &timers[i]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(random_use_as_the_model_says, begin),
		cmocka_unit_test_setup(expiry_restarts_but_waits_a_tick, begin),
		cmocka_unit_test_setup(time_that_stands_or_goes_back_expires_nothing, begin),
		cmocka_unit_test_setup(a_taken_tick_can_lose_and_keep_its_rest, begin),
		cmocka_unit_test_setup(stopping_twice_does_nothing, begin),
		cmocka_unit_test_setup(a_long_sleep_is_made_up_for_in_pieces, begin),
		cmocka_unit_test_setup(an_empty_wheel_moves_on_at_once, begin),
		cmocka_unit_test_setup(many_timers_are_dealt_out_in_pieces, begin),
		cmocka_unit_test_setup(a_half_dealt_turn_can_be_changed, begin),
		cmocka_unit_test_setup(beyond_reach_expires_at_the_end_of_it, begin),
		cmocka_unit_test_setup(edges_of_the_levels_expire_in_time, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
