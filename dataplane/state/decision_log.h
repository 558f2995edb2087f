/*
 * decision_log.h - the last decisions of one lcore, for `amityctl why`: a ring in which the newest takes the place of
 * the oldest.
 */
#ifndef AMITY_DECISION_LOG_H
#define AMITY_DECISION_LOG_H

#include "copy_bytes.h"
#include "decision.h"

struct decision_log {
	struct decision *decision; /* by setup: [mask + 1] */
	uint32_t mask;		   /* by setup: count - 1; count a power of two */
	uint64_t count;		   /* ever written */
};

/* `memory`: `count` zeroed decisions; a power of two. Thread: setup. */
void decision_log_init(struct decision_log *log, struct decision *memory, uint32_t count);

/* The next entry for the caller to fill: zeroed, and its texts are empty. Thread: the owner, as all below. Cost: three
 * cache lines. */
struct decision *decision_log_add(struct decision_log *log);

/* What does not fit is cut. */
static inline void decision_log_set_text(struct decision *decision, enum decision_text_kind kind, struct span text)
{
	uint32_t room = kind == DECISION_TEXT_CALL_ID ? DECISION_CALL_ID_BYTES : DECISION_NAME_BYTES;
	uint32_t length = text.length < room ? text.length : room;

	copy_bytes(decision->text + decision_text_offset(kind), text.at, length);
	decision->length[kind] = (uint8_t)length;
}

/* The decision with that number, counted from 0 at the start. Result: NULL: not written yet, or no longer there. */
const struct decision *decision_log_find(const struct decision_log *log, uint64_t number);

/* Whether it is about that Call-ID. `call_id_hash` not 0. */
bool decision_log_is_about(const struct decision *decision, struct span call_id, uint64_t call_id_hash);

#endif
