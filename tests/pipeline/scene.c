#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "text_write.h"
#include "worker.h"

#define MESSAGES_MAX 4096
#define TICK_MS	     TIMER_WHEEL_TICK_MS

const char scene_provisioning[] =
	"carriers:\n"
	"  - {name: telco, priority: 10, address: [\"udp:198.51.100.7:5060\", \"udp:198.51.100.8:5060\"]}\n"
	"  - {name: other, priority: 20, address: [\"udp:198.51.100.9:5060\"]}\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    users:\n"
	"      - {name: bob, password: secret, extension: \"102\"}\n"
	"    friends:\n"
	"      - {name: desk, auth: source, direct: \"udp:192.0.2.20:5060\", patterns: [\"^29\"]}\n"
	"      - {name: hq, password: secret, direct: \"udp:192.0.2.10:5060\", patterns: [\"^30\"]}\n"
	"      - name: line\n"
	"        password: secret\n"
	"        direct: \"udp:192.0.2.11:5060\"\n"
	"        patterns: [\"^31\"]\n"
	"        forwards:\n"
	"          - {when: busy, calls: both, to: {extension: \"3200\"}}\n"
	"          - {when: unregistered, calls: both, to: {extension: \"3200\"}}\n"
	"      - {name: west, password: secret, direct: \"udp:192.0.2.12:5060\", patterns: [\"^32\"]}\n"
	"      - name: ring\n"
	"        password: secret\n"
	"        direct: \"udp:192.0.2.13:5060\"\n"
	"        patterns: [\"^33\"]\n"
	"        forwards: [{when: no_answer, after: 20, calls: both, to: {extension: \"3200\"}}]\n"
	"      - name: trunk\n"
	"        password: secret\n"
	"        direct: \"udp:192.0.2.14:5060\"\n"
	"        patterns: [\"^34\"]\n"
	"        forwards: [{when: no_answer, after: 5, calls: both, to: {number: \"+34600000000\"}}]\n"
	"      - {name: pbx, password: secret, patterns: [\"^36\"]}\n"
	"      - name: gone\n"
	"        password: secret\n"
	"        patterns: [\"^37\"]\n"
	"        forwards: [{when: unregistered, calls: both, to: {extension: \"3200\"}}]\n"
	"      - name: away\n"
	"        password: secret\n"
	"        patterns: [\"^38\"]\n"
	"        forwards: [{when: always, calls: both, to: {extension: \"3200\"}}]\n"
	"    extensions:\n"
	"      - {number: \"102\", route: {user: bob}}\n"
	"      - {number: \"3200\", route: {friend: \"3200\"}}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"3000\"}}\n";

void scene_begin_with(struct scene *scene, void **state, const char *provisioning, const struct pipeline_sizes *sizes)
{
	*scene = (struct scene){0};
	scene->message = calloc(MESSAGES_MAX, sizeof(*scene->message));
	assert_non_null(scene->message);
	scene->pipeline = pipeline_start_sized(*(const uint32_t *)*state, provisioning, sizes);
}

void scene_begin(struct scene *scene, void **state)
{
	scene_begin_with(scene, state, scene_provisioning, &(struct pipeline_sizes){0});
}

static void write_destination(char *text, size_t size, const struct pipeline_message *message)
{
	struct text_writer writer = text_write_begin(text, size - 1);

	text_write_address(&writer, &message->destination);
	text[writer.length] = '\0';
}

static void sort_what_left(struct scene *scene)
{
	static struct pipeline_message message;

	while (pipeline_take_any(scene->pipeline, &message)) {
		assert_true(scene->message_count < MESSAGES_MAX);
		struct scene_message *kept = &scene->message[scene->message_count++];
		write_destination(kept->peer, sizeof(kept->peer), &message);
		kept->text = strdup(message.text);
		assert_non_null(kept->text);
	}
}

void scene_expect_silence(struct scene *scene)
{
	sort_what_left(scene);
	for (uint32_t i = 0; i < scene->message_count; i++)
		if (!scene->message[i].taken)
			fail_msg("%u ms: %s got:\n%s", scene->since_ms, scene->message[i].peer, scene->message[i].text);
}

static const char *find_next(struct scene *scene, const char *peer)
{
	sort_what_left(scene);
	for (uint32_t i = 0; i < scene->message_count; i++) {
		struct scene_message *message = &scene->message[i];
		if (message->taken || strcmp(message->peer, peer) != 0)
			continue;
		message->taken = true;
		return message->text;
	}
	return NULL;
}

static const char *expect_next(struct scene *scene, const char *peer, const char *what)
{
	const char *text = find_next(scene, peer);

	if (!text) {
		for (uint32_t i = 0; i < scene->message_count; i++)
			if (!scene->message[i].taken)
				print_error("%s got:\n%s", scene->message[i].peer, scene->message[i].text);
		fail_msg("%u ms: %s did not get %s", scene->since_ms, peer, what);
	}
	return text;
}

void scene_expect_request(struct scene *scene, struct leg *leg, const char *peer, const char *method)
{
	const char *text = expect_next(scene, peer, method);

	if (strncmp(text, method, strlen(method)) != 0 || text[strlen(method)] != ' ')
		fail_msg("%u ms: %s got no %s but:\n%s", scene->since_ms, peer, method, text);
	leg->peer = peer;
	assert_true(strlen(text) < sizeof(leg->text));
	strcpy(leg->text, text);
}

const char *scene_expect_any(struct scene *scene, const char *peer)
{
	return expect_next(scene, peer, "anything");
}

const char *scene_expect_status(struct scene *scene, const char *peer, int status)
{
	char wanted[16];

	snprintf(wanted, sizeof(wanted), "%d", status);
	const char *text = expect_next(scene, peer, wanted);
	if (sip_status(text) != status)
		fail_msg("%u ms: %s got no %d but:\n%s", scene->since_ms, peer, status, text);
	return text;
}

void scene_answer_with(struct scene *scene, const struct leg *leg, int status, const char *tag, const char *headers)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_response_write(text, leg->text, status, tag, headers);
	pipeline_send(scene->pipeline, leg->peer, text);
}

void scene_answer(struct scene *scene, const struct leg *leg, int status)
{
	char contact[64];

	snprintf(contact, sizeof(contact), "Contact: <sip:callee@%s>\r\n", leg->peer);
	scene_answer_with(scene, leg, status, status == 100 ? NULL : leg->peer, contact);
}

void scene_expect_ack(struct scene *scene, const struct leg *leg)
{
	struct leg ack;
	char sent[256], got[256];

	scene_expect_request(scene, &ack, leg->peer, "ACK");
	assert_true(sip_find_header(sent, sizeof(sent), leg->text, "Via", 0));
	assert_true(sip_find_header(got, sizeof(got), ack.text, "Via", 0));
	assert_string_equal(sent, got);
	assert_false(sip_find_header(got, sizeof(got), ack.text, "Via", 1));
}

void scene_refuse(struct scene *scene, const struct leg *leg, int status)
{
	scene_answer(scene, leg, status);
	scene_expect_ack(scene, leg);
}

void scene_expect_end(struct scene *scene, int status)
{
	scene_acknowledge(scene, scene_expect_status(scene, scene->caller, status));
	scene_expect_silence(scene);
}

void scene_prepare(struct scene *scene, const char *caller, const char *method, const char *number)
{
	bool is_desk = strcmp(caller, DESK) == 0;

	scene->call_count++;
	scene->caller = caller;
	snprintf(scene->request_uri, sizeof(scene->request_uri), "sip:%s@%s", number,
		 is_desk ? "acme.example.net" : "192.0.2.1");
	snprintf(scene->to, sizeof(scene->to), "<%s>", scene->request_uri);
	snprintf(scene->call_id, sizeof(scene->call_id), "scene-%u", scene->call_count);
	snprintf(scene->branch, sizeof(scene->branch), "z9hG4bKscene-%u", scene->call_count);
	snprintf(scene->headers, sizeof(scene->headers), "Contact: <sip:caller@%s>\r\n", caller);
	scene->request = (struct sip_request){.method = method,
					      .uri = scene->request_uri,
					      .from = is_desk ? "<sip:desk@acme.example.net>"
							      : "<sip:+34911111111@carrier.example.net>",
					      .to = scene->to,
					      .via = caller,
					      .branch = scene->branch,
					      .call_id = scene->call_id,
					      .cseq = 7,
					      .headers = scene->headers};
}

void scene_send(struct scene *scene)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_request_write(text, &scene->request);
	pipeline_send(scene->pipeline, scene->caller, text);
}

void scene_call(struct scene *scene, const char *number)
{
	scene_prepare(scene, DESK, "INVITE", number);
	scene_send(scene);
	scene_expect_status(scene, DESK, 100);
}

void scene_cancel(struct scene *scene)
{
	char text[SIP_TEXT_BYTES_MAX];
	struct sip_request cancel = scene->request;

	cancel.method = "CANCEL";
	cancel.headers = NULL;
	sip_request_write(text, &cancel);
	pipeline_send(scene->pipeline, scene->caller, text);
}

void scene_acknowledge(struct scene *scene, const char *response)
{
	char text[SIP_TEXT_BYTES_MAX], to[512];
	struct sip_request ack = scene->request;

	assert_true(sip_find_header(to, sizeof(to), response, "To", 0));
	ack.method = "ACK";
	ack.to = to;
	ack.headers = NULL;
	sip_request_write(text, &ack);
	pipeline_send(scene->pipeline, scene->caller, text);
}

void scene_register(struct scene *scene, const char *name, const char *address, const char *q)
{
	char text[SIP_TEXT_BYTES_MAX], aor[64], contact[128], call_id[64], line[1024], headers[1200];
	struct sip_account account = {.user = name, .password = "secret", .nc = 1};

	snprintf(aor, sizeof(aor), "<sip:%s@acme.example.net>", name);
	snprintf(contact, sizeof(contact), "Contact: <sip:%s@%s>;q=%s\r\n", name, address, q);
	snprintf(call_id, sizeof(call_id), "register-%s-%s", name, address);
	struct sip_request request = {.method = "REGISTER",
				      .uri = "sip:acme.example.net",
				      .from = aor,
				      .to = aor,
				      .via = address,
				      .call_id = call_id,
				      .headers = contact};
	sip_request_write(text, &request);
	pipeline_send(scene->pipeline, address, text);
	sip_authorization_write(line, scene_expect_status(scene, address, 401), &account, "REGISTER", request.uri);
	snprintf(headers, sizeof(headers), "%s%s", contact, line);
	request.headers = headers;
	request.cseq = 2;
	request.branch = "z9hG4bKregister2";
	sip_request_write(text, &request);
	pipeline_send(scene->pipeline, address, text);
	scene_expect_status(scene, address, 200);
}

void scene_now(struct scene *scene)
{
	scene->since_ms = 0;
}

void scene_wait_until(struct scene *scene, uint32_t ms)
{
	assert_true(ms > scene->since_ms && ms % TICK_MS == 0);
	while (scene->since_ms < ms) {
		scene_expect_silence(scene);
		pipeline_advance_ms(scene->pipeline, TICK_MS);
		scene->since_ms += TICK_MS;
	}
}

static uint32_t sum_of(const struct scene *scene, uint32_t (*count)(const struct worker *worker))
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < pipeline_dataplane(scene->pipeline)->worker_count; i++)
		sum += count(pipeline_worker(scene->pipeline, i));
	return sum;
}

static uint32_t count_transactions(const struct worker *worker)
{
	return worker->transactions.used_count;
}

static uint32_t count_lingering(const struct worker *worker)
{
	return worker->transactions.lingering_count;
}

static uint32_t count_calls(const struct worker *worker)
{
	return worker->calls.used_count;
}

static uint32_t count_limits(const struct worker *worker)
{
	return worker->limits.held_count;
}

static uint32_t count_timers(const struct worker *worker)
{
	return (uint32_t)worker->wheel.count - worker->calls.used_count;
}

static uint32_t count_kept(const struct worker *worker)
{
	return worker->transactions.mbufs_kept + worker->transactions.size_kept[KEPT_MEDIUM] +
	       worker->transactions.size_kept[KEPT_LARGE] + worker->transactions.spare_used_count;
}

uint32_t scene_transactions(const struct scene *scene)
{
	return sum_of(scene, count_transactions);
}

uint32_t scene_lingering(const struct scene *scene)
{
	return sum_of(scene, count_lingering);
}

uint32_t scene_calls(const struct scene *scene)
{
	return sum_of(scene, count_calls);
}

uint32_t scene_limits(const struct scene *scene)
{
	return sum_of(scene, count_limits);
}

void scene_end(struct scene *scene, uint32_t answered_calls)
{
	scene_expect_silence(scene);
	pipeline_settle(scene->pipeline);
	assert_int_equal(scene_transactions(scene), 0);
	assert_int_equal(sum_of(scene, count_kept), 0);
	assert_int_equal(scene_calls(scene), answered_calls);
	assert_int_equal(sum_of(scene, count_timers), 0);
	if (answered_calls == 0)
		assert_int_equal(scene_limits(scene), 0);
	pipeline_stop(scene->pipeline);
	for (uint32_t i = 0; i < scene->message_count; i++)
		free(scene->message[i].text);
	free(scene->message);
}
