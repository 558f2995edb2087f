#include "aor_wheel.h"

void aor_wheel_init(struct aor_wheel *wheel, int64_t now_unix_s)
{
	*wheel = (struct aor_wheel){.now_unix_s = now_unix_s};
}

void aor_wheel_enter(struct aor_wheel *wheel, struct binding_set *set)
{
	struct aor_keep *keep = aor_block_keep(set);
	int64_t end = aor_block_first_end(set);
	if (end < wheel->now_unix_s)
		end = wheel->now_unix_s;
	struct binding_set **slot = &wheel->slot[end % AOR_WHEEL_SLOTS];
	keep->wheel_next = *slot;
	keep->wheel_link = slot;
	if (*slot)
		aor_block_keep(*slot)->wheel_link = &keep->wheel_next;
	*slot = set;
}

void aor_wheel_leave(struct binding_set *set)
{
	struct aor_keep *keep = aor_block_keep(set);
	if (!keep->wheel_link)
		return;
	*keep->wheel_link = keep->wheel_next;
	if (keep->wheel_next)
		aor_block_keep(keep->wheel_next)->wheel_link = keep->wheel_link;
	keep->wheel_link = NULL;
}

struct binding_set *aor_wheel_take_ended(struct aor_wheel *wheel, int64_t now_unix_s)
{
	/* The clock may have been set forward by years: one turn sees every slot. */
	if (now_unix_s - wheel->now_unix_s > AOR_WHEEL_SLOTS)
		wheel->now_unix_s = now_unix_s - AOR_WHEEL_SLOTS;
	for (; wheel->now_unix_s <= now_unix_s; wheel->now_unix_s++) {
		struct binding_set *set = wheel->slot[wheel->now_unix_s % AOR_WHEEL_SLOTS];
		for (; set; set = aor_block_keep(set)->wheel_next)
			if (aor_block_first_end(set) <= now_unix_s) {
				aor_wheel_leave(set);
				return set;
			}
	}
	wheel->now_unix_s = now_unix_s; /* bindings that end in this second may still come */
	return NULL;
}
