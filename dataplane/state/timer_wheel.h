/*
 * timer_wheel.h - the timers of one lcore: start and stop in constant time, expiry tick by tick.
 *
 * A hierarchical wheel of TIMER_WHEEL_LEVELS levels with TIMER_WHEEL_SLOTS slots each. A slot of level 0 is one tick
 * (10 ms), a slot of level n+1 is a whole turn of level n; when a level has turned once, the next slot of the level
 * above is dealt out again. Timers are part of what they time: nothing is allocated, and their number has no limit.
 *
 *   slot[2] |....|....|    65,536 ticks each
 *             \ dealt out when its time begins
 *   slot[1] |....|....|    256 ticks each
 *             \
 *   slot[0] |....|....|    1 tick  ->  due, one after the other  ->  timer_wheel_take_due()
 */
#ifndef AMITY_TIMER_WHEEL_H
#define AMITY_TIMER_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prefetch.h"

#define TIMER_WHEEL_TICK_MS	10
#define TIMER_WHEEL_LEVELS	4
#define TIMER_WHEEL_SLOTS	256			  /* 2.56 s, 11 minutes, 46 hours, 1.3 years */
#define TIMER_WHEEL_REACH_TICKS ((UINT64_C(1) << 32) - 1) /* SLOTS to the power of LEVELS, less one */

/* Zeroed: stopped. */
struct timer {
	struct timer *next;
	struct timer **link; /* what points to this timer; NULL: stopped */
	uint64_t due_tick;   /* when it expires, or expired: moved to what the wheel can do */
};

struct timer_wheel {
	uint64_t tick;	/* the first that has not begun to expire: all timers due before it have been taken, or are in
			   `due` */
	uint64_t count; /* running */
	struct timer *due; /* of the tick before, not taken yet */
	struct timer *slot[TIMER_WHEEL_LEVELS][TIMER_WHEEL_SLOTS];
};

/* `wheel` in memory of the caller. */
void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_tick);

/*
 * Starts or restarts the timer. What is due in the past expires at the next tick that begins, so that a timer that is
 * restarted as it expires waits a tick at least; what is due beyond the wheel's reach expires there.
 *
 * Thread: the owner of the wheel. Cost: <= 30 ns at a million timers, stop too, when the timer itself is in the cache.
 */
void timer_wheel_start(struct timer_wheel *wheel, struct timer *timer, uint64_t due_tick);

/* Does nothing when it is stopped. */
void timer_wheel_stop(struct timer_wheel *wheel, struct timer *timer);

static inline bool timer_is_running(const struct timer *timer)
{
	return timer->link != NULL;
}

/* Asks for its neighbours, which stopping it or starting it anew writes to. */
static inline void timer_wheel_prefetch(const struct timer *timer)
{
	if (!timer_is_running(timer))
		return;
	prefetch_line_to_write(timer->link);
	prefetch_line_to_write(timer->next);
}

/*
 * The next timer that is due at `now_tick`, stopped; in order of ticks. Call it until NULL, or less often: what was
 * not taken stays due. Cost: a call moves on over empty ticks and deals out timers of the levels above; at most
 * TIMER_WHEEL_SLOTS of both together, so that neither a long sleep nor a million timers stall the lcore: NULL with
 * wheel->tick <= now_tick then says that there may be more.
 */
struct timer *timer_wheel_take_due(struct timer_wheel *wheel, uint64_t now_tick);

#endif
