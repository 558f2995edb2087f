#include <rte_ring_elem.h>
#include <sodium.h>

#include "credentials_parse.h"
#include "digest.h"
#include "message_facts.h"
#include "nonce.h"
#include "route_number.h"
#include "stages.h"

/* What checking the credentials of one request came to. */
enum authentication {
	AUTHENTICATION_OK,
	AUTHENTICATION_NONE, /* no credentials for our realm */
	AUTHENTICATION_MALFORMED,
	AUTHENTICATION_WRONG,
	AUTHENTICATION_STALE,
	AUTHENTICATION_REPLAY,
	AUTHENTICATION_BANNED,
};

/* The answers, for REGISTER and for all others (R2). */
static const uint16_t authenticate_reasons[][2] = {
	[AUTHENTICATION_NONE] = {REASON_CHALLENGED, REASON_CHALLENGED_REGISTER},
	[AUTHENTICATION_MALFORMED] = {REASON_MALFORMED_CREDENTIALS, REASON_MALFORMED_CREDENTIALS},
	[AUTHENTICATION_WRONG] = {REASON_WRONG_CREDENTIALS, REASON_WRONG_CREDENTIALS_REGISTER},
	[AUTHENTICATION_STALE] = {REASON_CHALLENGED_STALE, REASON_CHALLENGED_REGISTER_STALE},
	[AUTHENTICATION_REPLAY] = {REASON_REPLAY, REASON_REPLAY_REGISTER},
	[AUTHENTICATION_BANNED] = {REASON_BANNED, REASON_BANNED},
};

/* A name that does not exist is checked against this, so that the answer takes the same way (R2). */
static const struct digest_secret authenticate_no_secret;

static bool authenticate_is_emergency(const struct packet *packet)
{
	struct number dialled;

	return packet->message.method == SIP_METHOD_INVITE &&
	       route_number_decode(&dialled, packet->request_uri.user) == REASON_NONE &&
	       route_number_is_emergency(packet->caller.company, number_text(&dialled));
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
	const uint8_t *key = worker->snapshot->keys->steer_key;
	struct span parts[] = {sip_message_text(message, message->request_uri),
			       sip_message_first(message, SIP_HEADER_FROM), sip_message_first(message, SIP_HEADER_TO),
			       sip_message_first(message, SIP_HEADER_CONTACT)};
	uint64_t use = packet_name(packet) + message->method;

	for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint64_t hash;
		crypto_shorthash((uint8_t *)&hash, (const uint8_t *)parts[i].at, parts[i].length, key);
		use = use * 0x9e3779b97f4a7c15ull + hash;
	}
	return use;
}

static enum authentication authenticate_credentials(struct worker *worker, struct packet *packet,
						    const struct digest_credentials *credentials)
{
	const struct company *company = packet->caller.company;
	const struct sip_message *message = &packet->message;
	const struct secret_keys *keys = worker->snapshot->keys;
	const struct endpoint *endpoint = endpoint_find(company, credentials->username);
	struct ban_key ban_key;
	struct nonce_scope scope = {company->domain, sip_message_text(message, message->call_id)};
	uint32_t issued_s = 0;

	endpoint_key_make(ban_key.aor_key, keys->aor_key, credentials->username, company->domain);
	memcpy(ban_key.ip, packet->source.ip, sizeof(ban_key.ip));
	if (ban_find(worker->snapshot->bans, &ban_key, worker->now_tsc) && !authenticate_is_emergency(packet))
		return AUTHENTICATION_BANNED;
	bool right = digest_verify(endpoint ? &endpoint->secret : &authenticate_no_secret, credentials,
				   sip_message_text(message, message->method_text));
	if (!right || !endpoint || endpoint->auth != ENDPOINT_AUTH_DIGEST) {
		authenticate_report_failure(worker, &ban_key);
		return AUTHENTICATION_WRONG;
	}
	if (!nonce_verify(&issued_s, credentials->nonce, &keys->nonce, worker->now_s, &scope))
		return AUTHENTICATION_STALE;
	if (nonce_window_use(&worker->nonce_window, credentials->nonce, credentials->qop.length ? credentials->nc : 0,
			     issued_s, authenticate_name_use(worker, packet), worker->now_s) == NONCE_USE_REPLAY)
		return AUTHENTICATION_REPLAY;
	packet->caller.endpoint = endpoint;
	return AUTHENTICATION_OK;
}

/* Searches all headers of one name; several algorithms stand in several headers (RFC 8760 2.4): the first right one
 * counts. */
static enum authentication authenticate_header(struct worker *worker, struct packet *packet, enum sip_header_name name,
					       enum authentication so_far)
{
	const struct sip_message *message = &packet->message;
	struct digest_credentials credentials;

	for (uint8_t i = message->first[name]; i != SIP_HEADER_NONE && so_far != AUTHENTICATION_OK;
	     i = sip_message_next(message, i)) {
		enum credentials_result result = credentials_parse(&credentials, sip_message_header_value(message, i));
		if (result == CREDENTIALS_MALFORMED && so_far == AUTHENTICATION_NONE)
			so_far = AUTHENTICATION_MALFORMED;
		if (result != CREDENTIALS_OK || credentials.algorithm == DIGEST_UNKNOWN ||
		    !span_equals_nocase(credentials.realm, packet->caller.company->domain))
			continue;
		packet->digest_user = credentials.username;
		so_far = authenticate_credentials(worker, packet, &credentials);
	}
	return so_far;
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

static void authenticate_endpoint(struct worker *worker, struct packet *packet)
{
	bool is_register = packet->message.method == SIP_METHOD_REGISTER;
	enum authentication result = authenticate_header(
		worker, packet, is_register ? SIP_HEADER_AUTHORIZATION : SIP_HEADER_PROXY_AUTHORIZATION,
		AUTHENTICATION_NONE);
	if (result == AUTHENTICATION_NONE || result == AUTHENTICATION_MALFORMED)
		result = authenticate_header(worker, packet,
					     is_register ? SIP_HEADER_PROXY_AUTHORIZATION : SIP_HEADER_AUTHORIZATION,
					     result);
	if (result != AUTHENTICATION_OK)
		packet_refuse(packet, authenticate_reasons[result][is_register]);
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

static void authenticate_packet(struct worker *worker, struct packet *packet)
{
	packet->digest_user = (struct span){0};
	enum reason reason = caller_identify(&packet->caller, worker->snapshot->directory, &packet->facts);
	if (reason != REASON_NONE) {
		packet_refuse(packet, reason);
		return;
	}
	if (!packet->caller.carrier && !packet->caller.endpoint)
		authenticate_endpoint(worker, packet);
	if (packet->verdict)
		return;
	if (packet->message.method == SIP_METHOD_REGISTER)
		authenticate_register(packet);
}

static bool authenticate_is_asked(const struct packet *packet)
{
	return !packet->verdict && packet->kind == PACKET_INITIAL;
}

/* `at` may be NULL, and the bytes more than there are: an address to prefetch need not be one. */
static void authenticate_prefetch_lines(const void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		__builtin_prefetch((const void *)((uintptr_t)at + i));
}

/*
 * Companies are many and cold: what the burst will look at is asked for in steps, all packets at each step, so that
 * their cache misses overlap. Nothing is decided here.
 */
static void authenticate_warm_burst(struct worker *worker)
{
	const struct directory *directory = worker->snapshot->directory;
	const struct company *company[BURST_MAX];

	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		company[i] = NULL;
		if (!authenticate_is_asked(packet))
			continue;
		message_facts_caller(&packet->facts, packet, worker->snapshot->wire);
		name_table_prefetch(&directory->company_by_domain, packet->facts.from_host, true);
	}
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (authenticate_is_asked(&worker->packet[i])) {
			company[i] = company_find_by_domain(directory, worker->packet[i].facts.from_host);
			if (company[i])
				authenticate_prefetch_lines(company[i], sizeof(*company[i]));
		}
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (company[i]) {
			name_table_prefetch(&company[i]->endpoint_by_name, worker->packet[i].facts.from_user, false);
			name_table_prefetch(&company[i]->extension_by_number, worker->packet[i].request_uri.user,
					    false);
			authenticate_prefetch_lines(company[i]->friends.database, 1024);
		}
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		const struct endpoint *endpoint =
			company[i] ? endpoint_find(company[i], worker->packet[i].facts.from_user) : NULL;
		if (endpoint)
			authenticate_prefetch_lines(endpoint, sizeof(*endpoint));
	}
}

void authenticate_burst(struct worker *worker)
{
	authenticate_warm_burst(worker);
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (authenticate_is_asked(&worker->packet[i]))
			authenticate_packet(worker, &worker->packet[i]);
}
