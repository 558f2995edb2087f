#include "cmocka_all.h"

#include <stdio.h>

#include "failing_allocator.h"
#include "failing_walk.h"

static const struct failing_walk_known *find_known(const struct failing_walk_known *known)
{
	for (; known && known->function; known++)
		if (failing_allocator_site_has(known->function))
			return known;
	return NULL;
}

/* One walk. Result: did allocation `nth` happen? */
static bool walk(const struct failing_walk_operation *operation, uint64_t nth, bool onwards,
		 struct failing_allocator_live *leaked, enum failing_walk_outcome *outcome)
{
	struct failing_allocator_live before = failing_allocator_live();
	failing_allocator_arm(nth, onwards);
	*outcome = operation->run(operation->argument);
	bool hit = failing_allocator_disarm();
	operation->undo(operation->argument, *outcome);
	struct failing_allocator_live after = failing_allocator_live();
	*leaked = (struct failing_allocator_live){after.blocks - before.blocks, after.bytes - before.bytes};
	return hit;
}

static void report_leak(const struct failing_walk_operation *operation, uint64_t nth, bool onwards)
{
	struct failing_allocator_live leaked;
	enum failing_walk_outcome outcome;

	fprintf(stderr, "  the allocation that failed:\n");
	failing_allocator_print_site(stderr);
	failing_allocator_trace(true);
	walk(operation, nth, onwards, &leaked, &outcome);
	failing_allocator_print_live(stderr);
	failing_allocator_trace(false);
}

static uint64_t walk_all(const struct failing_walk_operation *operation, const struct failing_walk_known *known,
			 bool onwards)
{
	struct failing_allocator_live leaked;
	enum failing_walk_outcome outcome;
	uint64_t nth = 0, walks = 0;

	while (walk(operation, nth, onwards, &leaked, &outcome)) {
		walks++;
		const struct failing_walk_known *library = leaked.blocks ? find_known(known) : NULL;
		if (leaked.blocks > (library ? library->blocks_max : 0)) {
			fprintf(stderr, "%s, allocation %llu%s fails: %lld blocks, %lld bytes leak (%s)\n",
				operation->name, (unsigned long long)nth, onwards ? " and all behind it" : "",
				(long long)leaked.blocks, (long long)leaked.bytes,
				outcome == FAILING_WALK_DONE ? "done" : "refused");
			report_leak(operation, nth, onwards);
			fail();
		}
		nth += nth < FAILING_WALK_ALL ? 1 : FAILING_WALK_STRIDE;
	}
	assert_int_equal(outcome, FAILING_WALK_DONE);
	return walks;
}

void failing_walk(const struct failing_walk_operation *operation, const struct failing_walk_known *known)
{
	struct failing_allocator_live leaked;
	enum failing_walk_outcome outcome;

	/* Twice without a failure: what libraries keep from their first use on is not this operation's. */
	for (int i = 0; i < 2; i++) {
		walk(operation, UINT64_MAX, false, &leaked, &outcome);
		assert_int_equal(outcome, FAILING_WALK_DONE);
	}
	uint64_t once = walk_all(operation, known, false), onwards = walk_all(operation, known, true);
	print_message("    %s: %llu walks with one failure, %llu with all behind it\n", operation->name,
		      (unsigned long long)once, (unsigned long long)onwards);
}
