/*
 * explain_alike.h - whether two explained calls are the same to everybody who has to do with them, and what would
 * follow if their targets failed.
 */
#ifndef AMITY_EXPLAIN_ALIKE_H
#define AMITY_EXPLAIN_ALIKE_H

#include "explain.h"

/* Of two that explain_decide() filled, from two directories: names and numbers count, not who holds them. Thread: the
 * owner of their scratch. */
bool explain_alike(const struct explanation *a, const struct explanation *b);

/*
 * All that explain_alike() looks at: explain_describe() without "steps", and besides "diversion": the values that would
 * be added, "ring_s": how long a friend rings, or null, and "next": who is tried first when the target fails (R16,
 * R27):
 * [{"when": "busy|no_answer|unreachable", "outcome", "target", "company", "number", "address": of a carrier, "status",
 * "reason"}]. Thread: as above. Result: NULL or not whole when memory ends (json_memory.h).
 */
json_t *explain_alike_describe(const struct explanation *explanation);

#endif
