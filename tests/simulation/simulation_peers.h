/*
 * simulation_peers.h - the peers of a simulated router as it sees them: their messages as text, the router's messages
 * read back to their essentials.
 *
 * Peer 0 is the caller, a friend that is known by its address; 1 to 3 are the bindings of user bob; 4 and 5 carriers; 6
 * and 7 friends with forwards: 3100 (desk) to bob when it is busy and to 3200 after 5 s, 3200 (night) to a carrier
 * after 20 s.
 */
#ifndef AMITY_TESTS_SIMULATION_PEERS_H
#define AMITY_TESTS_SIMULATION_PEERS_H

#include "pipeline.h"
#include "reference.h"

#define PEER_CALLER	   0u
#define PEER_BINDING	   1u
#define PEER_BINDING_COUNT 3u
#define PEER_CARRIER	   4u
#define PEER_CARRIER_COUNT 2u
#define PEER_FRIEND	   6u
#define PEER_FRIEND_COUNT  2u
#define PEER_COUNT	   8u

#define PEER_TEXT_BYTES_MAX 8192

extern const char simulation_provisioning[];

/* "192.0.2.21:5060" */
extern const char *const simulation_peers[PEER_COUNT];

/* What a request is written from; kept, so that its CANCEL, its ACK and its repetition can be written too. */
struct peer_request {
	uint32_t sender;
	enum reference_method method;
	uint32_t call, cseq, branch; /* numbers of a text */
	bool is_old;		     /* RFC 2543: the branch is without magic cookie */
	uint32_t from_tag;
	char uri[256];
	char from[512], to[512]; /* with the tag of `to` */
	char route[4096];	 /* value of Route; "": none */
};

void peer_request_branch(char branch[64], const struct peer_request *request);
void peer_request_write(char text[PEER_TEXT_BYTES_MAX], const struct peer_request *request);

/* `to`: that of the response. */
void peer_request_write_ack(char text[PEER_TEXT_BYTES_MAX], const struct peer_request *request, const char *to);
void peer_request_write_cancel(char text[PEER_TEXT_BYTES_MAX], const struct peer_request *request);

/* A response of `peer` to what it received. */
void peer_response_write(char text[PEER_TEXT_BYTES_MAX], const char *received, uint32_t status, uint32_t tag,
			 uint32_t peer);

/* A message of the router by its essentials. */
struct peer_message {
	uint32_t peer; /* whom; PEER_COUNT: nobody that we know */
	uint32_t status;
	enum reference_method method;
	uint32_t call, cseq;
	uint32_t tag;
	char branch[128]; /* of its topmost Via */
	const char *text;
};

/* `text` stays the caller's. Result: false when it is none that the router may send; *problem says why. */
bool peer_message_read(struct peer_message *message, const struct net_address *destination, const char *text,
		       const char **problem);

/* The whole value of a header, without the name. Fails the test when it is not there. */
void peer_header(char *value, size_t size, const char *text, const char *name);

/* An ICMP error of `peer` for what it was sent, as if nobody were there: port unreachable. */
void peer_send_unreachable(struct pipeline *pipeline, uint32_t peer, const char *sent);

/* Registers bob's binding number `index` with that q, or takes it away (q 0). */
void peer_register(struct pipeline *pipeline, uint32_t index, uint32_t q);

const char *peer_method_name(enum reference_method method);

#endif
