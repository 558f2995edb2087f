#include <rte_ring_elem.h>

#include "authenticate_gather.h"
#include "message_facts.h"
#include "nonce.h"
#include "route_number.h"
#include "stages.h"
#include "state_number.h"

/* The answers, for REGISTER and for all others (R2). */
static const uint16_t authenticate_reasons[][2] = {
	[AUTHENTICATION_NONE] = {REASON_CHALLENGED, REASON_CHALLENGED_REGISTER},
	[AUTHENTICATION_MALFORMED] = {REASON_MALFORMED_CREDENTIALS, REASON_MALFORMED_CREDENTIALS},
	[AUTHENTICATION_WRONG] = {REASON_WRONG_CREDENTIALS, REASON_WRONG_CREDENTIALS_REGISTER},
	[AUTHENTICATION_STALE] = {REASON_CHALLENGED_STALE, REASON_CHALLENGED_REGISTER_STALE},
	[AUTHENTICATION_REPLAY] = {REASON_REPLAY, REASON_REPLAY_REGISTER},
	[AUTHENTICATION_BANNED] = {REASON_BANNED, REASON_BANNED},
};

static bool authenticate_is_emergency(const struct packet *packet)
{
	struct number dialled;

	return packet->message.method == SIP_METHOD_INVITE &&
	       route_number_decode(&dialled, packet->request_uri.user) == REASON_NONE &&
	       route_number_is_emergency(packet->caller.company, number_text(&dialled));
}

/* Who is refused has paid for a key: a name that exists, and has one already, costs what any other does (R2). */
static void authenticate_hash_key(const struct worker *worker, struct authenticate_login *login)
{
	if (login->has_key_of_row)
		endpoint_key_make(login->key.aor_key, worker->snapshot->keys->aor_key, login->credentials.username,
				  login->packet->caller.company->domain);
}

static void authenticate_report_failure(struct worker *worker, const struct ban_key *key)
{
	struct auth_failure failure = {.key = *key};
	struct rte_ring *ring = worker->dataplane->auth_failure[worker->index];
	if (rte_ring_sp_enqueue_elem(ring, &failure, sizeof(failure)) != 0)
		worker->counters->value[COUNTER_AUTH_EVENTS_LOST]++;
}

/*
 * What makes a second use of a nonce-count a retransmission: everything that decides about the call. Somebody who
 * overheard the request cannot change its target and pass for one.
 */
static uint64_t authenticate_name_use(const struct worker *worker, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct state_number name;

	state_number_begin(&name, worker->snapshot->keys->steer_key, 'u');
	state_number_add_numbers(&name, message->method, 0);
	state_number_add(&name, span_make((const char *)packet->key, sizeof(packet->key)));
	state_number_add(&name, sip_message_text(message, message->request_uri));
	state_number_add(&name, sip_message_first(message, SIP_HEADER_FROM));
	state_number_add(&name, sip_message_first(message, SIP_HEADER_TO));
	state_number_add(&name, sip_message_first(message, SIP_HEADER_CONTACT));
	return state_number_finish(&name);
}

static enum authentication authenticate_use_nonce(struct worker *worker, const struct authenticate_login *login)
{
	const struct packet *packet = login->packet;
	const struct digest_credentials *credentials = &login->credentials;
	struct nonce_scope scope = {packet->caller.company->domain,
				    sip_message_text(&packet->message, packet->message.call_id)};
	uint32_t issued_s = 0;

	if (!nonce_verify(&issued_s, credentials->nonce, &worker->snapshot->keys->nonce, worker->now_s, &scope))
		return AUTHENTICATION_STALE;
	enum nonce_use use = nonce_window_use(&worker->nonce_window, login->nonce_name,
					      credentials->qop.length ? credentials->nc : 0, issued_s,
					      authenticate_name_use(worker, packet), worker->now_s);
	return use == NONCE_USE_REPLAY ? AUTHENTICATION_REPLAY : AUTHENTICATION_OK;
}

static enum authentication authenticate_credentials(struct worker *worker, struct authenticate_login *login)
{
	const struct endpoint *endpoint = login->endpoint;

	login->packet->digest_user = login->credentials.username;
	if (login->is_banned && !authenticate_is_emergency(login->packet)) {
		authenticate_hash_key(worker, login);
		return AUTHENTICATION_BANNED;
	}
	if (!login->is_right || !endpoint || endpoint->auth != ENDPOINT_AUTH_DIGEST) {
		authenticate_hash_key(worker, login);
		authenticate_report_failure(worker, &login->key);
		return AUTHENTICATION_WRONG;
	}
	enum authentication result = authenticate_use_nonce(worker, login);
	if (result == AUTHENTICATION_OK)
		login->packet->caller.endpoint = endpoint;
	return result;
}

/* Several algorithms stand in several headers of one name (RFC 8760 2.4): the first right one counts. */
static void authenticate_endpoint(struct worker *worker, struct authenticate_login *login)
{
	struct packet *packet = login->packet;
	const struct sip_message *message = &packet->message;

	if (login->has_credentials)
		login->result = (uint8_t)authenticate_credentials(worker, login);
	while (login->has_credentials && login->result != AUTHENTICATION_OK &&
	       authenticate_gather_credentials(login, sip_message_next(message, login->header))) {
		authenticate_gather_alone(worker, login);
		login->result = (uint8_t)authenticate_credentials(worker, login);
	}
	if (login->result != AUTHENTICATION_OK)
		packet_refuse(packet, authenticate_reasons[login->result][message->method == SIP_METHOD_REGISTER]);
}

/* R2: the To user of a REGISTER must be the auth user and the To domain the realm. */
static enum reason authenticate_registration(const struct packet *packet)
{
	struct sip_address address;
	struct sip_uri uri;

	if (!packet->caller.endpoint)
		return REASON_REGISTER_FOR_ANOTHER;
	/* An address-of-record is a SIP URI (RFC 3261 10.2, RFC 4475 3.3.4). */
	if (!message_facts_address(&address, &uri, &packet->message, SIP_HEADER_TO) || uri.scheme == URI_SCHEME_OTHER)
		return REASON_MALFORMED_TO;
	return uri.scheme == URI_SCHEME_SIP && span_equals(uri.user, packet->caller.endpoint->name) &&
			       span_equals_nocase(uri.host, packet->caller.company->domain)
		       ? REASON_NONE
		       : REASON_REGISTER_FOR_ANOTHER;
}

static void authenticate_register(struct packet *packet)
{
	enum reason reason = authenticate_registration(packet);

	if (reason != REASON_NONE) {
		packet_refuse(packet, reason);
		return;
	}
	packet->punt_kind = PUNT_REGISTER;
	packet_end(packet, VERDICT_PUNT, REASON_PUNTED_REGISTER);
}

static void authenticate_packet(struct worker *worker, struct authenticate_login *login)
{
	if (login->is_asked)
		authenticate_endpoint(worker, login);
	if (!login->packet->verdict && login->packet->message.method == SIP_METHOD_REGISTER)
		authenticate_register(login->packet);
}

void authenticate_burst(struct worker *worker)
{
	authenticate_gather_burst(worker);
	for (uint32_t i = 0; i < worker->logins.count; i++)
		authenticate_packet(worker, &worker->logins.login[i]);
}
