/*
 * inquirer.h - asks lcores about their calls (include/inquiry.h) without waiting for them: the answer comes later, from
 * the event loop.
 *
 * An lcore that does not answer in time holds up nobody: who asked is told so, and what the lcore may still write into
 * is kept until it has.
 */
#ifndef AMITY_INQUIRER_H
#define AMITY_INQUIRER_H

#include "dataplane.h"
#include "inquiry.h"
#include "status.h"

/* A table of 16 million calls takes an idle lcore, which sleeps between bursts, some seconds. */
#define INQUIRER_WAIT_MS       10000
#define INQUIRER_WAIT_COUNT_MS 1000	  /* INQUIRY_COUNT is answered within a burst, and `status` asks it */
#define INQUIRER_ALL	       UINT32_MAX /* every lcore */

struct event_base;
struct inquirer;

/* By worker; NULL: that one was not asked, did not answer in time, or stopped. They end with the call. */
struct inquiry_answers {
	const struct inquiry *answer[LCORES_MAX];
	uint32_t missing; /* asked, without an answer */
	uint32_t first_missing;
};

typedef void inquirer_done_fn(void *argument, const struct inquiry_answers *answers);

/* `base` may be NULL: inquirer_poll() alone. `dataplane` outlives it. Thread: control, as all below. */
AMITY_CHECKED enum status inquirer_create(struct inquirer **inquirer, struct dataplane *dataplane,
					  struct event_base *base);

/*
 * `question`: kind, company_id, handle, call_id, capacity and cursor are copied; the output is the inquirer's own.
 * `worker`: an index below worker_count, or INQUIRER_ALL. Calls `done` once, never from within.
 *
 * Result: NO_MEMORY; `done` is then not called.
 */
AMITY_CHECKED enum status inquirer_ask(struct inquirer *inquirer, uint32_t worker, const struct inquiry *question,
				       inquirer_done_fn *done, void *argument);

/* Looks for answers; the timer calls it. Result: askings that are under way. */
uint32_t inquirer_poll(struct inquirer *inquirer);

/* Tells everybody who waits that there is no answer: the router stops. `done` must not ask again. */
void inquirer_finish(struct inquirer *inquirer);

/* After inquirer_finish() and the end of the lcores, which own what they were asked until then. NULL is allowed. */
void inquirer_free(struct inquirer *inquirer);

#endif
