/*
 * gun_counts.h - what a run counts and measures.
 */
#ifndef AMITY_GUN_COUNTS_H
#define AMITY_GUN_COUNTS_H

#include "gun_wire.h"
#include "hdr_histogram.h"

/* GUN_STEP(NAME, "name"): what a call waits for. */
#define GUN_STEPS(GUN_STEP)                                                                                            \
	GUN_STEP(FREE, "start")                                                                                        \
	GUN_STEP(INVITE, "INVITE")                                                                                     \
	GUN_STEP(INVITE_AUTH, "INVITE with credentials")                                                               \
	GUN_STEP(HOLD, "answered call")                                                                                \
	GUN_STEP(IN_DIALOG, "request in dialog")                                                                       \
	GUN_STEP(BYE, "BYE")                                                                                           \
	GUN_STEP(REGISTER, "REGISTER")                                                                                 \
	GUN_STEP(REGISTER_AUTH, "REGISTER with credentials")                                                           \
	GUN_STEP(OPTIONS, "OPTIONS")

enum gun_step {
#define GUN_STEP(name, text) GUN_STEP_##name,
	GUN_STEPS(GUN_STEP)
#undef GUN_STEP
		GUN_STEP_COUNT
};

/* GUN_LATENCY(NAME, "name of the metric", "text") */
#define GUN_LATENCIES(GUN_LATENCY)                                                                                     \
	GUN_LATENCY(INVITE_407, "invite_to_407", "INVITE due -> 407")                                                  \
	GUN_LATENCY(INVITE_100, "invite_to_100", "INVITE -> 100")                                                      \
	GUN_LATENCY(HOP_INVITE, "invite_hop", "INVITE, through the router")                                            \
	GUN_LATENCY(HOP_180, "180_hop", "180, through the router")                                                     \
	GUN_LATENCY(HOP_200, "200_hop", "200, through the router")                                                     \
	GUN_LATENCY(HOP_ACK, "ack_hop", "ACK, through the router")                                                     \
	GUN_LATENCY(HOP_BYE, "bye_hop", "BYE, through the router")                                                     \
	GUN_LATENCY(BYE_200, "bye_to_200", "BYE -> 200")                                                               \
	GUN_LATENCY(SETUP, "due_to_200", "call due -> answered")                                                       \
	GUN_LATENCY(REGISTER_401, "register_to_401", "REGISTER due -> 401")                                            \
	GUN_LATENCY(REGISTER_200, "register_to_200", "REGISTER -> 200")                                                \
	GUN_LATENCY(REQUEST_200, "request_to_200", "request due -> 200")                                               \
	GUN_LATENCY(START, "start_lag", "due -> sent by sipgun")

enum gun_latency {
#define GUN_LATENCY(name, metric, text) GUN_LATENCY_##name,
	GUN_LATENCIES(GUN_LATENCY)
#undef GUN_LATENCY
		GUN_LATENCY_COUNT
};

#define GUN_COUNTS_CODES 700

/* Why a call failed, where it was no answer: below the least status code. */
enum gun_cause {
	GUN_CAUSE_TIMEOUT,
	GUN_CAUSE_NO_BUFFER,   /* of sipgun's own */
	GUN_CAUSE_NO_CALL,     /* --calls-max of them live */
	GUN_CAUSE_LONG_DIALOG, /* Record-Route and Contact have no room */
	GUN_CAUSE_UNFINISHED,  /* at the end of --drain */
	GUN_CAUSE_CHALLENGE,   /* one that sipgun cannot answer */
	GUN_CAUSE_COUNT
};

struct gun_counts {
	uint64_t tried, completed, failed; /* calls, registrations, requests: of those due while it was measured */
	uint64_t failures[GUN_STEP_COUNT][GUN_COUNTS_CODES]; /* by enum gun_cause or status code */
	uint64_t answers[GUN_COUNTS_CODES];
	uint64_t received;	 /* SIP messages */
	uint64_t sent_again;	 /* retransmissions of ours */
	uint64_t received_again; /* messages that we had before */
	uint64_t stray;		 /* of no call of this run */
	uint64_t garbage_answers;
	uint64_t unreadable; /* UDP without a SIP message */
	uint64_t fragments;
	uint64_t acks_missing;				 /* 200s of the called side that nobody acknowledged */
	uint64_t pings;					 /* OPTIONS of the router's own */
	struct hdr_histogram latency[GUN_LATENCY_COUNT]; /* of TSC cycles */
};

#endif
