/*
 * aor_wheel.h - when bindings end: a wheel of seconds. A block (aor_block.h) is in one slot, that of the second at
 * which its first binding ends.
 */
#ifndef AMITY_AOR_WHEEL_H
#define AMITY_AOR_WHEEL_H

#include "aor_block.h"

/* More seconds than bindings usually last: a slot then holds only what ends in that second. */
#define AOR_WHEEL_SLOTS 8192

struct aor_wheel {
	int64_t now_unix_s; /* all slots before it are done */
	struct binding_set *slot[AOR_WHEEL_SLOTS];
};

void aor_wheel_init(struct aor_wheel *wheel, int64_t now_unix_s);

/* `set` has bindings and is not in the wheel. */
void aor_wheel_enter(struct aor_wheel *wheel, struct binding_set *set);

/* Fine when it is not in it. */
void aor_wheel_leave(struct binding_set *set);

/*
 * Next block of which a binding has ended by `now_unix_s`, taken out of the wheel. Result: NULL when there is none.
 */
struct binding_set *aor_wheel_take_ended(struct aor_wheel *wheel, int64_t now_unix_s);

#endif
