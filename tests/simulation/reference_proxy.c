/*
 * RFC 3261 16.5 to 16.10: what a stateful proxy does with the client transactions of one request. Provisional and 2xx
 * responses go up at once, others are collected; when none is pending the next bindings (16.6) or the next target (R16)
 * are tried, else the best response goes up (16.7 step 6).
 */
#include "reference_parts.h"

static struct reference_server *server_of(struct reference *reference, const struct reference_client *client)
{
	return &reference->server[client->server];
}

static const struct reference_request *request_of(const struct reference *reference,
						  const struct reference_server *server)
{
	return &reference->request[server->request];
}

static bool is_invite(const struct reference *reference, const struct reference_server *server)
{
	return request_of(reference, server)->method == REFERENCE_INVITE;
}

static void respond(struct reference *reference, struct reference_server *server, uint32_t status, uint32_t tag)
{
	if (is_invite(reference, server))
		reference_server_invite_respond(reference, server, status, tag);
	else
		reference_server_other_respond(reference, server, status, tag);
}

static bool has_final(const struct reference_server *server)
{
	return server->state != REFERENCE_TRYING && server->state != REFERENCE_PROCEEDING;
}

/* The next bindings of the target that have one q. Result: false: it has no more. */
static bool begin_group(struct reference *reference, struct reference_server *server)
{
	const struct reference_request *request = request_of(reference, server);
	const struct reference_target *target = &request->target[server->target];
	uint32_t first = server->next_binding;

	if (first == target->count)
		return false;
	while (server->next_binding < target->count && target->q[server->next_binding] == target->q[first]) {
		struct reference_client *client =
			reference_add_client(reference, server, target->peer[server->next_binding++], REFERENCE_NONE);
		if (request->method == REFERENCE_INVITE) {
			reference_client_invite_begin(reference, client);
			if (target->ring_ticks)
				client->due[TIMER_RING] = reference->now + target->ring_ticks;
		} else {
			reference_client_other_begin(reference, client);
		}
	}
	return true;
}

void reference_proxy_begin(struct reference *reference, struct reference_server *server)
{
	begin_group(reference, server);
}

/* 16.10, 16.7 step 10. Only INVITEs are cancelled (9.1); one that nobody has heard yet: when somebody has. */
static void cancel_client(struct reference *reference, struct reference_client *client)
{
	if (client->method != REFERENCE_INVITE || client->cancel_wanted)
		return;
	if (client->state != REFERENCE_TRYING && client->state != REFERENCE_PROCEEDING)
		return;
	client->cancel_wanted = true;
	client->due[TIMER_RING] = REFERENCE_NEVER;
	if (client->state == REFERENCE_TRYING)
		return;
	struct reference_client *cancel = reference_add_client(reference, server_of(reference, client), client->peer,
							       (uint32_t)(client - reference->client));
	client->cancel = (uint32_t)(cancel - reference->client);
	client->due[TIMER_C] = REFERENCE_NEVER;
	client->due[TIMER_GIVE_UP] = reference->now + REFERENCE_GIVE_UP_AFTER;
	reference_client_other_begin(reference, cancel);
}

static void cancel_all(struct reference *reference, struct reference_server *server)
{
	uint32_t count = reference->client_count;

	for (uint32_t i = 0; i < count; i++)
		if (server_of(reference, &reference->client[i]) == server)
			cancel_client(reference, &reference->client[i]);
}

void reference_proxy_cancel(struct reference *reference, struct reference_server *server)
{
	if (has_final(server))
		return;
	server->cancelled = true;
	cancel_all(reference, server);
}

/* `target` REFERENCE_NONE: of any. */
static bool is_pending(const struct reference *reference, const struct reference_server *server, uint32_t target)
{
	for (uint32_t i = 0; i < reference->client_count; i++) {
		const struct reference_client *client = &reference->client[i];
		if (&reference->server[client->server] == server && client->parent == REFERENCE_NONE &&
		    !client->settled && (target == REFERENCE_NONE || client->target == target))
			return true;
	}
	return false;
}

/* 16.7 step 6: 6xx; else the lowest class; in it those first that say how to ask again, last those that say nothing. */
static uint32_t rank_of(uint32_t status)
{
	switch (status) {
	case 401:
	case 407:
	case 415:
	case 420:
	case 484:
		return 40;
	case 408:
	case 487:
		return 42;
	case 503:
		return REFERENCE_503_COMES_LAST ? 52 : 51;
	default:
		return status >= 600 ? 0 : status / 100 * 10 + 1;
	}
}

static bool is_better(uint32_t status, uint32_t best)
{
	return best == 0 || rank_of(status) < rank_of(best);
}

static void note_failure(struct reference_server *server, const struct reference_client *client, uint32_t status)
{
	if (client->target == server->target && is_better(status, server->target_status))
		server->target_status = status;
}

static void collect(struct reference_server *server, uint32_t status, uint32_t tag)
{
	if (!is_better(status, server->best_status))
		return;
	server->best_status = status;
	server->best_tag = tag;
}

/* R16, R28. */
static enum reference_failure failure_of(const struct reference_target *target, uint32_t status)
{
	if (target->kind == TARGET_CARRIER)
		return status == 408 || status / 100 == 5 ? FAILURE_UNREACHABLE : FAILURE_NONE;
	if (target->kind != TARGET_FRIEND)
		return FAILURE_NONE;
	if (status == 486 || status == 600)
		return FAILURE_BUSY;
	return status == 480 ? FAILURE_NO_ANSWER : FAILURE_UNREACHABLE;
}

/* R16, R27: the next target as a new branch of the same request. Result: false: there is none. */
static bool begin_next_target(struct reference *reference, struct reference_server *server,
			      enum reference_failure failure)
{
	const struct reference_target *target = &request_of(reference, server)->target[server->target];

	if (failure == FAILURE_NONE || target->next[failure] == 0)
		return false;
	server->target = target->next[failure];
	server->next_binding = 0;
	server->target_status = 0;
	server->declined = false; /* R28: a friend's 6xx too may lead to a forward; it said so for itself */
	return begin_group(reference, server);
}

static void finish(struct reference *reference, struct reference_server *server)
{
	/* RFC 4320 4.2: never 408 to a non-INVITE; nobody waits for it any more. */
	if (!is_invite(reference, server) && server->best_status == 408) {
		reference_stop_timers(server->due);
		server->state = REFERENCE_TERMINATED;
		return;
	}
	respond(reference, server, server->best_status, server->best_tag);
}

static void go_on(struct reference *reference, struct reference_server *server)
{
	const struct reference_target *target = &request_of(reference, server)->target[server->target];

	if (has_final(server) || is_pending(reference, server, server->target))
		return;
	if (!server->cancelled && ((!server->declined && begin_group(reference, server)) ||
				   begin_next_target(reference, server, failure_of(target, server->target_status))))
		return;
	/* A target before this one that rang too long may still be about to say that it has ended. */
	if (!is_pending(reference, server, REFERENCE_NONE))
		finish(reference, server);
}

static void take_provisional(struct reference *reference, struct reference_client *client, uint32_t status,
			     uint32_t tag)
{
	struct reference_server *server = server_of(reference, client);
	bool is_first = !client->provisional;

	client->provisional = true;
	/* RFC 4320 4.1: no provisional response of others to a non-INVITE. */
	if (client->method != REFERENCE_INVITE)
		return;
	if (client->cancel_wanted) {
		if (client->cancel == REFERENCE_NONE) {
			client->cancel_wanted = false;
			cancel_client(reference, client);
		}
		if (!REFERENCE_CANCELLED_BRANCH_RINGS)
			return;
	} else if (is_first || status > 100) {
		client->due[TIMER_C] = reference->now + REFERENCE_TIMER_C;
	}
	if (status > 100 && !has_final(server))
		reference_server_invite_respond(reference, server, status, tag);
}

static void take_success(struct reference *reference, struct reference_client *client, uint32_t status, uint32_t tag)
{
	struct reference_server *server = server_of(reference, client);

	if (client->method != REFERENCE_INVITE) {
		if (!has_final(server))
			respond(reference, server, status, tag);
		return;
	}
	/* 16.7 step 5: each at once, also after another final response; then past the server transaction. */
	if (server->state == REFERENCE_PROCEEDING || server->state == REFERENCE_ACCEPTED)
		respond(reference, server, status, tag);
	else
		reference_send_up(reference, server, status, tag, false);
	cancel_all(reference, server);
}

void reference_proxy_take(struct reference *reference, struct reference_client *client, uint32_t status, uint32_t tag)
{
	struct reference_server *server = server_of(reference, client);

	if (status < 200) {
		take_provisional(reference, client, status, tag);
		return;
	}
	client->settled = true;
	if (REFERENCE_CANCEL_ENDS_WITH_ITS_INVITE && client->cancel != REFERENCE_NONE) {
		reference_stop_timers(reference->client[client->cancel].due);
		reference->client[client->cancel].state = REFERENCE_TERMINATED;
	}
	if (status < 300) {
		take_success(reference, client, status, tag);
		return;
	}
	/* R27: what a target says that rang too long is late. */
	if (status >= 600 && client->target == server->target) {
		server->declined = true;
		cancel_all(reference, server);
	}
	note_failure(server, client, status);
	if ((status == 401 || status == 407) && !request_of(reference, server)->in_dialog) {
		status = 502;
		tag = REFERENCE_TAG_OWN;
	}
	collect(server, status, tag);
	go_on(reference, server);
}

void reference_proxy_fail(struct reference *reference, struct reference_client *client, uint32_t status)
{
	struct reference_server *server = server_of(reference, client);

	client->settled = true;
	if (server->cancelled)
		status = 487;
	note_failure(server, client, status);
	collect(server, status, REFERENCE_TAG_OWN);
	go_on(reference, server);
}

/* R27: it is cancelled and rings on until then, the next one beside it. */
static void ring_over(struct reference *reference, struct reference_client *client)
{
	struct reference_server *server = server_of(reference, client);
	uint32_t count = reference->client_count, target = client->target;

	if (has_final(server) || server->cancelled || server->declined || client->target != server->target)
		return;
	for (uint32_t i = 0; i < count; i++)
		if (server_of(reference, &reference->client[i]) == server && reference->client[i].target == target)
			cancel_client(reference, &reference->client[i]);
	begin_next_target(reference, server, FAILURE_NO_ANSWER);
}

void reference_proxy_expire(struct reference *reference, struct reference_client *client, enum reference_timer timer)
{
	client->due[timer] = REFERENCE_NEVER;
	if (timer == TIMER_RING) {
		ring_over(reference, client);
		return;
	}
	if (timer == TIMER_C) { /* 16.8: it has had a provisional response */
		cancel_client(reference, client);
		return;
	}
	reference_stop_timers(client->due);
	client->state = REFERENCE_TERMINATED;
	reference_stop_timers(reference->client[client->cancel].due);
	reference->client[client->cancel].state = REFERENCE_TERMINATED;
	reference_proxy_fail(reference, client, 408);
}
