#include "registrar.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include <event2/event.h>
#include <sodium.h>

#include "log.h"
#include "register_decide.h"
#include "registrar_batch.h"
#include "registrar_load.h"

#define EXPIRE_S	 1
#define MIN_EXPIRES_S	 60
#define MAX_EXPIRES_S	 7200
#define ANSWER_BYTES_MAX UINT16_MAX
#define RETRY_AFTER_S	 60

struct registrar {
	struct registrar_settings settings;
	struct registrar_bindings bindings;
	struct registrar_batch batch;
	struct registrar_counts counts;
	struct event *flush, *expire_timer, *ping_timer;
	uint8_t tag_key[crypto_shorthash_KEYBYTES];
	uint32_t ping_cseq;
	struct register_request request;   /* the one at hand */
	struct binding_list present, next; /* what it finds, and what it makes of it */
	char answer[ANSWER_BYTES_MAX];
};

static int64_t system_unix_now_s(void)
{
	return (int64_t)time(NULL);
}

static int64_t now_of(const struct registrar *registrar)
{
	return registrar->settings.unix_now_s();
}

static void on_flush(evutil_socket_t descriptor, short events, void *argument)
{
	(void)descriptor, (void)events;
	registrar_flush(argument);
}

static void on_expire(evutil_socket_t descriptor, short events, void *argument)
{
	(void)descriptor, (void)events;
	registrar_expire(argument);
}

static void on_ping(evutil_socket_t descriptor, short events, void *argument)
{
	(void)descriptor, (void)events;
	registrar_ping(argument);
}

static enum status start_timers(struct registrar *registrar)
{
	struct timeval expire = {.tv_sec = EXPIRE_S}, ping = {.tv_usec = PING_TICK_MS * 1000};
	struct event_base *base = registrar->settings.base;
	if (!base)
		return STATUS_OK;
	registrar->flush = evtimer_new(base, on_flush, registrar);
	registrar->expire_timer = event_new(base, -1, EV_PERSIST, on_expire, registrar);
	registrar->ping_timer = event_new(base, -1, EV_PERSIST, on_ping, registrar);
	if (!registrar->flush || !registrar->expire_timer || !registrar->ping_timer ||
	    event_add(registrar->expire_timer, &expire) != 0 || event_add(registrar->ping_timer, &ping) != 0)
		return STATUS_NO_MEMORY;
	return STATUS_OK;
}

enum status registrar_open(struct registrar **registrar, const struct registrar_settings *settings, char *problem,
			   size_t problem_size)
{
	snprintf(problem, problem_size, "registrar: out of memory");
	struct registrar *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->settings = *settings;
	if (!made->settings.min_expires_s)
		made->settings.min_expires_s = MIN_EXPIRES_S;
	if (!made->settings.max_expires_s)
		made->settings.max_expires_s = MAX_EXPIRES_S;
	if (!made->settings.unix_now_s)
		made->settings.unix_now_s = system_unix_now_s;
	made->bindings.location = settings->location;
	made->bindings.bindings_max = settings->max_bindings;
	made->bindings.find_endpoint = settings->find_endpoint;
	made->bindings.directory = settings->directory;
	aor_wheel_init(&made->bindings.wheel, now_of(made));
	randombytes_buf(made->tag_key, sizeof(made->tag_key));
	register_parse_init();
	enum status status = binding_store_open(&made->bindings.store, settings->state_dir, problem, problem_size);
	if (status == STATUS_OK)
		status = text_table_create(&made->bindings.texts);
	if (status == STATUS_OK)
		status = registrar_ping_create(&made->bindings.pinger);
	if (status == STATUS_OK)
		status = start_timers(made);
	if (status != STATUS_OK) {
		registrar_close(made);
		return status;
	}
	*registrar = made;
	return STATUS_OK;
}

void registrar_close(struct registrar *registrar)
{
	if (!registrar)
		return;
	if (registrar->bindings.store && registrar->bindings.texts)
		registrar_flush(registrar);
	if (registrar->flush)
		event_free(registrar->flush);
	if (registrar->expire_timer)
		event_free(registrar->expire_timer);
	if (registrar->ping_timer)
		event_free(registrar->ping_timer);
	text_table_free(registrar->bindings.texts);
	registrar_ping_free(registrar->bindings.pinger);
	binding_store_close(registrar->bindings.store);
	free(registrar);
}

void registrar_flush(struct registrar *registrar)
{
	if (registrar->flush)
		event_del(registrar->flush);
	if (registrar->batch.count || registrar->bindings.pending_count) {
		registrar->counts.batches++;
		if (registrar_bindings_commit(&registrar->bindings) == STATUS_OK) {
			registrar->counts.answered_200 += registrar->batch.count;
			registrar->counts.answers_lost +=
				registrar_batch_release(&registrar->batch, registrar->settings.reinject);
		} else {
			registrar->counts.store_failures++;
			registrar->counts.refused[REASON_REGISTER_NOT_STORED] += registrar->batch.count;
			registrar_batch_refuse(&registrar->batch, registrar->settings.reinject);
		}
	}
	location_table_poll(registrar->settings.location);
}

enum status registrar_restore(struct registrar *registrar, char *problem, size_t problem_size)
{
	enum status status = registrar_load(&registrar->bindings, now_of(registrar));
	if (status == STATUS_LIMIT)
		snprintf(problem, problem_size,
			 "%s/%s: holds more registrations than limits.max_bindings (%u). Raise max_bindings in the "
			 "node's "
			 "configuration",
			 registrar->settings.state_dir, BINDING_STORE_FILE, registrar->settings.max_bindings);
	else if (status != STATUS_OK)
		snprintf(problem, problem_size,
			 "%s/%s: registrations cannot be read (%s). Put a copy of the file back; or move it and its "
			 "-wal and -shm "
			 "files away and start again: endpoints cannot be called until they register anew",
			 registrar->settings.state_dir, BINDING_STORE_FILE,
			 status == STATUS_STORE ? binding_store_error(registrar->bindings.store) : status_text(status));
	return status;
}

uint32_t registrar_drop(struct registrar *registrar, const uint8_t *aor_keys, uint32_t count)
{
	registrar_flush(registrar);
	uint32_t dropped = registrar_bindings_drop(&registrar->bindings, aor_keys, count, now_of(registrar));
	registrar->counts.dropped += dropped;
	return dropped;
}

void registrar_expire(struct registrar *registrar)
{
	registrar_flush(registrar);
	registrar->counts.expired += registrar_bindings_expire(&registrar->bindings, now_of(registrar));
	if (registrar->bindings.is_drop_due)
		registrar->counts.dropped += registrar_bindings_drop_removed(&registrar->bindings, now_of(registrar));
}

/* The same tag for a retransmission: from Call-ID, CSeq and From. */
static void make_tag(char tag[17], const struct registrar *registrar)
{
	const struct register_request *request = &registrar->request;
	struct span call_id = request->first[REGISTER_HEADER_CALL_ID]->value;
	struct span cseq = request->first[REGISTER_HEADER_CSEQ]->value;
	uint64_t part[2], hash;
	crypto_shorthash((uint8_t *)&part[0], (const uint8_t *)call_id.at, call_id.length, registrar->tag_key);
	crypto_shorthash((uint8_t *)&part[1], (const uint8_t *)cseq.at, cseq.length, registrar->tag_key);
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)part, sizeof(part), registrar->tag_key);
	sodium_bin2hex(tag, 17, (const uint8_t *)&hash, sizeof(hash));
}

/* Starts an answer in registrar->answer. Result: how long its common lines are. */
static uint32_t start_answer(struct register_answer *answer, struct registrar *registrar, const struct punt *punt,
			     struct register_status status)
{
	char tag[17];
	make_tag(tag, registrar);
	*answer = (struct register_answer){.at = registrar->answer, .size = sizeof(registrar->answer)};
	register_answer_start(answer, status, &registrar->request, &punt->peer, tag);
	return answer->length;
}

static struct reinject_path path_of(const struct registrar *registrar, const struct punt *punt)
{
	return (struct reinject_path){
		.peer = register_answer_destination(&registrar->request, &punt->peer),
		.local = punt->local,
		.interface = punt->interface,
	};
}

static struct register_status status_of(enum reason reason)
{
	return (struct register_status){reason_rows[reason].status, reason_rows[reason].phrase};
}

/* An answer that promises nothing leaves at once. `line`: one more header line, or "". */
static void refuse_with(struct registrar *registrar, const struct punt *punt, enum reason reason, const char *line)
{
	struct register_answer answer;
	struct reinject_path path = path_of(registrar, punt);
	start_answer(&answer, registrar, punt, status_of(reason));
	register_answer_line(&answer, "%s", line);
	register_answer_end(&answer);
	registrar->counts.refused[reason]++;
	if (answer.overflow || !reinject_send(registrar->settings.reinject, &path, span_make(answer.at, answer.length)))
		registrar->counts.answers_lost++;
}

static void refuse(struct registrar *registrar, const struct punt *punt, enum reason reason)
{
	refuse_with(registrar, punt, reason, "");
}

static void refuse_full(struct registrar *registrar, const struct punt *punt)
{
	char line[32];
	snprintf(line, sizeof(line), "Retry-After: %d\r\n", RETRY_AFTER_S);
	refuse_with(registrar, punt, REASON_REGISTER_NO_ROOM, line);
}

static void refuse_extension(struct registrar *registrar, const struct punt *punt)
{
	char line[256];
	struct span option = registrar->request.unsupported;
	if (!option.length)
		option = SPAN_LITERAL("path");
	snprintf(line, sizeof(line), "Unsupported: %.*s\r\n", (int)(option.length < 200 ? option.length : 200),
		 option.at);
	refuse_with(registrar, punt, REASON_REGISTER_EXTENSION, line);
}

/* A 200 with `list`, released with the batch: an earlier request of the batch may have made what it lists. */
static void answer_ok(struct registrar *registrar, const struct punt *punt, const struct binding_list *list)
{
	struct register_answer answer;
	struct reinject_path path = path_of(registrar, punt);
	uint32_t common_length = start_answer(&answer, registrar, punt, (struct register_status){200, "OK"});
	register_answer_bindings(&answer, list, &registrar->request, now_of(registrar));
	register_answer_end(&answer);
	if (answer.overflow ||
	    !registrar_batch_add(&registrar->batch, &path, span_make(answer.at, answer.length), common_length)) {
		registrar->counts.answers_lost++;
		return;
	}
	if (registrar->batch.count == BATCH_MAX) {
		registrar_flush(registrar);
	} else if (registrar->batch.count == 1 && registrar->flush) {
		event_active(registrar->flush, EV_TIMEOUT, 0);
	}
}

/*
 * The domain in lower case, in `text`. The name is the digest's: lcores have compared it with To's user, escapes
 * decoded. Result: false when they are too long to be an endpoint's.
 */
static bool read_name(struct aor_name *aor, char text[AOR_BYTES_MAX], const struct register_request *request,
		      const struct punt *punt, struct span payload)
{
	bool has_name = punt->endpoint_name_length > 0 &&
			(uint32_t)punt->endpoint_name_offset + punt->endpoint_name_length <= payload.length;
	struct slice name = {punt->endpoint_name_offset, punt->endpoint_name_length};
	aor->name = has_name ? span_slice(payload, name) : request->to_user;
	aor->domain = span_make(text, request->to_host.length);
	if (aor->name.length + aor->domain.length >= AOR_BYTES_MAX)
		return false;
	for (uint32_t i = 0; i < aor->domain.length; i++)
		text[i] = span_lower_byte(request->to_host.at[i]);
	memcpy(aor->key, punt->aor_key, AOR_KEY_BYTES);
	return true;
}

/* Before the answer is written, for that may flush the batch. */
static void propose(struct registrar *registrar, const struct punt *punt, const struct aor_name *aor)
{
	switch (registrar_bindings_propose(&registrar->bindings, aor, &registrar->next, now_of(registrar))) {
	case STATUS_OK:
		/* Texts of an earlier request of the batch are gone with what it had proposed. */
		aor_block_read(&registrar->next, registrar_bindings_latest(&registrar->bindings, aor->key),
			       registrar->bindings.texts);
		answer_ok(registrar, punt, &registrar->next);
		break;
	case STATUS_LIMIT:
		refuse_full(registrar, punt);
		break;
	default:
		refuse(registrar, punt, REASON_REGISTER_NO_MEMORY);
		break;
	}
}

static void change(struct registrar *registrar, const struct punt *punt, const struct aor_name *aor, bool multi_contact)
{
	struct register_terms terms = {
		.now_unix_s = now_of(registrar),
		.min_expires_s = registrar->settings.min_expires_s,
		.max_expires_s = registrar->settings.max_expires_s,
		.multi_contact = multi_contact,
		.source = punt->peer,
		.local = punt->local,
		.interface = punt->interface,
	};
	struct registrar_bindings *bindings = &registrar->bindings;
	aor_block_read(&registrar->present, registrar_bindings_latest(bindings, aor->key), bindings->texts);
	enum register_result result =
		register_decide(&registrar->next, &registrar->present, &registrar->request, &terms);
	if (result == REGISTER_CHANGES) {
		propose(registrar, punt, aor);
	} else if (result == REGISTER_LISTS || result == REGISTER_RETRANSMITTED) {
		registrar->counts.retransmissions += result == REGISTER_RETRANSMITTED;
		answer_ok(registrar, punt, &registrar->present);
	} else if (result == REGISTER_BAD) {
		refuse(registrar, punt, REASON_REGISTER_UNREADABLE);
	} else if (result == REGISTER_BAD_EXTENSION) {
		refuse_extension(registrar, punt);
	} else if (result == REGISTER_FULL) {
		refuse_full(registrar, punt);
	} else {
		refuse(registrar, punt, REASON_REGISTER_STALE);
	}
}

static void take_parsed(struct registrar *registrar, const struct punt *punt, struct span payload)
{
	char text[AOR_BYTES_MAX];
	struct aor_name aor;
	struct registrar_endpoint endpoint;
	if (!read_name(&aor, text, &registrar->request, punt, payload) ||
	    !registrar->settings.find_endpoint(registrar->settings.directory, &endpoint, aor.name, aor.domain)) {
		/* Its company or itself was removed since the lcore looked. */
		refuse(registrar, punt, REASON_REGISTER_REMOVED);
		return;
	}
	if (memcmp(endpoint.aor_key, punt->aor_key, AOR_KEY_BYTES) != 0) {
		refuse(registrar, punt, REASON_REGISTER_RENAMED);
		return;
	}
	aor.company_id = endpoint.company_id;
	change(registrar, punt, &aor, endpoint.multi_contact);
}

void registrar_take(void *argument, const struct punt *punt, struct span payload)
{
	struct registrar *registrar = argument;
	registrar->counts.requests++;
	switch (register_parse(&registrar->request, payload)) {
	case REGISTER_UNANSWERABLE:
		registrar->counts.unanswerable++;
		break;
	case REGISTER_MALFORMED:
	case REGISTER_TOO_LONG:
		refuse(registrar, punt, REASON_REGISTER_UNREADABLE);
		break;
	case REGISTER_TOO_MANY_CONTACTS:
		refuse_full(registrar, punt);
		break;
	case REGISTER_FINE:
		take_parsed(registrar, punt, payload);
		break;
	}
}

static void send_ping(void *argument, struct binding_set *set, uint32_t index)
{
	struct registrar *registrar = argument;
	const struct registrar_bindings *bindings = &registrar->bindings;
	struct binding_record record;
	char message[PING_BYTES_MAX];
	aor_block_read_binding(&record, set, index, bindings->texts);
	uint32_t length = registrar_ping_write(message, bindings->pinger, &record, ++registrar->ping_cseq & INT32_MAX);
	struct reinject_path path = {record.next_hop, record.local, record.interface};
	if (!length || !reinject_send(registrar->settings.reinject, &path, span_make(message, length)))
		return;
	struct binding_keep *keep = aor_block_binding_keep(set, index);
	keep->pings_unanswered += keep->pings_unanswered < UINT16_MAX;
	registrar->counts.pings_sent++;
}

void registrar_ping(struct registrar *registrar)
{
	registrar_ping_tick(registrar->bindings.pinger, send_ping, registrar);
}

void registrar_take_ping_answer(void *argument, const struct punt *punt, struct span payload)
{
	struct registrar *registrar = argument;
	struct binding_keep *keep = registrar_ping_find(registrar->bindings.pinger, payload, registrar->bindings.texts);
	(void)punt;
	if (!keep) {
		registrar->counts.ping_answers_unknown++;
		return;
	}
	registrar->counts.pings_answered++;
	keep->pings_unanswered = 0;
	keep->seen_unix_s = (uint32_t)now_of(registrar);
}

struct registrar_counts registrar_counts(const struct registrar *registrar)
{
	struct registrar_counts counts = registrar->counts;
	counts.bindings = registrar->bindings.bindings;
	counts.bindings_max = registrar->bindings.bindings_max;
	counts.endpoints = location_table_fill(registrar->bindings.location).endpoints;
	counts.behind_nat = registrar_ping_count(registrar->bindings.pinger);
	counts.dropped += registrar->bindings.dropped_at_load;
	return counts;
}

static struct registrar_listed listed_of(struct span aor, uint64_t company_id, const struct binding_record *binding)
{
	return (struct registrar_listed){
		.aor = aor,
		.company_id = company_id,
		.contact = binding->contact,
		.path = binding->path,
		.call_id = binding->call_id,
		.instance = binding->instance,
		.user_agent = binding->user_agent,
		.cseq = binding->cseq,
		.q = binding->q,
		.behind_nat = binding->behind_nat,
		.received = binding->received,
		.local = binding->local,
		.registered_unix_s = binding->registered_unix_s,
		.expires_unix_s = binding->expires_unix_s,
		.seen_unix_s = binding->seen_unix_s,
		.pings_unanswered = binding->pings_unanswered,
	};
}

/* Result: false when `visit` wants no more. */
static bool visit_set(const struct registrar *registrar, const struct binding_set *set,
		      bool (*visit)(void *argument, const struct registrar_listed *listed), void *argument)
{
	const struct text_table *texts = registrar->bindings.texts;
	char text[AOR_BYTES_MAX];
	struct binding_list list;
	struct span aor = aor_block_write_aor(text, set, texts);
	uint64_t company_id = aor_block_name(set, texts).company_id;
	aor_block_read(&list, set, texts);
	for (uint32_t i = 0; i < list.count; i++) {
		struct registrar_listed listed = listed_of(aor, company_id, &list.binding[i]);
		if (!visit(argument, &listed))
			return false;
	}
	return true;
}

void registrar_list(const struct registrar *registrar,
		    bool (*visit)(void *argument, const struct registrar_listed *listed), void *argument)
{
	const struct location_table *location = registrar->bindings.location;
	const struct binding_set *set = location_table_next(location, NULL);

	while (set && visit_set(registrar, set, visit, argument))
		set = location_table_next(location, set);
}

void registrar_list_of(const struct registrar *registrar, const uint8_t aor_key[AOR_KEY_BYTES],
		       bool (*visit)(void *argument, const struct registrar_listed *listed), void *argument)
{
	const struct binding_set *set = location_table_find(registrar->bindings.location, aor_key);

	if (set)
		visit_set(registrar, set, visit, argument);
}
