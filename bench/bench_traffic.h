/*
 * bench_traffic.h - what bench_pipeline sends: a directory of many companies, and messages of their calls.
 *
 * The messages are made through the router itself (challenge, answer, Record-Route), so they are what peers would send.
 */
#ifndef AMITY_BENCH_TRAFFIC_H
#define AMITY_BENCH_TRAFFIC_H

#include "pipeline.h"

#define BENCH_FRIENDS	    10
#define BENCH_CALL_MESSAGES 8

struct bench_datagram {
	struct span bytes;
	char source[32];
};

enum bench_traffic_kind {
	TRAFFIC_PARSE,	     /* a mix of messages (bench/messages) up to the stage of that name */
	TRAFFIC_INVITE_AUTH, /* an INVITE with credentials to a friend, forwarded; 100 */
	TRAFFIC_RESPONSE,    /* 180 and 200 to such an INVITE, passed back */
	TRAFFIC_IN_DIALOG,   /* ACK and BYE with our cookie, passed on */
	TRAFFIC_CALL,	     /* INVITE, ACK of its 407, INVITE, 180, 200, ACK, BYE, 200; 407 and 100 are ours */
	TRAFFIC_RETRANSMIT,  /* INVITEs whose transaction is there: answered from it */
	TRAFFIC_REGISTER,    /* REGISTER with credentials, verified and handed to the control thread */
	TRAFFIC_FLOOD,	     /* garbage: random bytes, cut messages, forged responses, unknown companies */
	TRAFFIC_COUNT,
};

/* How the packets of a round must end; what is neither forwarded nor punted is answered, absorbed or dropped. */
struct bench_workload {
	const char *name;
	enum bench_traffic_kind kind;
	struct bench_datagram *datagram; /* the part of the round that is to be sent now */
	uint32_t count;			 /* of the whole round */
	uint32_t step;			 /* parts of this round that were sent */
	uint32_t forwarded, punted;
	bool ends_after_parse; /* the other stages are left out */
};

struct bench_dialog;

struct bench_traffic {
	struct bench_workload workload[TRAFFIC_COUNT];
	struct pipeline *pipeline;
	struct bench_dialog *dialog; /* [count] */
	uint32_t company_count, count;
};

/*
 * A document of `company_count` companies with 10 friends and 2 patterns each; every company has patterns of its own,
 * so that no two share a compiled database. `changed`: a company whose priorities are turned round; UINT32_MAX: none.
 * Owner: the caller, free().
 */
char *bench_traffic_provisioning(uint32_t company_count, uint32_t changed);

/* Makes ready `count` messages of each kind. Owner: kept until the end of the program. */
void bench_traffic_make(struct bench_traffic *traffic, struct pipeline *pipeline, uint32_t company_count,
			uint32_t count);

/*
 * A round: begin, then send what next gives (`next` datagrams at workload->datagram) until it gives 0. What leaves the
 * router meanwhile is taken by bench_traffic_take(), after each burst or batch: what the peers say next is made of it.
 * Transactions and calls of the last round are forgotten by begin.
 */
void bench_traffic_begin(struct bench_traffic *traffic, struct bench_workload *workload);
uint32_t bench_traffic_next(struct bench_traffic *traffic, struct bench_workload *workload);
void bench_traffic_take(struct bench_traffic *traffic);

/* The company of the first call. */
uint32_t bench_traffic_first_company(uint32_t company_count);

#endif
