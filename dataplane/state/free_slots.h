/*
 * free_slots.h - which slots of a table are free: a stack, so that the slot freed last is used first.
 *
 *   top[0] | top[1] | top[2]      known without a look at the slots: what is behind them can be asked for long before
 *      \________________________  it is needed
 *                               v
 *          each free slot remembers the one that is third below it; it becomes top[2] when the slot is taken
 *
 * Thread: the owner of the table.
 */
#ifndef AMITY_FREE_SLOTS_H
#define AMITY_FREE_SLOTS_H

#include <stdint.h>

#define FREE_SLOTS_NONE	 UINT32_MAX
#define FREE_SLOTS_KNOWN 3

struct free_slots {
	uint32_t top[FREE_SLOTS_KNOWN]; /* FREE_SLOTS_NONE: there are no more */
};

/* What a slot remembers when all of `count` are free, 0 on top. */
static inline uint32_t free_slots_third_below(uint32_t slot, uint32_t count)
{
	return slot + FREE_SLOTS_KNOWN < count ? slot + FREE_SLOTS_KNOWN : FREE_SLOTS_NONE;
}

static inline void free_slots_init(struct free_slots *slots, uint32_t count)
{
	for (uint32_t i = 0; i < FREE_SLOTS_KNOWN; i++)
		slots->top[i] = i < count ? i : FREE_SLOTS_NONE;
}

/* top[0] is no longer free; `third_below` is what it remembered. */
static inline void free_slots_take(struct free_slots *slots, uint32_t third_below)
{
	slots->top[0] = slots->top[1];
	slots->top[1] = slots->top[2];
	slots->top[2] = third_below;
}

/* `slot` is free from now on. Result: what it has to remember. */
static inline uint32_t free_slots_give(struct free_slots *slots, uint32_t slot)
{
	uint32_t third_below = slots->top[2];

	slots->top[2] = slots->top[1];
	slots->top[1] = slots->top[0];
	slots->top[0] = slot;
	return third_below;
}

#endif
