/*
 * explain_diff.h - which calls two directories route differently: those in force, and those that a document would make.
 *
 * Compared are, by explain_decide() on both sides:
 *   dialled     calls of the past (dialled_memory.h)
 *   extensions  each of every company, dialled by its first user and by its first friend
 *   ddis        each, dialled in E.164 by those two of its own company (R17), and from outside by the first carrier
 * (R33) "First" is the first that both sides have. A company that one side alone has is named, its extensions are not
 * tried; its DDIs are.
 *
 * Different is what a caller, the called side or an operator sees: outcome, refusal, target, request line, From, To,
 * identity, Diversion, next hop, codecs, how long a friend rings, and who is tried first when the target fails. Not:
 * the rule and the pattern by which the same comes about. Registrations are the same on both sides, and not looked at.
 */
#ifndef AMITY_EXPLAIN_DIFF_H
#define AMITY_EXPLAIN_DIFF_H

#include <jansson.h>

#include "dialled_memory.h"
#include "directory.h"

/* So many differences are listed, and so many names that one side alone has; the rest is counted. */
#define EXPLAIN_DIFF_LISTED_MAX 1000

struct explain_diff_input {
	const struct directory *now, *then;
	const struct dialled_call *dialled;
	uint32_t dialled_count;
};

/*
 * {"compared", "same", "different", "omitted": of the differences, "calls": [{"company", "caller":
 * "user|friend|carrier", "from", "to", "identity", "anonymous", "source": "dialled|extensions|ddis", "now", "then"}],
 * "unmatched":
 * [{"in": "now|then", "kind", "company", "name"}], "unmatched_omitted"}. "now" and "then" are those of
 * explain_alike_describe(); null: the caller is not there. Sorted by company, caller and number.
 *
 * Thread: any; takes a scratch of its own. Cost: some microseconds a call. Result: NULL when memory ends.
 */
json_t *explain_diff(const struct explain_diff_input *input);

#endif
