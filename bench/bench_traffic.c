#include "bench_traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_messages.h"
#include "must.h"
#include "call_track.h"
#include "sip_client.h"
#include "worker.h"

#define COMPANY_BYTES_MAX 2800
#define CALLER		  "192.0.2.7:5060"
#define CALL_ID_FORMAT	  "%08x-3848276298220188511@192.0.2.7"
#define BENCH_WORKERS	  8

static const char body[] =
	"v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
	"m=audio 49170 RTP/AVP 8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:18 G729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n";

/* ---- the directory ---- */

char *bench_traffic_provisioning(uint32_t company_count, uint32_t changed)
{
	size_t size = 512 + (size_t)company_count * COMPANY_BYTES_MAX;
	char *text = malloc(size);
	must(text != NULL);
	size_t length = (size_t)snprintf(text, size, "companies:\n");

	for (uint32_t c = 0; c < company_count; c++) {
		length += (size_t)snprintf(
			text + length, size - length,
			"  - name: company-%u\n    domain: c%u.example.net\n    country: ES\n    users:\n"
			"      - {name: alice, password: secret, extension: \"101\"}\n"
			"    extensions:\n      - {number: \"101\", route: {user: alice}}\n    friends:\n",
			c, c);
		for (uint32_t f = 0; f < BENCH_FRIENDS; f++)
			length += (size_t)snprintf(text + length, size - length,
						   "      - {name: friend-%u, password: secret, priority: %u, direct: "
						   "\"udp:192.0.2.%u:5060\", "
						   "patterns: [\"^2%u[0-9]{2}$\", \"^%u7%u[0-9]+$\"]}\n",
						   f, c == changed ? 30 - f : 10 + f, 10 + f, f, 3 + f % 7, c);
		must(length < size - 1);
	}
	return text;
}

static uint32_t company_of_call(uint32_t index, uint32_t company_count)
{
	return (uint32_t)((index + 1) * 2654435761u) % company_count;
}

uint32_t bench_traffic_first_company(uint32_t company_count)
{
	return company_of_call(0, company_count);
}

/* ---- calls ---- */

/* What the peers of a call have to say. The parts that the router has a say in are made anew in each round. */
struct bench_dialog {
	uint32_t friend, company;
	char uri[128], from[128], to[160], call_id[64], branch[3][64];
	char source_of_callee[32];
	struct bench_datagram invite, ack_of_challenge, invite_auth;
	struct bench_datagram ringing, answer, ack, bye, bye_answer; /* of this round */
	char *invite_got, *bye_got;				     /* by the callee in this round; NULL: not yet */
};

static struct bench_datagram keep(const char *text, const char *source)
{
	struct bench_datagram datagram = {.bytes = span_of_text(strdup(text))};

	must(datagram.bytes.at != NULL);
	snprintf(datagram.source, sizeof(datagram.source), "%s", source);
	return datagram;
}

/* In place of what was kept there. */
static void keep_anew(struct bench_datagram *datagram, const char *text, const char *source)
{
	free((char *)(uintptr_t)datagram->bytes.at);
	*datagram = keep(text, source);
}

static struct bench_datagram keep_request(const struct sip_request *request)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_request_write(text, request);
	return keep(text, CALLER);
}

static struct sip_request describe(const struct bench_dialog *dialog)
{
	return (struct sip_request){.uri = dialog->uri,
				    .from = dialog->from,
				    .to = dialog->to,
				    .call_id = dialog->call_id,
				    .branch = dialog->branch[0],
				    .body = body,
				    .headers =
					    "Contact: <sip:alice@192.0.2.7:5060>\r\nContent-Type: application/sdp\r\n"};
}

static void begin_dialog(struct bench_dialog *dialog, uint32_t index, uint32_t company_count)
{
	dialog->friend = index % BENCH_FRIENDS;
	dialog->company = company_of_call(index, company_count);
	snprintf(dialog->uri, sizeof(dialog->uri), "sip:2%u%02u@c%u.example.net", dialog->friend, index % 100,
		 dialog->company);
	snprintf(dialog->from, sizeof(dialog->from), "\"Alice Doe\" <sip:alice@c%u.example.net>", dialog->company);
	snprintf(dialog->to, sizeof(dialog->to), "<%s>", dialog->uri);
	snprintf(dialog->call_id, sizeof(dialog->call_id), CALL_ID_FORMAT, index);
	for (uint32_t i = 0; i < 3; i++)
		snprintf(dialog->branch[i], sizeof(dialog->branch[i]), "z9hG4bK-524287-%u---%08x", i + 1, index);
	snprintf(dialog->source_of_callee, sizeof(dialog->source_of_callee), "192.0.2.%u:5060", 10 + dialog->friend);
}

/* Sends what was kept, and takes the one message that the router makes of it. */
static void send(struct pipeline *pipeline, const struct bench_datagram *datagram, int status,
		 struct pipeline_message *made)
{
	pipeline_send_bytes(pipeline, datagram->source, datagram->bytes);
	must(pipeline_take(pipeline, made));
	if (sip_status(made->text) != status)
		must_fail(made->text);
}

/* INVITE -> 407 -> its ACK, INVITE with credentials. */
static void make_invites(struct bench_dialog *dialog, struct pipeline *pipeline)
{
	static struct pipeline_message challenge;
	const struct sip_account account = {.user = "alice", .password = "secret", .nc = 1};
	char authorization[1024], headers[4096], to[256];
	struct sip_request request = describe(dialog);

	dialog->invite = keep_request(&request);
	send(pipeline, &dialog->invite, 407, &challenge);
	sip_authorization_write(authorization, challenge.text, &account, "INVITE", dialog->uri);
	must(sip_find_header(to, sizeof(to), challenge.text, "To", 0));
	struct sip_request ack = request;
	ack.method = "ACK";
	ack.to = to;
	ack.headers = ack.body = "";
	dialog->ack_of_challenge = keep_request(&ack);
	snprintf(headers, sizeof(headers),
		 "Contact: <sip:alice@192.0.2.7:5060>\r\nUser-Agent: bench 1.0\r\nSupported: replaces, timer\r\n"
		 "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO\r\n%sContent-Type: "
		 "application/sdp\r\n",
		 authorization);
	request.headers = headers;
	request.branch = dialog->branch[1];
	request.cseq = 2;
	dialog->invite_auth = keep_request(&request);
}

static void make_response(struct bench_dialog *dialog, struct bench_datagram *datagram, const char *got, int status)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_response_write(text, got, status, "calleetag", "Contact: <sip:2000@192.0.2.10:5060>\r\n");
	keep_anew(datagram, text, dialog->source_of_callee);
}

static void make_later(const struct bench_dialog *dialog, struct bench_datagram *datagram, const char *method,
		       uint32_t cseq)
{
	char text[SIP_TEXT_BYTES_MAX], route[2048], headers[2100], to[200];

	must(sip_find_header(route, sizeof(route), dialog->invite_got, "Record-Route", 0));
	snprintf(headers, sizeof(headers), "Route: %s\r\n", route);
	snprintf(to, sizeof(to), "<%s>;tag=calleetag", dialog->uri);
	struct sip_request request = {.method = method,
				      .uri = "sip:2000@192.0.2.10:5060",
				      .from = dialog->from,
				      .to = to,
				      .call_id = dialog->call_id,
				      .branch = dialog->branch[cseq - 2],
				      .cseq = cseq,
				      .headers = headers};
	sip_request_write(text, &request);
	keep_anew(datagram, text, CALLER);
}

/* The callee got the INVITE: all that both sides will say. */
static void make_rest_of_call(struct bench_dialog *dialog)
{
	make_response(dialog, &dialog->ringing, dialog->invite_got, 180);
	make_response(dialog, &dialog->answer, dialog->invite_got, 200);
	make_later(dialog, &dialog->ack, "ACK", 2);
	make_later(dialog, &dialog->bye, "BYE", 3);
}

static void note_request(struct bench_traffic *traffic, const char *text)
{
	const char *call_id = strstr(text, "\r\nCall-ID: ");
	char *end;

	if (!call_id)
		return;
	unsigned long index = strtoul(call_id + strlen("\r\nCall-ID: "), &end, 16);
	if (*end != '-' || index >= traffic->count)
		return;
	struct bench_dialog *dialog = &traffic->dialog[index];
	if (strncmp(text, "INVITE ", 7) == 0) {
		free(dialog->invite_got);
		must((dialog->invite_got = strdup(text)) != NULL);
		make_rest_of_call(dialog);
	} else if (strncmp(text, "BYE ", 4) == 0) {
		free(dialog->bye_got);
		must((dialog->bye_got = strdup(text)) != NULL);
		make_response(dialog, &dialog->bye_answer, dialog->bye_got, 200);
	}
}

void bench_traffic_take(struct bench_traffic *traffic)
{
	static struct pipeline_message message;

	while (pipeline_take_any(traffic->pipeline, &message))
		if (sip_status(message.text) == 0)
			note_request(traffic, message.text);
}

/* ---- rounds ---- */

/* As they end by time. */
static void forget_all(struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < BENCH_WORKERS; i++) {
		struct worker *worker = pipeline_worker(pipeline, i);
		if (!worker) /* the router of this bench has fewer */
			break;
		transaction_table_clear(&worker->transactions);
		worker_begin_burst(worker);
		for (uint32_t j = 0; j < worker->calls.count; j++)
			if (worker->calls.call[j].record.state == CALL_ANSWERED)
				call_track_expire(worker, &worker->calls.call[j]);
			else if (worker->calls.call[j].record.state != CALL_FREE)
				call_track_failed(worker, worker->calls.call[j].record.handle, 487, REASON_CANCELLED);
		worker_end_burst(worker);
	}
}

static void send_all(struct bench_traffic *traffic, size_t datagram_at)
{
	for (uint32_t i = 0; i < traffic->count; i++) {
		const struct bench_datagram *datagram =
			(const struct bench_datagram *)((const char *)&traffic->dialog[i] + datagram_at);
		pipeline_send_bytes(traffic->pipeline, datagram->source, datagram->bytes);
		bench_traffic_take(traffic);
	}
}

void bench_traffic_begin(struct bench_traffic *traffic, struct bench_workload *workload)
{
	workload->step = 0;
	forget_all(traffic->pipeline);
	switch (workload->kind) {
	case TRAFFIC_RESPONSE:
	case TRAFFIC_RETRANSMIT:
		send_all(traffic, offsetof(struct bench_dialog, invite_auth));
		break;
	case TRAFFIC_IN_DIALOG:
		send_all(traffic, offsetof(struct bench_dialog, invite_auth));
		send_all(traffic, offsetof(struct bench_dialog, answer));
		break;
	default:
		break;
	}
	for (uint32_t i = 0; i < workload->count; i++) {
		struct bench_dialog *dialog = &traffic->dialog[i];
		if (workload->kind == TRAFFIC_RESPONSE)
			workload->datagram[i] = i % 2 ? dialog->answer : dialog->ringing;
		else if (workload->kind == TRAFFIC_IN_DIALOG)
			workload->datagram[i] = i % 2 ? dialog->bye : dialog->ack;
	}
}

static const struct bench_datagram *find_message(const struct bench_dialog *dialog, uint32_t step)
{
	const struct bench_datagram *const messages[BENCH_CALL_MESSAGES] = {
		&dialog->invite,  &dialog->ack_of_challenge, &dialog->invite_auth,
		&dialog->ringing, &dialog->answer,	     &dialog->ack,
		&dialog->bye,	  &dialog->bye_answer};

	return messages[step];
}

/*
 * Calls are in all their stages at once: an eighth of them is a message behind the other, and a burst has messages of
 * each.
 */
static uint32_t next_of_calls(struct bench_traffic *traffic, struct bench_workload *workload)
{
	uint32_t calls = workload->count / BENCH_CALL_MESSAGES, count = 0;

	for (uint32_t i = 0; i < calls; i++) {
		uint32_t behind = i % BENCH_CALL_MESSAGES;
		if (workload->step >= behind && workload->step - behind < BENCH_CALL_MESSAGES)
			workload->datagram[count++] = *find_message(&traffic->dialog[i], workload->step - behind);
	}
	workload->step++;
	return count;
}

uint32_t bench_traffic_next(struct bench_traffic *traffic, struct bench_workload *workload)
{
	if (workload->kind == TRAFFIC_CALL)
		return next_of_calls(traffic, workload);
	return workload->step++ == 0 ? workload->count : 0;
}

/* ---- the others ---- */

static void make_register(struct bench_datagram *message, struct pipeline *pipeline, uint32_t index,
			  uint32_t company_count)
{
	static struct pipeline_message challenge;
	static struct bench_dialog dialog;
	static const char contact[] = "Contact: <sip:alice@192.0.2.7:5060>\r\nExpires: 120\r\n";
	const struct sip_account account = {.user = "alice", .password = "secret", .nc = 1};
	char authorization[1024], headers[2048];

	begin_dialog(&dialog, index, company_count);
	snprintf(dialog.uri, sizeof(dialog.uri), "sip:c%u.example.net", dialog.company);
	/* A nonce is of one Call-ID and second: that of the INVITE would be used twice. */
	snprintf(dialog.call_id, sizeof(dialog.call_id), "register-%u@192.0.2.7", index);
	struct sip_request request = describe(&dialog);
	request.method = "REGISTER";
	request.to = dialog.from;
	request.headers = contact;
	request.body = "";
	*message = keep_request(&request);
	send(pipeline, message, 401, &challenge);
	sip_authorization_write(authorization, challenge.text, &account, "REGISTER", dialog.uri);
	snprintf(headers, sizeof(headers), "%s%s", contact, authorization);
	request.headers = headers;
	request.cseq = 2;
	keep_anew(message, keep_request(&request).bytes.at, CALLER);
}

/* Half of it looks like SIP at first. */
static void make_garbage(struct bench_datagram *message, const struct bench_datagram *invite,
			 const struct bench_datagram *response, uint32_t index)
{
	static uint32_t random = 1;
	char text[SIP_TEXT_BYTES_MAX];
	uint32_t length = 20 + index * 37 % 600;

	*message = index % 2 ? *invite : *response;
	memcpy(text, message->bytes.at, message->bytes.length + 1);
	switch (index % 4) {
	case 0: /* random bytes */
		for (uint32_t i = 0; i < length; i++) {
			random = random * 1664525u + 1013904223u;
			text[i] = (char)(random >> 24);
		}
		message->bytes.length = length;
		break;
	case 1: /* cut somewhere */
		if (message->bytes.length > length)
			message->bytes.length = length;
		break;
	case 2: /* a response whose branch is not ours */
		memset(strstr(text, "z9hG4bK") + 28, 'A', 8);
		break;
	default: /* of a company that does not exist */
		for (char *at = text; (at = strstr(at, ".example.net")); at++)
			memcpy(at, ".example.org", 12);
	}
	char *copy = malloc(message->bytes.length + 1);
	must(copy != NULL);
	memcpy(copy, text, message->bytes.length);
	message->bytes.at = copy;
}

/* A longer message comes in fragments: more frames than messages. */
#define WHOLE_BYTES_MAX 1472

/* The files of bench/messages that fit a frame, over and over. */
static void make_parse(struct bench_workload *workload)
{
	static struct bench_message files[BENCH_MESSAGES_MAX];
	size_t loaded = bench_messages_load(files, BENCH_MESSAGES, ".sip"), file_count = 0;

	for (size_t i = 0; i < loaded; i++)
		if (files[i].bytes.length <= WHOLE_BYTES_MAX)
			files[file_count++] = files[i];
	for (uint32_t i = 0; i < workload->count; i++) {
		workload->datagram[i].bytes = files[i % file_count].bytes;
		snprintf(workload->datagram[i].source, sizeof(workload->datagram[i].source), CALLER);
	}
}

static void make_rows(struct bench_workload rows[TRAFFIC_COUNT], uint32_t count)
{
	static const char *const names[TRAFFIC_COUNT] = {
		[TRAFFIC_PARSE] = "parse",	 [TRAFFIC_INVITE_AUTH] = "invite_auth",
		[TRAFFIC_RESPONSE] = "response", [TRAFFIC_IN_DIALOG] = "in_dialog",
		[TRAFFIC_CALL] = "call",	 [TRAFFIC_RETRANSMIT] = "retransmit",
		[TRAFFIC_REGISTER] = "register", [TRAFFIC_FLOOD] = "flood",
	};
	for (uint32_t i = 0; i < TRAFFIC_COUNT; i++) {
		rows[i] = (struct bench_workload){.name = names[i], .kind = i, .count = count};
		rows[i].datagram = calloc(count, sizeof(*rows[i].datagram));
		must(rows[i].datagram != NULL);
	}
	rows[TRAFFIC_PARSE].ends_after_parse = true;
	rows[TRAFFIC_INVITE_AUTH].forwarded = rows[TRAFFIC_RESPONSE].forwarded = count;
	rows[TRAFFIC_IN_DIALOG].forwarded = count;
	rows[TRAFFIC_CALL].forwarded = count / BENCH_CALL_MESSAGES * (BENCH_CALL_MESSAGES - 2);
	rows[TRAFFIC_REGISTER].punted = count;
}

void bench_traffic_make(struct bench_traffic *traffic, struct pipeline *pipeline, uint32_t company_count,
			uint32_t count)
{
	struct bench_workload *workload = traffic->workload;

	traffic->pipeline = pipeline;
	traffic->company_count = company_count;
	traffic->count = count;
	must((traffic->dialog = calloc(count, sizeof(*traffic->dialog))) != NULL);
	make_rows(workload, count);
	make_parse(&workload[TRAFFIC_PARSE]);
	for (uint32_t i = 0; i < count; i++) {
		begin_dialog(&traffic->dialog[i], i, company_count);
		make_invites(&traffic->dialog[i], pipeline);
		workload[TRAFFIC_INVITE_AUTH].datagram[i] = traffic->dialog[i].invite_auth;
		workload[TRAFFIC_RETRANSMIT].datagram[i] = traffic->dialog[i].invite_auth;
		make_register(&workload[TRAFFIC_REGISTER].datagram[i], pipeline, i, company_count);
	}
	bench_traffic_begin(traffic, &workload[TRAFFIC_RESPONSE]);
	for (uint32_t i = 0; i < count; i++)
		make_garbage(&workload[TRAFFIC_FLOOD].datagram[i], &traffic->dialog[i].invite_auth,
			     &workload[TRAFFIC_RESPONSE].datagram[i], i);
}
