#include "timer_wheel.h"

#include <string.h>

#define SLOT_BITS 8
_Static_assert(TIMER_WHEEL_SLOTS == 1 << SLOT_BITS, "a digit of the tick for each level");
_Static_assert(TIMER_WHEEL_REACH_TICKS == (UINT64_C(1) << SLOT_BITS * TIMER_WHEEL_LEVELS) - 1, "all levels together");

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_tick)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->tick = now_tick;
}

static void link_timer(struct timer *timer, struct timer **head)
{
	timer->next = *head;
	timer->link = head;
	if (timer->next)
		timer->next->link = &timer->next;
	*head = timer;
}

static void unlink_timer(struct timer *timer)
{
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->link = NULL;
}

static struct timer **slot_of(struct timer_wheel *wheel, uint32_t level, uint64_t tick)
{
	return &wheel->slot[level][tick >> level * SLOT_BITS & (TIMER_WHEEL_SLOTS - 1)];
}

/* The lowest level whose turn from wheel->tick on reaches due_tick, which is wheel->tick or later. */
static struct timer **choose_slot(struct timer_wheel *wheel, uint64_t due_tick)
{
	uint64_t distance = due_tick - wheel->tick;

	/* | 1: the logarithm of 0 does not exist */
	return slot_of(wheel, (63 - (uint32_t)__builtin_clzll(distance | 1)) / SLOT_BITS, due_tick);
}

void timer_wheel_start(struct timer_wheel *wheel, struct timer *timer, uint64_t due_tick)
{
	if (timer_is_running(timer))
		timer_wheel_stop(wheel, timer);
	if (due_tick < wheel->tick)
		due_tick = wheel->tick;
	if (due_tick - wheel->tick > TIMER_WHEEL_REACH_TICKS)
		due_tick = wheel->tick + TIMER_WHEEL_REACH_TICKS;
	timer->due_tick = due_tick;
	link_timer(timer, choose_slot(wheel, due_tick));
	wheel->count++;
}

void timer_wheel_stop(struct timer_wheel *wheel, struct timer *timer)
{
	if (!timer_is_running(timer))
		return;
	unlink_timer(timer);
	wheel->count--;
}

/*
 * Empties the slots of the levels above whose time begins with wheel->tick. Nothing that is started at this tick comes
 * into them, nor anything dealt out: what is a whole turn away belongs to the level above. Result: false when there are
 * more than *steps timers in them.
 */
static bool deal_out(struct timer_wheel *wheel, uint32_t *steps)
{
	for (uint32_t level = 1; level < TIMER_WHEEL_LEVELS; level++) {
		struct timer **slot = slot_of(wheel, level, wheel->tick), *timer;
		if (wheel->tick & ((UINT64_C(1) << level * SLOT_BITS) - 1))
			return true;
		while ((timer = *slot)) {
			if (*steps == 0)
				return false;
			--*steps;
			unlink_timer(timer);
			link_timer(timer, choose_slot(wheel, timer->due_tick));
		}
	}
	return true;
}

/* The timers of the present tick are due; what is started from now on belongs to the next. */
static void begin_tick(struct timer_wheel *wheel)
{
	struct timer **slot = slot_of(wheel, 0, wheel->tick);

	wheel->due = *slot;
	*slot = NULL;
	if (wheel->due)
		wheel->due->link = &wheel->due;
	wheel->tick++;
}

struct timer *timer_wheel_take_due(struct timer_wheel *wheel, uint64_t now_tick)
{
	uint32_t steps = TIMER_WHEEL_SLOTS;

	if (wheel->count == 0 && wheel->tick <= now_tick)
		wheel->tick = now_tick + 1;
	while (!wheel->due) {
		if (wheel->tick > now_tick || !deal_out(wheel, &steps) || steps == 0)
			return NULL;
		steps--;
		begin_tick(wheel);
	}
	struct timer *timer = wheel->due;
	timer_wheel_stop(wheel, timer);
	return timer;
}
