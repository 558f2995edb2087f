/*
 * gun.h - one generator: what the parts of a run share. One thread, one lcore; no locks.
 *
 *   gun_run      receive -> gun_read -> gun_caller (responses), gun_called (requests)
 *                gun_schedule: calls that are due -> gun_caller
 *                timer wheel: repetitions, ring and hold times
 *                gun_wire: what goes out
 */
#ifndef AMITY_GUN_H
#define AMITY_GUN_H

#include "gun_call.h"
#include "gun_message.h"
#include "gun_pool.h"

#define GUN_NONCE_BYTES_MAX  160
#define GUN_OPAQUE_BYTES_MAX 64

/* The last challenge that a user got: invite_auth, and refreshes of registrations, answer it again with the next nc. */
struct gun_nonce {
	uint32_t nc;
	uint8_t nonce_bytes, opaque_bytes; /* nonce 0: none */
	uint8_t algorithm;
	bool has_qop;
	bool is_proxy;
	char nonce[GUN_NONCE_BYTES_MAX];
	char opaque[GUN_OPAQUE_BYTES_MAX];
};

struct gun {
	const struct gun_options *options;
	const struct gun_pool *pool;
	struct gun_wire wire;
	struct gun_frame frame[GUN_SIDES]; /* to the router */
	struct gun_frame_address router[GUN_SIDES];
	struct gun_messages messages;
	struct gun_calls calls;
	struct gun_nonce *nonce; /* by user; NULL: none is kept */
	struct timer_wheel wheel;
	struct gun_counts counts;
	uint64_t random;
	uint64_t now_tsc;
	uint64_t now_tick;
	uint64_t start_tsc; /* tick 0 */
	uint64_t cycles_per_tick;
	uint32_t next_user; /* of register */
	uint32_t next_call; /* of in_dialog */
	bool is_measuring;  /* calls that begin now count */
	bool is_ending;	    /* in_dialog: calls end when they can */
};

static inline uint32_t gun_ticks_of_ms(uint32_t milliseconds)
{
	return (milliseconds + TIMER_WHEEL_TICK_MS - 1) / TIMER_WHEEL_TICK_MS;
}

/* RFC 3261 17: T1, T2, and 64 * T1 of timers B, F and H. */
#define GUN_T1_TICKS	  (500 / TIMER_WHEEL_TICK_MS)
#define GUN_T2_TICKS	  (4000 / TIMER_WHEEL_TICK_MS)
#define GUN_TIMEOUT_TICKS (64 * GUN_T1_TICKS)

static inline void gun_record(struct gun *gun, enum gun_latency latency, uint64_t since_tsc)
{
	hdr_histogram_record(&gun->counts.latency[latency], gun->now_tsc > since_tsc ? gun->now_tsc - since_tsc : 0);
}

#endif
