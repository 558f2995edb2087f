/*
 * simulation.h - one random sequence: a real router, the model, and peers that do anything at any time. Everything that
 * happens is given to both, and what leaves the router is compared with what the model says.
 *
 *   simulation_actions.c   what happens next       simulation_compare.c   is it what the model says?
 */
#ifndef AMITY_TESTS_SIMULATION_H
#define AMITY_TESTS_SIMULATION_H

#include <stdio.h>

#include "random_source.h"
#include "reference.h"
#include "simulation_peers.h"

#define SIMULATION_CALLS_MAX	 64
#define SIMULATION_DIALOGS_MAX	 128
#define SIMULATION_SUCCESSES_MAX 512
#define SIMULATION_TAGS_MAX	 4096

/* Beside reference->request[] of the same number. */
struct simulation_request {
	struct peer_request text;
	char final_to[512];	/* To of the last final response but 2xx; "": none came */
	uint32_t stored_status; /* of `stored`: the last response but 2xx, for those that must come again the same */
	char *stored;
};

/* Beside reference->client[] of the same number. */
struct simulation_client {
	char branch[128];		   /* "": nothing was seen of it yet */
	char *sent[REFERENCE_MESSAGE + 1]; /* by method: the request, its ACK, its CANCEL */
	uint32_t tag;			   /* that its peer answers with */
	uint32_t last_status, last_tag;	   /* that its peer answered with */
};

/* Side 0 has sent the INVITE. */
struct simulation_dialog {
	uint32_t call;
	struct {
		uint32_t peer, tag;
		char uri[256], from[512], to[512], route[4096];
	} side[2];
};

/* A 2xx to INVITE as it came, for its ACK. */
struct simulation_success {
	uint32_t request, tag, dialog;
	char to[512];
};

/* What has happened, over all sequences. */
struct simulation_tally {
	uint64_t sequences, steps, outputs, repeated, ticks;
	uint64_t requests[REFERENCE_MESSAGE + 1], responses[7], fired[TIMER_COUNT];
};

struct simulation {
	struct pipeline *pipeline;
	struct reference *reference;
	struct random_source random;
	struct simulation_tally *tally;
	FILE *log;
	uint64_t seed;
	uint32_t step;
	uint32_t call_base, call_count; /* calls have numbers of their own over all sequences of a router */
	uint32_t cseq[SIMULATION_CALLS_MAX];
	struct simulation_request request[REFERENCE_REQUESTS_MAX];
	struct simulation_client client[REFERENCE_CLIENTS_MAX];
	uint32_t tag_count;
	uint32_t client_of_tag[SIMULATION_TAGS_MAX]; /* REFERENCE_NONE: a caller's */
	struct reference_target user;		     /* bob's bindings */
	uint64_t reasons[REASON_COUNT];		     /* of the router, as counted when they were logged */
	uint32_t dialog_count, success_count;
	struct simulation_dialog dialog[SIMULATION_DIALOGS_MAX];
	struct simulation_success success[SIMULATION_SUCCESSES_MAX];
};

/* ---- simulation_actions.c ---- */

/* One thing happens, and time may go on. */
void simulation_act(struct simulation *simulation);

/* Time goes on, to the tick. */
void simulation_wait(struct simulation *simulation, uint64_t ticks);

/* Time goes on until the model has no timer left. */
void simulation_let_end(struct simulation *simulation);

uint32_t simulation_new_tag(struct simulation *simulation, uint32_t client);

/* ---- simulation_compare.c ---- */

/* What the router has sent since the last time against reference->output, which is emptied. Ends the test when they
 * differ. */
void simulation_compare(struct simulation *simulation);

/* Prints what has happened and how to see it again, and ends the test. */
void simulation_fail(struct simulation *simulation, const char *problem);

#endif
