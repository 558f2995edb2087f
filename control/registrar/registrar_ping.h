/*
 * registrar_ping.h - OPTIONS to bindings behind NAT, so that the NAT keeps its door open (R35).
 *
 * A wheel of PING_SLOTS ticks of PING_TICK_MS: a turn takes 30 s. Bindings are dealt out to the slots one by one, so
 * that pings of many bindings spread over the whole turn. The branch of a ping names its entry and carries a keyed hash
 * over the binding; answers are found by it.
 */
#ifndef AMITY_REGISTRAR_PING_H
#define AMITY_REGISTRAR_PING_H

#include "aor_block.h"
#include "status.h"

#define PING_TICK_MS	   100
#define PING_SLOTS	   300 /* 30 s */
#define PING_BYTES_MAX	   4096
#define PING_BRANCH_PREFIX "z9hG4bKping" /* by it lcores know whose answer it is */

struct registrar_pinger;

AMITY_CHECKED enum status registrar_ping_create(struct registrar_pinger **pinger);
void registrar_ping_free(struct registrar_pinger *pinger); /* NULL is fine */

/* Pings a binding of `set` from now on and notes it there. Without memory it is not pinged. Result: false then. */
bool registrar_ping_add(struct registrar_pinger *pinger, struct binding_set *set, uint32_t index);

/* It is now a binding of `set`, whose note says `ping`. */
void registrar_ping_move(struct registrar_pinger *pinger, uint32_t ping, struct binding_set *set);

/* 0 is fine. */
void registrar_ping_remove(struct registrar_pinger *pinger, uint32_t ping);

/* Moves on by one tick and calls `send` with every binding that is due. */
void registrar_ping_tick(struct registrar_pinger *pinger,
			 void (*send)(void *argument, struct binding_set *set, uint32_t index), void *argument);

/* The OPTIONS for `record`, which is pinged. Result: its length, 0 when it does not fit. */
uint32_t registrar_ping_write(char message[PING_BYTES_MAX], const struct registrar_pinger *pinger,
			      const struct binding_record *record, uint32_t cseq);

/* The binding whose ping the message `answer` answers; `texts` is what its block holds. Result: NULL when it is none.
 */
struct binding_keep *registrar_ping_find(const struct registrar_pinger *pinger, struct span answer,
					 const struct text_table *texts);

uint32_t registrar_ping_count(const struct registrar_pinger *pinger);

#endif
