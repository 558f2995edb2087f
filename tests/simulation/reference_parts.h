/*
 * reference_parts.h - what the machines of the model say to each other. The proxy core is the transaction user of all.
 */
#ifndef AMITY_TESTS_REFERENCE_PARTS_H
#define AMITY_TESTS_REFERENCE_PARTS_H

#include "reference.h"
#include "reference_choices.h"

/* ---- reference.c ---- */

/* A message leaves now. */
void reference_send(struct reference *reference, struct reference_output output);

/* A response of that server transaction; REFERENCE_TAG_OWN and so on. */
void reference_send_up(struct reference *reference, const struct reference_server *server, uint32_t status,
		       uint32_t tag, bool repeated);

/* What that client transaction sends: its request, or (method) the ACK of its INVITE. */
void reference_send_down(struct reference *reference, const struct reference_client *client,
			 enum reference_method method, bool repeated);

void reference_stop_timers(uint64_t due[TIMER_COUNT]);

/* A client transaction of the server's request, not begun. `parent`: of a CANCEL. */
struct reference_client *reference_add_client(struct reference *reference, struct reference_server *server,
					      uint32_t peer, uint32_t parent);

/* ---- server transactions: from the wire, from the core, from the clock ---- */

void reference_server_invite_begin(struct reference *reference, struct reference_server *server);
void reference_server_invite_take_again(struct reference *reference, struct reference_server *server);
void reference_server_invite_take_ack(struct reference *reference, struct reference_server *server);
void reference_server_invite_respond(struct reference *reference, struct reference_server *server, uint32_t status,
				     uint32_t tag);
void reference_server_invite_expire(struct reference *reference, struct reference_server *server,
				    enum reference_timer timer);

void reference_server_other_begin(struct reference *reference, struct reference_server *server);
void reference_server_other_take_again(struct reference *reference, struct reference_server *server);
void reference_server_other_respond(struct reference *reference, struct reference_server *server, uint32_t status,
				    uint32_t tag);
void reference_server_other_expire(struct reference *reference, struct reference_server *server,
				   enum reference_timer timer);

/* ---- client transactions ---- */

void reference_client_invite_begin(struct reference *reference, struct reference_client *client);
void reference_client_invite_take(struct reference *reference, struct reference_client *client, uint32_t status,
				  uint32_t tag);
void reference_client_invite_expire(struct reference *reference, struct reference_client *client,
				    enum reference_timer timer);

void reference_client_other_begin(struct reference *reference, struct reference_client *client);
void reference_client_other_take(struct reference *reference, struct reference_client *client, uint32_t status,
				 uint32_t tag);
void reference_client_other_expire(struct reference *reference, struct reference_client *client,
				   enum reference_timer timer);

/* ---- the proxy core ---- */

void reference_proxy_begin(struct reference *reference, struct reference_server *server);
void reference_proxy_cancel(struct reference *reference, struct reference_server *server);

/* From a client transaction: a response; none in time (408), nobody there (503); C or the wait after CANCEL. */
void reference_proxy_take(struct reference *reference, struct reference_client *client, uint32_t status, uint32_t tag);
void reference_proxy_fail(struct reference *reference, struct reference_client *client, uint32_t status);
void reference_proxy_expire(struct reference *reference, struct reference_client *client, enum reference_timer timer);

#endif
