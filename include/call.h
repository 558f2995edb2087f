/*
 * call.h - one call as both planes know it: what an lcore keeps of it, what it becomes at its end (CDR), and what
 * `amityctl calls` shows.
 *
 * A record is complete in itself: names and numbers are copied into it, since the directory may have changed before it
 * is written. It travels by value: at its end through the ring dataplane->call_record[worker] (elements of
 * sizeof(struct call_record) bytes), while it lives as an answer to an inquiry (inquiry.h).
 */
#ifndef AMITY_CALL_H
#define AMITY_CALL_H

#include "net_address.h"
#include "span.h"

#define CALL_NONE 0ull /* handle */

/*
 * Handle of a call: slot in the table of its lcore (24 bits), the lcore (5), and a serial number (35) that counts the
 * calls of the lcore from a random start. So the handle of an earlier call in the slot, or of before a restart, or of
 * another node, names none. For people: 16 hexadecimal digits. Never CALL_NONE.
 */
#define CALL_SLOT_BITS	 24
#define CALL_WORKER_BITS 5
#define CALL_SERIAL_BITS (64 - CALL_SLOT_BITS - CALL_WORKER_BITS)
#define CALL_SLOTS_MAX	 (1u << CALL_SLOT_BITS) /* of one lcore */

static inline uint64_t call_handle_make(uint32_t slot, uint32_t worker, uint64_t serial)
{
	return serial << (CALL_SLOT_BITS + CALL_WORKER_BITS) | (uint64_t)worker << CALL_SLOT_BITS | slot;
}

static inline uint32_t call_handle_slot(uint64_t handle)
{
	return (uint32_t)(handle & (CALL_SLOTS_MAX - 1));
}

/* The index of the lcore to ask. */
static inline uint32_t call_handle_worker(uint64_t handle)
{
	return (uint32_t)(handle >> CALL_SLOT_BITS) & ((1u << CALL_WORKER_BITS) - 1);
}

enum call_state {
	CALL_FREE,
	CALL_TRYING,
	CALL_RINGING,  /* a provisional response that tells of ringing was passed to the caller */
	CALL_ANSWERED, /* a 2xx was */
	CALL_ENDED,
};

/* Caller and target: endpoint of a company, or carrier. */
enum call_party {
	CALL_PARTY_NONE, /* refused before there was one */
	CALL_PARTY_USER,
	CALL_PARTY_FRIEND,
	CALL_PARTY_CARRIER,
};

enum call_end {
	CALL_END_NONE,	 /* lives */
	CALL_END_FAILED, /* never answered: `status`, and `reason` when it was our own */
	CALL_END_CALLER, /* BYE by the caller */
	CALL_END_CALLEE,
	CALL_END_EXPIRED, /* no BYE before the end of the session timer (RFC 4028), or the longest duration */
	CALL_END_STOPPED, /* the router was stopped; the call itself goes on (R30) */
};

enum call_flag {
	CALL_EMERGENCY = 1,    /* R37 */
	CALL_FROM_OUTSIDE = 2, /* came through a DDI (R17, R33) */
	CALL_ANONYMOUS = 4,    /* R23: the caller's number is not shown */
	CALL_TEXT_CUT = 8,     /* one of the texts did not fit: its `cut` tells which */
};

enum call_text_kind {
	/* For the whole call. */
	CALL_TEXT_DIALLED,	 /* N0, as dialled */
	CALL_TEXT_CALLER_NUMBER, /* K of R22, in E.164 or internal; empty: none */
	CALL_TEXT_CALLER,	 /* name of the calling endpoint or carrier */
	CALL_TEXT_COMPANY,	 /* the caller's; of a call from a carrier, the called one */
	CALL_TEXT_CALL_ID,
	/* Of the present, or last, target. */
	CALL_TEXT_TARGET,	  /* name of endpoint or carrier; empty: there was none */
	CALL_TEXT_DESTINATION,	  /* the number that it was called by: E.164 of external calls, C of R21 else */
	CALL_TEXT_PRESENTED,	  /* external calls: the number presented */
	CALL_TEXT_DDI,		  /* through which the call came in */
	CALL_TEXT_TARGET_COMPANY, /* empty: the same as COMPANY */
	CALL_TEXT_COUNT,
};

struct call_text {
	uint16_t offset; /* in call_record.text */
	uint8_t length;
	bool cut;
};

#define CALL_RULE_BYTES 8
#define CALL_TEXT_BYTES 266 /* of all texts together */

/* Times: unix time in ms, 0: not yet, or never. */
struct call_record {
	/* What changes while it lives: half a line of the cache (struct call). */
	uint64_t handle;
	uint64_t ringing_ms, answered_ms;
	uint16_t status;	/* last response to the INVITE that the caller got; 0: none yet */
	uint16_t reason;	/* enum reason: why the router ended it; REASON_NONE: it did not */
	uint8_t state;		/* enum call_state */
	uint8_t end;		/* enum call_end */
	uint8_t forward_count;	/* forwards that led to the present target (R27) */
	uint8_t failover_count; /* targets that took the place of one that failed, without a forward (R16) */

	uint64_t company_id;	    /* company->id */
	uint64_t target_company_id; /* of the present target; differs when companies call each other (R17) */
	uint64_t call_id_hash;	    /* keyed: for comparisons on lcores alone */
	uint64_t started_ms, ended_ms;
	struct net_address source;	/* the INVITE came from it */
	struct net_address destination; /* of the present target; of several bindings one */
	char rule[CALL_RULE_BYTES];	/* "R4.2", NUL-terminated: the rule that decided */
	uint8_t caller_kind;		/* enum call_party */
	uint8_t target_kind;
	uint8_t flags; /* enum call_flag */
	uint8_t reserved;
	uint16_t text_length; /* the part of `text` that is used */
	struct call_text part[CALL_TEXT_COUNT];
	char text[CALL_TEXT_BYTES];
};
_Static_assert(sizeof(struct call_record) <= 512 && sizeof(struct call_record) % 4 == 0,
	       "element of an rte_ring_elem: a multiple of four bytes");

static inline struct span call_record_text(const struct call_record *record, enum call_text_kind kind)
{
	return span_make(record->text + record->part[kind].offset, record->part[kind].length);
}

#endif
