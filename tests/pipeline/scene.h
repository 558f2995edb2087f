/*
 * scene.h - what the cases of the transaction layer share: companies, carriers and friends as forking, failover and
 * forwards want them; the steps of the peers around the router; and the clock.
 *
 * All that leaves the router is sorted by who gets it: a case asks each peer for its next message, in whatever order
 * the router sent to different ones. 100 Trying is a message like any other here.
 */
#ifndef AMITY_TESTS_SCENE_H
#define AMITY_TESTS_SCENE_H

#include "pipeline_case.h"

/* Desk calls without credentials: auth: source. */
#define DESK  "192.0.2.20:5060"
#define HQ    "192.0.2.10:5060" /* 30xx: a friend without forwards */
#define LINE  "192.0.2.11:5060" /* 31xx: busy, or not reached -> 3200 */
#define WEST  "192.0.2.12:5060" /* 32xx: where forwards go */
#define RING  "192.0.2.13:5060" /* 33xx: no answer after 20 s -> 3200 */
#define TRUNK "192.0.2.14:5060" /* 34xx: no answer after 5 s -> outside */
#define BOB   "192.0.2.31:5060" /* 102: a user; more bindings of it at .32, .33, ... */
#define TELCO "198.51.100.7:5060"
#define SPARE "198.51.100.8:5060" /* telco's second address */
#define OTHER "198.51.100.9:5060" /* the other carrier */

extern const char scene_provisioning[];

struct scene_message {
	char peer[32]; /* who got it */
	bool taken;
	char *text;
};

struct scene {
	struct pipeline *pipeline;
	struct scene_message *message; /* all that left since scene_begin() */
	uint32_t message_count;
	uint32_t since_ms; /* since scene_now() */
	uint32_t call_count;
	/* The request of desk, or who else asked last, and its name. */
	struct sip_request request;
	const char *caller;
	char request_uri[128], to[160], call_id[64], branch[64];
	char headers[SIP_TEXT_BYTES_MAX];
};

/* What a peer got, to be answered. */
struct leg {
	const char *peer;
	char text[SIP_TEXT_BYTES_MAX];
};

/* A router with scene_provisioning and as many workers as the state says. */
void scene_begin(struct scene *scene, void **state);
void scene_begin_with(struct scene *scene, void **state, const char *provisioning, const struct pipeline_sizes *sizes);

/*
 * Everything ends: nothing is left unread; then no transaction, no timer, no limit, no mbuf is left, and of calls those
 * that were answered and not hung up.
 */
void scene_end(struct scene *scene, uint32_t answered_calls);

/* Registers a user or friend of acme at `address`, with q. */
void scene_register(struct scene *scene, const char *name, const char *address, const char *q);

/* An INVITE of desk to `number`, and its 100. */
void scene_call(struct scene *scene, const char *number);

/* scene->request as it is now, from scene->caller. */
void scene_send(struct scene *scene);

/* Prepares scene->request as a request of `caller` outside a dialog, under a new Call-ID; does not send it. */
void scene_prepare(struct scene *scene, const char *caller, const char *method, const char *number);

/* CANCEL of scene->request; ACK of a non-2xx to it. They are no scene->request themselves. */
void scene_cancel(struct scene *scene);
void scene_acknowledge(struct scene *scene, const char *response);

/* The next message that `peer` got: a request with that method, a response with that status. Fails the test when it is
 * another one, or none. `leg`, `response`: where it is kept. */
void scene_expect_request(struct scene *scene, struct leg *leg, const char *peer, const char *method);
const char *scene_expect_any(struct scene *scene, const char *peer);
const char *scene_expect_status(struct scene *scene, const char *peer, int status);

/* The peer's answer to what it got. */
void scene_answer(struct scene *scene, const struct leg *leg, int status);
void scene_answer_with(struct scene *scene, const struct leg *leg, int status, const char *tag, const char *headers);

/* Gets the ACK of a non-2xx that it answered. */
void scene_expect_ack(struct scene *scene, const struct leg *leg);

/* Answers an INVITE with that non-2xx and gets its ACK. */
void scene_refuse(struct scene *scene, const struct leg *leg, int status);

/* The final non-2xx of scene->request: exactly this one, acknowledged. */
void scene_expect_end(struct scene *scene, int status);

/* Nothing is unread. */
void scene_expect_silence(struct scene *scene);

/* The clock: times count from the last scene_now(). Nothing may leave before `ms`, which is a multiple of a tick. */
void scene_now(struct scene *scene);
void scene_wait_until(struct scene *scene, uint32_t ms);

/* Transactions that are used now, of all workers together; of them those that linger. */
uint32_t scene_transactions(const struct scene *scene);
uint32_t scene_lingering(const struct scene *scene);
uint32_t scene_calls(const struct scene *scene);
uint32_t scene_limits(const struct scene *scene);

#endif
