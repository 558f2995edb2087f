#include "reference_parts.h"

#include <string.h>

#include "must.h"

void reference_init(struct reference *reference, uint64_t now)
{
	memset(reference, 0, sizeof(*reference));
	reference->now = now;
}

uint32_t reference_add_request(struct reference *reference, const struct reference_request *request)
{
	must(reference->request_count < REFERENCE_REQUESTS_MAX);
	reference->request[reference->request_count] = *request;
	return reference->request_count++;
}

void reference_stop_timers(uint64_t due[TIMER_COUNT])
{
	for (uint32_t i = 0; i < TIMER_COUNT; i++)
		due[i] = REFERENCE_NEVER;
}

/* ---- what leaves ---- */

void reference_send(struct reference *reference, struct reference_output output)
{
	must(reference->output_count < REFERENCE_OUTPUTS_MAX);
	output.tick = reference->now;
	reference->output[reference->output_count++] = output;
}

void reference_send_up(struct reference *reference, const struct reference_server *server, uint32_t status,
		       uint32_t tag, bool repeated)
{
	const struct reference_request *request = &reference->request[server->request];

	/* 8.2.6.2: what is in a dialog has the dialog's tag, whoever answers. */
	reference_send(reference, (struct reference_output){.peer = request->sender,
							    .status = status,
							    .method = request->method,
							    .request = server->request,
							    .client = REFERENCE_NONE,
							    .tag = request->in_dialog ? request->tag : tag,
							    .repeated = repeated});
}

void reference_send_down(struct reference *reference, const struct reference_client *client,
			 enum reference_method method, bool repeated)
{
	const struct reference_request *request = &reference->request[client->request];
	bool is_cancel = client->parent != REFERENCE_NONE;

	reference_send(reference, (struct reference_output){
					  .peer = client->peer,
					  .method = method,
					  .request = client->request,
					  .client = is_cancel ? client->parent : (uint32_t)(client - reference->client),
					  .tag = method == REFERENCE_ACK ? client->ack_tag : request->tag,
					  .repeated = repeated});
}

struct reference_client *reference_add_client(struct reference *reference, struct reference_server *server,
					      uint32_t peer, uint32_t parent)
{
	must(reference->client_count < REFERENCE_CLIENTS_MAX);
	struct reference_client *client = &reference->client[reference->client_count++];
	*client = (struct reference_client){
		.server = (uint32_t)(server - reference->server),
		.request = server->request,
		.method = parent == REFERENCE_NONE ? reference->request[server->request].method : REFERENCE_CANCEL,
		.peer = peer,
		.target = server->target,
		.cancel = REFERENCE_NONE,
		.parent = parent,
	};
	reference_stop_timers(client->due);
	return client;
}

/* ---- what comes ---- */

static bool is_ended(const struct reference *reference, const struct reference_server *server)
{
	if (server->state != REFERENCE_TERMINATED)
		return false;
	for (uint32_t i = 0; i < reference->client_count && REFERENCE_ENDED_IS_REMEMBERED; i++)
		if (&reference->server[reference->client[i].server] == server &&
		    reference->client[i].state != REFERENCE_TERMINATED)
			return false;
	return true;
}

uint32_t reference_count_live(const struct reference *reference)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < reference->server_count; i++)
		count += !is_ended(reference, &reference->server[i]);
	return count;
}

struct reference_server *reference_find_server(struct reference *reference, uint32_t request)
{
	for (uint32_t i = reference->server_count; i > 0; i--)
		if (reference->server[i - 1].request == request && !is_ended(reference, &reference->server[i - 1]))
			return &reference->server[i - 1];
	return NULL;
}

/* 8.2.2.2: an ongoing transaction has all of it but the branch. */
static bool is_merged(const struct reference *reference, uint32_t request)
{
	for (uint32_t i = 0; i < reference->server_count; i++) {
		const struct reference_server *server = &reference->server[i];
		if (reference->request[server->request].group == reference->request[request].group &&
		    server->state != REFERENCE_TERMINATED && server->status < REFERENCE_ONGOING_BELOW)
			return true;
	}
	return false;
}

/* A response without a transaction of its own: the same again for each that comes. */
static void refuse(struct reference *reference, uint32_t request, uint32_t status, enum reference_method method)
{
	const struct reference_request *sent = &reference->request[request];

	reference_send(reference, (struct reference_output){.peer = sent->sender,
							    .status = status,
							    .method = method,
							    .request = request,
							    .client = REFERENCE_NONE,
							    .tag = sent->in_dialog ? sent->tag : REFERENCE_TAG_OWN});
}

void reference_take_request(struct reference *reference, uint32_t request)
{
	struct reference_server *server = reference_find_server(reference, request);
	bool is_invite = reference->request[request].method == REFERENCE_INVITE;

	if (server) {
		if (is_invite)
			reference_server_invite_take_again(reference, server);
		else
			reference_server_other_take_again(reference, server);
		return;
	}
	if (!reference->request[request].in_dialog && is_merged(reference, request)) {
		refuse(reference, request, 482, reference->request[request].method);
		return;
	}
	must(reference->server_count < REFERENCE_SERVERS_MAX);
	server = &reference->server[reference->server_count++];
	*server = (struct reference_server){.request = request};
	reference_stop_timers(server->due);
	if (is_invite)
		reference_server_invite_begin(reference, server);
	else
		reference_server_other_begin(reference, server);
	reference_proxy_begin(reference, server);
}

/* 9.2. */
void reference_take_cancel(struct reference *reference, uint32_t request)
{
	struct reference_server *server = reference_find_server(reference, request);
	bool is_known = server && reference->request[request].method == REFERENCE_INVITE;

	if (is_known)
		reference_proxy_cancel(reference, server);
	refuse(reference, request, is_known ? 200 : 481, REFERENCE_CANCEL);
}

void reference_take_ack(struct reference *reference, uint32_t request)
{
	struct reference_server *server = reference_find_server(reference, request);

	const struct reference_request *sent = &reference->request[request];

	if (sent->method != REFERENCE_INVITE)
		return;
	if (server && server->state != REFERENCE_ACCEPTED)
		reference_server_invite_take_ack(reference, server);
	else if (sent->in_dialog)
		reference_take_ack_of_2xx(reference, request, sent->target[0].peer[0], sent->tag);
}

void reference_take_ack_of_2xx(struct reference *reference, uint32_t request, uint32_t peer, uint32_t tag)
{
	reference_send(reference, (struct reference_output){.peer = peer,
							    .method = REFERENCE_ACK,
							    .request = request,
							    .client = REFERENCE_NONE,
							    .tag = tag});
}

void reference_take_response(struct reference *reference, uint32_t client_index, enum reference_method method,
			     uint32_t status, uint32_t tag)
{
	struct reference_client *client = &reference->client[client_index];

	if (method == REFERENCE_CANCEL && client->method != REFERENCE_CANCEL) {
		if (client->cancel == REFERENCE_NONE)
			return;
		client = &reference->client[client->cancel];
	}
	if (client->method == REFERENCE_INVITE)
		reference_client_invite_take(reference, client, status, tag);
	else
		reference_client_other_take(reference, client, status, tag);
}

void reference_take_unreachable(struct reference *reference, uint32_t client_index)
{
	struct reference_client *client = &reference->client[client_index];
	bool is_invite = client->method == REFERENCE_INVITE;

	if (client->state != REFERENCE_TRYING && (is_invite || client->state != REFERENCE_PROCEEDING))
		return;
	reference_stop_timers(client->due);
	client->state = REFERENCE_TERMINATED;
	reference_proxy_fail(reference, client, 503);
}

/* ---- time ---- */

static uint64_t least_of(const uint64_t due[TIMER_COUNT], uint64_t least)
{
	for (uint32_t i = 0; i < TIMER_COUNT; i++)
		if (due[i] < least)
			least = due[i];
	return least;
}

uint64_t reference_next_due(const struct reference *reference)
{
	uint64_t least = REFERENCE_NEVER;

	for (uint32_t i = 0; i < reference->server_count; i++)
		least = least_of(reference->server[i].due, least);
	for (uint32_t i = 0; i < reference->client_count; i++)
		least = least_of(reference->client[i].due, least);
	return least;
}

static void fire_server(struct reference *reference, struct reference_server *server)
{
	for (enum reference_timer timer = 0; timer < TIMER_COUNT; timer++) {
		if (server->due[timer] > reference->now)
			continue;
		server->due[timer] = REFERENCE_NEVER;
		reference->fired[timer]++;
		if (reference->request[server->request].method == REFERENCE_INVITE)
			reference_server_invite_expire(reference, server, timer);
		else
			reference_server_other_expire(reference, server, timer);
	}
}

static void fire_client(struct reference *reference, struct reference_client *client)
{
	for (enum reference_timer timer = 0; timer < TIMER_COUNT; timer++) {
		if (client->due[timer] > reference->now)
			continue;
		client->due[timer] = REFERENCE_NEVER;
		reference->fired[timer]++;
		if (client->method == REFERENCE_INVITE)
			reference_client_invite_expire(reference, client, timer);
		else
			reference_client_other_expire(reference, client, timer);
	}
}

void reference_advance(struct reference *reference, uint64_t tick)
{
	for (;;) {
		uint64_t due = reference_next_due(reference);
		if (due > tick)
			break;
		reference->now = due;
		for (uint32_t i = 0; i < reference->client_count; i++)
			fire_client(reference, &reference->client[i]);
		for (uint32_t i = 0; i < reference->server_count; i++)
			fire_server(reference, &reference->server[i]);
	}
	reference->now = tick;
}
