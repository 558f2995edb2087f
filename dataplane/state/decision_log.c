#include "decision_log.h"

#include "clear_bytes.h"
#include "prefetch.h"

/* A packet takes a fifth of the time that a line is on its way. */
#define DECISIONS_AHEAD 5

void decision_log_init(struct decision_log *log, struct decision *memory, uint32_t count)
{
	*log = (struct decision_log){.decision = memory, .mask = count - 1};
}

struct decision *decision_log_add(struct decision_log *log)
{
	struct decision *decision = &log->decision[log->count++ & log->mask];

	clear_bytes(decision, offsetof(struct decision, text));
	/* The ring is longer than any cache: those of the next packets are asked for before they are needed. */
	prefetch_whole_lines_to_write(&log->decision[(log->count + DECISIONS_AHEAD) & log->mask], sizeof(*decision));
	return decision;
}

const struct decision *decision_log_find(const struct decision_log *log, uint64_t number)
{
	if (number >= log->count || log->count - number > (uint64_t)log->mask + 1)
		return NULL;
	return &log->decision[number & log->mask];
}

bool decision_log_is_about(const struct decision *decision, struct span call_id, uint64_t call_id_hash)
{
	return decision->call_id_hash == call_id_hash &&
	       span_starts_with(call_id, decision_text(decision, DECISION_TEXT_CALL_ID));
}
