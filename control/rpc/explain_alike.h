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
 * Who is tried first when the target fails (R16, R27): [{"when": "busy|no_answer|unreachable", "outcome", "target",
 * "number", "status", "reason"}]. Thread: as above. Result: NULL when memory ends.
 */
json_t *explain_alike_list_next(const struct explanation *explanation);

#endif
