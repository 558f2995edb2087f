/*
 * gun_run.h - the loop of the generator's lcore, and the parts of a run: warm-up, what is measured, the end.
 */
#ifndef AMITY_GUN_RUN_H
#define AMITY_GUN_RUN_H

#include "gun.h"
#include "gun_garbage.h"
#include "gun_replay.h"
#include "gun_schedule.h"

struct gun_run {
	struct gun gun;
	struct gun_ports ports;
	struct gun_garbage garbage;
	struct gun_replay replay;
	struct gun_schedule schedule;
	uint64_t cycles_per_s;
	uint64_t busy_cycles; /* of turns that had something to do */
	uint64_t started;     /* calls, registrations, requests */
	uint64_t replay_next;
	uint64_t progress_tsc;
};

/* A generator that begins less than this share of its rate has not tried it. */
#define GUN_RUN_STARTED_SHARE_MIN 0.99

/* What was measured, beside gun.counts. */
struct gun_result {
	double rate;	   /* offered, as asked for */
	double seconds;	   /* measured */
	double done_per_s; /* completed */
	double started_per_s;
	double sent_per_s, received_per_s, garbage_per_s;
	double busy_share;   /* of the time: not waiting */
	double cpu_share;    /* CPU time of the thread over time: below 1 when others have the CPU too */
	double start_lag_us; /* p99: how late sipgun itself was */
	bool is_generator_late;
	double failed_share;
};

#define GUN_RUN_ERROR_BYTES 512

/* Opens devices, finds the router, makes the memory of all calls. Result: false with `error`. */
bool gun_run_open(struct gun_run *run, const struct gun_options *options, const struct gun_pool *pool,
		  char error[GUN_RUN_ERROR_BYTES]);
void gun_run_close(struct gun_run *run);

/* One run at a rate. Result: false when the program was interrupted; what was measured up to then is in place. */
bool gun_run_measure(struct gun_result *result, struct gun_run *run, double rate);

/* A turn of the loop: what came, what is due, timers, what goes out. */
void gun_run_turn(struct gun_run *run);

/* Ends runs from a signal handler. */
void gun_run_interrupt(void);

#endif
