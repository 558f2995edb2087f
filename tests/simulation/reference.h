/*
 * reference.h - a plain model of a transaction-stateful proxy: RFC 3261 sections 16 and 17 with RFC 4320 and RFC 6026,
 * written from their text, slow and without any of the router's code. What is given to it are messages by their
 * essentials and time; what it gives back is the list of messages that the router must send at that moment.
 *
 *   reference_server_invite.c   17.2.1, RFC 6026 8.5     reference_client_invite.c   17.1.1, RFC 6026 8.4
 *   reference_server_other.c    17.2.2, RFC 4320         reference_client_other.c    17.1.2
 *   reference_proxy.c           16.5 to 16.10: forks, best response, CANCEL, timer C
 *
 * Where the RFCs leave a choice, it is a constant of reference_choices.h.
 *
 * Nothing is ever freed before the end: a transaction that has ended is REFERENCE_TERMINATED and stays in its array.
 */
#ifndef AMITY_TESTS_REFERENCE_H
#define AMITY_TESTS_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#define REFERENCE_NONE	       UINT32_MAX
#define REFERENCE_NEVER	       UINT64_MAX
#define REFERENCE_REQUESTS_MAX 512
#define REFERENCE_SERVERS_MAX  1024
#define REFERENCE_CLIENTS_MAX  4096
#define REFERENCE_OUTPUTS_MAX  256
#define REFERENCE_TARGETS_MAX  5
#define REFERENCE_BINDINGS_MAX 3

/* To tags: the callee's own are numbers from 1. */
#define REFERENCE_TAG_NONE 0u
#define REFERENCE_TAG_OWN  UINT32_MAX /* made by the router */

enum reference_method {
	REFERENCE_INVITE,
	REFERENCE_ACK,
	REFERENCE_CANCEL,
	REFERENCE_BYE,
	REFERENCE_INFO,
	REFERENCE_MESSAGE,
};

/* One for both sides; which are used is said in each machine's file. */
enum reference_state {
	REFERENCE_TRYING, /* client INVITE: Calling */
	REFERENCE_PROCEEDING,
	REFERENCE_COMPLETED,
	REFERENCE_CONFIRMED,
	REFERENCE_ACCEPTED,
	REFERENCE_TERMINATED,
};

enum reference_timer {
	TIMER_A,
	TIMER_B,
	TIMER_C,
	TIMER_D,
	TIMER_E,
	TIMER_F,
	TIMER_G,
	TIMER_H,
	TIMER_I,
	TIMER_J,
	TIMER_K,
	TIMER_L,
	TIMER_M,
	TIMER_TRYING,  /* RFC 4320 4.1: 100 to a non-INVITE, not before */
	TIMER_GIVE_UP, /* 9.1: a cancelled INVITE without final response */
	TIMER_RING,    /* R27: no_answer */
	TIMER_COUNT,
};

/* R28: why a target did not take a request. */
enum reference_failure {
	FAILURE_BUSY,
	FAILURE_NO_ANSWER,
	FAILURE_UNREACHABLE,
	FAILURE_COUNT,
	FAILURE_NONE = FAILURE_COUNT, /* what it says counts */
};

enum reference_target_kind { TARGET_USER, TARGET_FRIEND, TARGET_CARRIER };

/* Where a request may go: all bindings of a target at once or by q; when it fails, to another one. */
struct reference_target {
	enum reference_target_kind kind;
	uint32_t next[FAILURE_COUNT]; /* index of the target; 0, which is the first one: none */
	uint64_t ring_ticks;	      /* 0: until somebody answers */
	uint32_t count;
	uint32_t peer[REFERENCE_BINDINGS_MAX];
	uint32_t q[REFERENCE_BINDINGS_MAX]; /* in thousandths; descending */
};

/* What a peer sends, whatever becomes of it; sent again it is the same request. */
struct reference_request {
	enum reference_method method;
	uint32_t sender; /* peer */
	bool in_dialog;
	uint32_t tag; /* To tag of it */
	uint32_t
		group; /* those of one group have Call-ID, From tag and CSeq in common: it came by two ways (8.2.2.2) */
	uint32_t target_count;
	struct reference_target target[REFERENCE_TARGETS_MAX];
};

struct reference_server {
	uint32_t request;
	enum reference_state state;
	uint64_t due[TIMER_COUNT];
	uint64_t interval; /* of G */
	uint32_t status;   /* last sent; 0: nothing yet */
	uint32_t tag;

	/* The response context (16.7). */
	uint32_t target; /* that is being tried */
	uint32_t next_binding;
	bool cancelled; /* no new branches: CANCEL */
	bool declined;	/* no new branches: 6xx */
	uint32_t best_status, best_tag;
	uint32_t target_status; /* the best of the target that is being tried */
};

struct reference_client {
	uint32_t server;
	uint32_t request; /* of the server */
	enum reference_method method;
	uint32_t peer;
	uint32_t target; /* the one of the request's targets that it belongs to */
	enum reference_state state;
	uint64_t due[TIMER_COUNT];
	uint64_t interval; /* of A, E */
	uint32_t status;   /* last final response */
	uint32_t ack_tag;  /* of COMPLETED INVITEs */
	bool provisional;  /* one came */
	bool cancel_wanted;
	uint32_t cancel; /* the client transaction of its CANCEL; REFERENCE_NONE: none */
	uint32_t parent; /* of CANCEL: the INVITE's; else REFERENCE_NONE */
	bool settled;	 /* the proxy core has its final response, or has given up waiting for one */
};

struct reference_output {
	uint64_t tick;
	uint32_t peer;
	uint32_t status; /* 0: a request */
	enum reference_method method;
	uint32_t request;
	uint32_t client; /* of requests: whose branch it carries; REFERENCE_NONE: passed statelessly */
	uint32_t tag;	 /* To tag, of responses, ACKs and requests in a dialog */
	bool repeated;	 /* the same bytes as the last time */
};

struct reference {
	uint64_t now; /* in ticks of 10 ms */
	uint32_t request_count, server_count, client_count, output_count;
	uint32_t fired[TIMER_COUNT]; /* how often each has fired */
	struct reference_request request[REFERENCE_REQUESTS_MAX];
	struct reference_server server[REFERENCE_SERVERS_MAX];
	struct reference_client client[REFERENCE_CLIENTS_MAX];
	struct reference_output output[REFERENCE_OUTPUTS_MAX]; /* emptied by who reads it */
};

void reference_init(struct reference *reference, uint64_t now);

/* A new request; then it is sent, as often as one likes. Result: its number. */
uint32_t reference_add_request(struct reference *reference, const struct reference_request *request);
void reference_take_request(struct reference *reference, uint32_t request);

/* Its sender's CANCEL, and its ACK of a non-2xx: both carry the branch of the INVITE. An ACK in a dialog that finds no
 * transaction to confirm cannot be told from one of a 2xx (17.2.3). */
void reference_take_cancel(struct reference *reference, uint32_t request);
void reference_take_ack(struct reference *reference, uint32_t request);

/* An ACK of a 2xx, from `sender` to `peer`: passed on along the dialog. */
void reference_take_ack_of_2xx(struct reference *reference, uint32_t request, uint32_t peer, uint32_t tag);

/* A response to what that client transaction sent; `method` is that of its CSeq: CANCEL for its CANCEL. */
void reference_take_response(struct reference *reference, uint32_t client, enum reference_method method,
			     uint32_t status, uint32_t tag);

/* The network says that nobody is where that client transaction sends its request (18.4, 16.9). */
void reference_take_unreachable(struct reference *reference, uint32_t client);

/* The next moment at which a timer fires; REFERENCE_NEVER: none runs. */
uint64_t reference_next_due(const struct reference *reference);

/* Time goes on to `tick`; timers on the way fire in order. */
void reference_advance(struct reference *reference, uint64_t tick);

/* Server transactions that have not ended, with those that are remembered for one of their branches. */
uint32_t reference_count_live(const struct reference *reference);

/* The server transaction of a request that has not ended; NULL: none. */
struct reference_server *reference_find_server(struct reference *reference, uint32_t request);

#endif
