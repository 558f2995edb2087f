#include "authenticate_gather.h"

#include "message_facts.h"
#include "prefetch.h"

_Static_assert((int)AUTHENTICATE_LOGINS_MAX == (int)BURST_MAX && (int)DIGEST_BATCH_MAX == (int)BURST_MAX,
	       "a login and a digest for each packet");

/* A name that does not exist is checked against this, so that the answer takes the same way (R2). */
static const struct digest_secret no_secret;

/* The headers with credentials, in the order in which they are looked at; [1]: of REGISTER. */
static const uint8_t header_names[2][2] = {{SIP_HEADER_PROXY_AUTHORIZATION, SIP_HEADER_AUTHORIZATION},
					   {SIP_HEADER_AUTHORIZATION, SIP_HEADER_PROXY_AUTHORIZATION}};

static void begin_logins(struct worker *worker)
{
	struct authenticate_logins *logins = &worker->logins;
	const struct directory *directory = worker->snapshot->directory;

	logins->count = 0;
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (packet->verdict || packet->kind != PACKET_INITIAL)
			continue;
		struct authenticate_login *login = &logins->login[logins->count++];
		login->packet = packet;
		login->result = AUTHENTICATION_NONE;
		login->is_asked = login->has_credentials = login->is_banned = false;
		packet->digest_user = (struct span){0};
		message_facts_caller(&packet->facts, packet, worker->snapshot->wire);
		login->place = name_table_place(&directory->company_by_domain, packet->facts.from_host, true);
	}
}

static const uint8_t *header_names_of(const struct packet *packet)
{
	return header_names[packet->message.method == SIP_METHOD_REGISTER];
}

static enum credentials_result parse_credentials(struct authenticate_login *login, uint8_t header)
{
	enum credentials_result result =
		credentials_parse(&login->credentials, sip_message_header_value(&login->packet->message, header));

	if (result == CREDENTIALS_OK)
		login->nonce_name = nonce_window_name(login->credentials.nonce);
	return result;
}

/* Of the first header that may have some for our realm: while the company is on its way. */
static void parse_first_credentials(struct authenticate_login *login)
{
	const struct sip_message *message = &login->packet->message;
	const uint8_t *names = header_names_of(login->packet);
	uint8_t first = message->first[names[0]];

	login->parsed = first != SIP_HEADER_NONE ? first : message->first[names[1]];
	login->parsed_result = CREDENTIALS_OTHER_SCHEME;
	if (login->parsed != SIP_HEADER_NONE)
		login->parsed_result = (uint8_t)parse_credentials(login, login->parsed);
}

static void find_company(const struct worker *worker, struct authenticate_login *login)
{
	login->of_from = company_find_place(worker->snapshot->directory, login->packet->facts.from_host);
	if (login->of_from)
		prefetch_line(login->of_from);
}

/* One line first: the core looks for the pages of many companies at once, but for no line of a page that it has not
 * found. */
static void take_company(struct authenticate_login *login)
{
	login->by_from = login->of_from ? *login->of_from : NULL;
	if (login->by_from)
		prefetch_line(login->by_from);
}

bool authenticate_gather_credentials(struct authenticate_login *login, uint8_t from)
{
	const struct sip_message *message = &login->packet->message;

	for (uint8_t i = from; i != SIP_HEADER_NONE; i = sip_message_next(message, i)) {
		enum credentials_result result = i == login->parsed ? (enum credentials_result)login->parsed_result
								    : parse_credentials(login, i);
		if (result == CREDENTIALS_MALFORMED && login->result == AUTHENTICATION_NONE)
			login->result = AUTHENTICATION_MALFORMED;
		if (result != CREDENTIALS_OK || login->credentials.algorithm == DIGEST_UNKNOWN ||
		    !span_equals_nocase(login->credentials.realm, login->packet->caller.company->domain))
			continue;
		login->header = i;
		return true;
	}
	return false;
}

/* What routing will look at (route.c), and the endpoint. */
static void prefetch_company(const struct authenticate_login *login)
{
	const struct packet *packet = login->packet;
	const struct company *company = packet->caller.company;

	if (!company)
		return;
	if (company != login->by_from)
		company_prefetch(company);
	if (login->has_credentials)
		name_table_prefetch(&company->endpoint_by_name, login->credentials.username, false);
	name_table_prefetch(&company->extension_by_number, packet->request_uri.user, false);
	company_prefetch_patterns(company);
}

static void identify(const struct worker *worker, struct authenticate_login *login)
{
	struct packet *packet = login->packet;
	const uint8_t *names = header_names_of(packet);
	enum reason reason =
		caller_identify_by_from(&packet->caller, worker->snapshot->directory, &packet->facts, login->by_from);

	if (reason != REASON_NONE) {
		packet_refuse(packet, reason);
		return;
	}
	login->is_asked = !packet->caller.carrier && !packet->caller.endpoint;
	for (uint32_t i = 0; login->is_asked && !login->has_credentials && i < 2; i++)
		login->has_credentials = authenticate_gather_credentials(login, packet->message.first[names[i]]);
}

/* A caller's lines of the row. */
static void prefetch_endpoint(const struct authenticate_login *login)
{
	const struct endpoint *endpoint = login->endpoint;

	prefetch_line(endpoint);
	prefetch_line(endpoint->aor_key);
	prefetch_line(endpoint->near_text);
	if (login->credentials.algorithm == DIGEST_SHA256)
		prefetch_line(endpoint->secret.ha1_sha256);
}

static void find_endpoint(struct authenticate_login *login)
{
	if (!login->has_credentials)
		return;
	login->endpoint = endpoint_find(login->packet->caller.company, login->credentials.username);
	if (login->endpoint)
		prefetch_endpoint(login);
}

static void prefetch_nonce(const struct worker *worker, const struct authenticate_login *login)
{
	if (login->parsed_result == CREDENTIALS_OK)
		nonce_window_prefetch(&worker->nonce_window, login->nonce_name);
}

/* Who logs in is compared with its name or described by it; who calls is shown by its extension, too. */
static void prefetch_texts(const struct packet *packet, const struct endpoint *endpoint)
{
	prefetch_line(endpoint->name.at);
	if (packet->message.method != SIP_METHOD_INVITE)
		return;
	prefetch_line(endpoint->extension.at);
	prefetch_line(packet->caller.company->name.at);
}

/* An endpoint has its key in its row; a name that does not exist needs one too: its failures are counted likewise. */
static void make_key(const struct worker *worker, struct authenticate_login *login)
{
	const struct packet *packet = login->packet;

	login->has_key_of_row = login->endpoint != NULL;
	if (login->endpoint) {
		memcpy(login->key.aor_key, login->endpoint->aor_key, sizeof(login->key.aor_key));
		prefetch_texts(packet, login->endpoint);
	} else {
		endpoint_key_make(login->key.aor_key, worker->snapshot->keys->aor_key, login->credentials.username,
				  packet->caller.company->domain);
	}
	memcpy(login->key.ip, packet->source.ip, sizeof(login->key.ip));
}

static const struct digest_secret *secret_of(const struct authenticate_login *login)
{
	return login->endpoint ? &login->endpoint->secret : &no_secret;
}

static struct span method_of(const struct authenticate_login *login)
{
	return sip_message_text(&login->packet->message, login->packet->message.method_text);
}

static void verify_digests(struct authenticate_logins *logins)
{
	digest_batch_begin(&logins->digests);
	for (uint32_t i = 0; i < logins->count; i++) {
		struct authenticate_login *login = &logins->login[i];
		if (login->has_credentials)
			login->digest_index = digest_batch_add(&logins->digests, secret_of(login), &login->credentials,
							       method_of(login));
	}
	digest_batch_verify(&logins->digests);
	for (uint32_t i = 0; i < logins->count; i++) {
		struct authenticate_login *login = &logins->login[i];
		if (login->has_credentials)
			login->is_right = logins->digests.item[login->digest_index].is_right;
	}
}

static void find_bans(const struct worker *worker, struct authenticate_logins *logins)
{
	const struct ban_key *key[AUTHENTICATE_LOGINS_MAX];
	struct authenticate_login *of_key[AUTHENTICATE_LOGINS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < logins->count; i++) {
		struct authenticate_login *login = &logins->login[i];
		if (!login->has_credentials)
			continue;
		make_key(worker, login);
		of_key[count] = login;
		key[count++] = &login->key;
	}
	uint32_t banned = ban_find_burst(worker->snapshot->bans, key, count, worker->now_tsc);
	for (; banned; banned &= banned - 1)
		of_key[__builtin_ctz(banned)]->is_banned = true;
}

void authenticate_gather_burst(struct worker *worker)
{
	struct authenticate_logins *logins = &worker->logins;

	begin_logins(worker);
	for (uint32_t i = 0; i < logins->count; i++)
		prefetch_line(logins->login[i].place);
	for (uint32_t i = 0; i < logins->count; i++)
		parse_first_credentials(&logins->login[i]);
	for (uint32_t i = 0; i < logins->count; i++)
		find_company(worker, &logins->login[i]);
	for (uint32_t i = 0; i < logins->count; i++)
		take_company(&logins->login[i]);
	for (uint32_t i = 0; i < logins->count; i++)
		if (logins->login[i].by_from)
			company_prefetch(logins->login[i].by_from);
	for (uint32_t i = 0; i < logins->count; i++)
		prefetch_nonce(worker, &logins->login[i]);
	for (uint32_t i = 0; i < logins->count; i++)
		identify(worker, &logins->login[i]);
	for (uint32_t i = 0; i < logins->count; i++)
		prefetch_company(&logins->login[i]);
	for (uint32_t i = 0; i < logins->count; i++)
		find_endpoint(&logins->login[i]);
	verify_digests(logins);
	find_bans(worker, logins);
}

void authenticate_gather_alone(struct worker *worker, struct authenticate_login *login)
{
	find_endpoint(login);
	make_key(worker, login);
	login->is_banned = ban_find(worker->snapshot->bans, &login->key, worker->now_tsc);
	login->is_right = digest_verify(secret_of(login), &login->credentials, method_of(login));
}
