/*
 * decision.h - what an lcore decided about one request, or how a call ended: an entry of its log of the last decisions
 * (dataplane/state/decision_log.h), and a line of `amityctl why`.
 */
#ifndef AMITY_DECISION_H
#define AMITY_DECISION_H

#include "net_address.h"
#include "span.h"

enum decision_kind {
	DECISION_NONE,
	DECISION_REQUEST, /* an initial request ended as `verdict`, `reason` and `rule` say */
	DECISION_CALL,	  /* a call ended: `status`, `reason` */
};

enum decision_text_kind {
	DECISION_TEXT_CALL_ID, /* its beginning */
	DECISION_TEXT_CALLER,  /* endpoint or carrier, as far as known */
	DECISION_TEXT_TARGET,
	DECISION_TEXT_NUMBER, /* as dialled; before routing the user part of the Request-URI */
	DECISION_TEXT_COUNT,
};

#define DECISION_RULE_BYTES 8

/* Where each text stands in `text`, and how much room it has; what does not fit is cut. */
#define DECISION_CALL_ID_BYTES 56
#define DECISION_NAME_BYTES    24
#define DECISION_TEXT_BYTES    (DECISION_CALL_ID_BYTES + 3 * DECISION_NAME_BYTES)

struct decision {
	uint64_t time_ms;	   /* unix time */
	uint64_t call_id_hash;	   /* keyed; 0: none */
	uint64_t call;		   /* handle; CALL_NONE: none */
	struct net_address source; /* the request came from it */
	uint16_t status;	   /* what was answered, or how the INVITE ended; 0: nothing was */
	uint16_t reason;	   /* enum reason */
	uint8_t kind;		   /* enum decision_kind */
	uint8_t verdict;	   /* enum verdict; of requests */
	uint8_t method;		   /* enum sip_method */
	uint8_t end;		   /* enum call_end; of calls */
	uint8_t length[DECISION_TEXT_COUNT];
	char rule[DECISION_RULE_BYTES]; /* NUL-terminated; empty: refused before routing */
	char text[DECISION_TEXT_BYTES];
};
_Static_assert(sizeof(struct decision) == 192, "three cache lines");

static inline uint32_t decision_text_offset(enum decision_text_kind kind)
{
	return kind == DECISION_TEXT_CALL_ID
		       ? 0
		       : DECISION_CALL_ID_BYTES + ((uint32_t)kind - DECISION_TEXT_CALLER) * DECISION_NAME_BYTES;
}

static inline struct span decision_text(const struct decision *decision, enum decision_text_kind kind)
{
	return span_make(decision->text + decision_text_offset(kind), decision->length[kind]);
}

#endif
