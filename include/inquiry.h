/*
 * inquiry.h - how the control thread asks an lcore about its calls: by message, never by a look into its tables.
 *
 *   control: fills an inquiry  -> ring dataplane->inquiry[worker] -> lcore (dataplane/stages/inquire.c): writes the
 *   results into the asker's memory, over as many bursts as it takes, then sets `done` -> control: sees `done`, reads
 *
 * An lcore answers one inquiry at a time, in the order of the ring. It looks at INQUIRY_SLOTS_PER_BURST slots a burst,
 * so that no packet waits for an answer. Calls that begin or end meanwhile may be in the answer or not; those that live
 * all the time are, once.
 */
#ifndef AMITY_INQUIRY_H
#define AMITY_INQUIRY_H

#include <stdatomic.h>

#include "call.h"
#include "decision.h"

#define INQUIRY_SLOTS_PER_BURST 1024
#define INQUIRY_CURSOR_END	UINT32_MAX

enum inquiry_kind {
	INQUIRY_COUNT, /* -> counts */
	INQUIRY_CALLS, /* calls, of one company or all, from `cursor` on -> struct call_record[], by slot */
	INQUIRY_CALL,  /* the call with `handle`, or all calls with `call_id` -> struct call_record[] */
	INQUIRY_WHY,   /* decisions about `call_id` -> struct decision[], the newest `capacity` of them, newest last */
	INQUIRY_AUDIT, /* do calls, transactions and limits agree? -> audit */
};

struct call_counts {
	uint32_t trying, ringing, answered;
	uint32_t capacity;			 /* calls that fit the table */
	uint32_t transactions, transactions_max; /* in use, those that only absorb what comes late included */
};

/*
 * What the lcore's tables say, and in how many places they do not agree: the counts of the second part are 0 on a
 * sound router. Exact, also while calls come and go: each place is judged at one instant, and a call that began after
 * the audit is not asked for its transaction.
 */
struct call_audit {
	uint32_t calls;	       /* all that were met */
	uint32_t unanswered;   /* of them */
	uint32_t transactions; /* INVITEs outside a dialog without a final response */
	uint32_t untracked;    /* of them, without a call: emergency calls that found the table full (R37) */
	uint32_t limited;      /* things with a limit that calls count for now */

	uint32_t calls_without_transaction; /* unanswered, and no INVITE that could end them */
	uint32_t calls_without_timer;	    /* nothing would end them if no BYE came */
	uint32_t transactions_without_call; /* name a call that does not exist */
	uint32_t limits_wrong;		    /* count more or fewer calls than there are */
	uint64_t example;		    /* handle of a call that is wrong; CALL_NONE: none */
};

/*
 * Owner: the asker, from making to freeing; between enqueuing and `done` it and its output belong to the lcore.
 */
struct inquiry {
	/* By the asker. */
	uint8_t kind;	     /* enum inquiry_kind */
	uint64_t company_id; /* CALLS: calls by or to it; 0: all */
	uint64_t handle;     /* CALL; CALL_NONE: by call_id */
	struct span call_id; /* CALL, WHY; in memory of the asker */
	void *output;	     /* CALLS, CALL, WHY: `capacity` elements */
	uint32_t capacity;
	uint32_t cursor; /* CALLS, CALL: 0 to begin; then where it goes on, INQUIRY_CURSOR_END: nothing is left */

	/* By the lcore. */
	uint32_t count; /* elements written */
	struct call_counts counts;
	struct call_audit audit;

	/*
	 * The lcore stopped before it had answered: nothing of the above is valid. Written by dataplane_stop() on the
	 * control thread.
	 */
	bool abandoned;

	/*
	 * Written by the lcore (release) after all above; read by the control thread (acquire), which then may read
	 * and free it. What the asker wrote before enqueuing is made visible by the ring.
	 */
	atomic_bool done;
};

#endif
