#include "simulation.h"

#include <stdarg.h>
#include <string.h>

#include "must.h"
#include "reason.h"

/* The wheel moves at most so many ticks in one burst (timer_wheel.h). */
#define JUMP_TICKS_MAX 200

#define CALLER_FROM "<sip:gate@acme.example.net>"

uint32_t simulation_new_tag(struct simulation *simulation, uint32_t client)
{
	must(simulation->tag_count < SIMULATION_TAGS_MAX);
	simulation->client_of_tag[simulation->tag_count] = client;
	return simulation->tag_count++;
}

static uint32_t below(struct simulation *simulation, uint32_t count)
{
	return random_source_below(&simulation->random, count);
}

/* What the router says of a message. */
static void log_reasons(struct simulation *simulation)
{
	for (uint32_t i = 0; i < REASON_COUNT; i++) {
		uint64_t count = pipeline_reason(simulation->pipeline, (enum reason)i);
		if (count != simulation->reasons[i])
			fprintf(simulation->log, "%10s    %s\n", "", reason_rows[i].name);
		simulation->reasons[i] = count;
	}
}

/* The network doubles a datagram now and then: both copies in one burst. */
static uint32_t choose_copies(struct simulation *simulation)
{
	return random_source_once_in(&simulation->random, 8) ? 2 : 1;
}

static void deliver(struct simulation *simulation, uint32_t peer, const char *text, uint32_t copies)
{
	if (copies > 1)
		fprintf(simulation->log, "%10s    twice\n", "");
	for (uint32_t i = 0; i < copies; i++)
		pipeline_put(simulation->pipeline, 0, simulation_peers[peer], span_of_text(text));
	pipeline_run(simulation->pipeline);
	log_reasons(simulation);
	simulation_compare(simulation);
}

__attribute__((format(printf, 2, 3))) static void note(struct simulation *simulation, const char *format, ...)
{
	va_list arguments;

	fprintf(simulation->log, "%10llu %u: ", (unsigned long long)simulation->reference->now, simulation->step);
	va_start(arguments, format);
	vfprintf(simulation->log, format, arguments);
	va_end(arguments);
	fprintf(simulation->log, "\n");
}

/* ---- time ---- */

static void jump(struct simulation *simulation, uint64_t ticks)
{
	reference_advance(simulation->reference, simulation->reference->now + ticks);
	pipeline_jump_ms(simulation->pipeline, (uint32_t)ticks * 10);
	simulation->tally->ticks += ticks;
	simulation_compare(simulation);
}

/* In jumps to just before the model's next timer, so that a timer of the router that is early is seen, and then a tick
 * by itself, so that one that is late is seen. */
void simulation_wait(struct simulation *simulation, uint64_t ticks)
{
	uint64_t end = simulation->reference->now + ticks;

	while (simulation->reference->now < end) {
		uint64_t now = simulation->reference->now, due = reference_next_due(simulation->reference);
		uint64_t stop = due > end ? end : due == now + 1 ? due : due - 1;
		jump(simulation, stop - now < JUMP_TICKS_MAX ? stop - now : JUMP_TICKS_MAX);
	}
}

void simulation_let_end(struct simulation *simulation)
{
	uint64_t due;

	while ((due = reference_next_due(simulation->reference)) != REFERENCE_NEVER)
		simulation_wait(simulation, due - simulation->reference->now);
	simulation_wait(simulation, 2);
}

static void wait_some_time(struct simulation *simulation)
{
	static const uint32_t ms[] = {10,  10,	 40,   100,  100,  250,	 500,  500,
				      990, 1000, 2000, 3490, 4000, 5000, 8000, 33000};
	uint32_t ticks = ms[below(simulation, sizeof(ms) / sizeof(ms[0]))] / 10;

	if (random_source_once_in(&simulation->random, 80))
		ticks = 18110; /* timer C */
	/* To the edge of something. */
	uint64_t due = reference_next_due(simulation->reference);
	if (due != REFERENCE_NEVER && random_source_once_in(&simulation->random, 3))
		ticks = (uint32_t)(due - simulation->reference->now) - below(simulation, 2);
	note(simulation, "%u ms pass", ticks * 10);
	simulation_wait(simulation, ticks);
}

/* ---- requests ---- */

/* The copy of a request that made a transaction just now is absorbed: nothing was answered yet that could come again.
 */
static void take_request(struct simulation *simulation, uint32_t number, const char *message)
{
	struct reference *reference = simulation->reference;
	uint32_t copies = choose_copies(simulation), servers = reference->server_count;

	for (uint32_t i = 0; i < copies && reference->server_count == servers; i++)
		reference_take_request(reference, number);
	deliver(simulation, reference->request[number].sender, message, copies);
}

static void send_request(struct simulation *simulation, const struct reference_request *model,
			 const struct peer_request *text)
{
	static char message[PEER_TEXT_BYTES_MAX];
	uint32_t number = reference_add_request(simulation->reference, model);
	struct peer_request *kept = &simulation->request[number].text;

	*kept = *text;
	kept->sender = model->sender;
	kept->method = model->method;
	kept->branch = simulation->call_base * 1000 + number;
	kept->is_old = random_source_once_in(&simulation->random, 8);
	peer_request_write(message, kept);
	note(simulation, "%s sends %s, request %u of call %u, cseq %u", simulation_peers[model->sender],
	     peer_method_name(model->method), number, kept->call, kept->cseq);
	take_request(simulation, number, message);
}

/* What simulation_provisioning says of a dialled number. Result: how many targets. */
static uint32_t fill_carriers(struct reference_target *target, uint32_t first)
{
	for (uint32_t i = 0; i < PEER_CARRIER_COUNT; i++)
		target[i] = (struct reference_target){.kind = TARGET_CARRIER,
						      .next = {[FAILURE_UNREACHABLE] = i ? 0 : first + 1},
						      .count = 1,
						      .peer = {PEER_CARRIER + i},
						      .q = {1000}};
	return PEER_CARRIER_COUNT;
}

static uint32_t fill_friends(struct reference_target *target, const struct reference_target *user)
{
	target[0] = (struct reference_target){.kind = TARGET_FRIEND,
					      .next = {[FAILURE_BUSY] = 1, [FAILURE_NO_ANSWER] = 2},
					      .ring_ticks = 500,
					      .count = 1,
					      .peer = {PEER_FRIEND},
					      .q = {1000}};
	target[1] = *user;
	target[2] = (struct reference_target){.kind = TARGET_FRIEND,
					      .next = {[FAILURE_NO_ANSWER] = 3},
					      .ring_ticks = 2000,
					      .count = 1,
					      .peer = {PEER_FRIEND + 1},
					      .q = {1000}};
	return 3 + fill_carriers(&target[3], 3);
}

static void begin_call(struct simulation *simulation)
{
	static const char *const numbers[] = {"102", "102", "102", "3100", "3100", "600000000"};
	const char *number = numbers[below(simulation, sizeof(numbers) / sizeof(numbers[0]))];
	struct reference_request model = {
		.method = random_source_once_in(&simulation->random, 4) ? REFERENCE_MESSAGE : REFERENCE_INVITE,
		.sender = PEER_CALLER,
		.group = simulation->reference->request_count,
		.target_count = 1,
		.target = {simulation->user},
	};
	if (number[0] == '6')
		model.target_count = fill_carriers(model.target, 0);
	else if (number[0] == '3')
		model.target_count = fill_friends(model.target, &simulation->user);
	if (simulation->call_count == SIMULATION_CALLS_MAX)
		return;
	uint32_t call = simulation->call_count++;
	struct peer_request text = {.call = simulation->call_base + call,
				    .cseq = simulation->cseq[call] = 1,
				    .from_tag = simulation_new_tag(simulation, REFERENCE_NONE),
				    .from = CALLER_FROM};
	snprintf(text.uri, sizeof(text.uri), "sip:%s@acme.example.net", number);
	snprintf(text.to, sizeof(text.to), "<%s>", text.uri);
	send_request(simulation, &model, &text);
}

static void send_in_dialog(struct simulation *simulation)
{
	static const enum reference_method methods[] = {REFERENCE_INFO, REFERENCE_BYE, REFERENCE_INVITE};

	if (simulation->dialog_count == 0)
		return;
	const struct simulation_dialog *dialog = &simulation->dialog[below(simulation, simulation->dialog_count)];
	uint32_t side = below(simulation, 2);
	struct reference_request model = {
		.method = methods[below(simulation, 3)],
		.sender = dialog->side[side].peer,
		.in_dialog = true,
		.tag = dialog->side[!side].tag,
		.group = simulation->reference->request_count,
		.target_count = 1,
		.target = {{.count = 1, .peer = {dialog->side[!side].peer}, .q = {1000}}},
	};
	struct peer_request text = {.call = dialog->call,
				    .cseq = ++simulation->cseq[dialog->call - simulation->call_base],
				    .from_tag = dialog->side[side].tag};
	snprintf(text.uri, sizeof(text.uri), "%s", dialog->side[side].uri);
	snprintf(text.from, sizeof(text.from), "%s", dialog->side[side].from);
	snprintf(text.to, sizeof(text.to), "%s", dialog->side[side].to);
	snprintf(text.route, sizeof(text.route), "%s", dialog->side[side].route);
	send_request(simulation, &model, &text);
}

/* One that was sent: mostly one of the last ones. */
static uint32_t choose_request(struct simulation *simulation)
{
	uint32_t count = simulation->reference->request_count, last = count < 6 ? count : 6;

	return random_source_once_in(&simulation->random, 4) ? below(simulation, count)
							     : count - 1 - below(simulation, last);
}

static void repeat_request(struct simulation *simulation)
{
	static char message[PEER_TEXT_BYTES_MAX];

	if (simulation->reference->request_count == 0)
		return;
	uint32_t number = choose_request(simulation);
	const struct peer_request *text = &simulation->request[number].text;
	note(simulation, "request %u (%s) comes again", number, peer_method_name(text->method));
	peer_request_write(message, text);
	take_request(simulation, number, message);
}

/* By another way, which gave it another branch. */
static void merge_request(struct simulation *simulation)
{
	if (simulation->reference->request_count == 0)
		return;
	uint32_t number = choose_request(simulation);
	const struct reference_request model = simulation->reference->request[number];
	const struct peer_request text = simulation->request[number].text;
	if (model.in_dialog)
		return;
	note(simulation, "request %u comes by another way", number);
	send_request(simulation, &model, &text);
}

static void cancel_request(struct simulation *simulation)
{
	static char message[PEER_TEXT_BYTES_MAX];

	if (simulation->reference->request_count == 0)
		return;
	uint32_t number = choose_request(simulation);
	const struct peer_request *text = &simulation->request[number].text;
	if (text->method != REFERENCE_INVITE)
		return;
	note(simulation, "request %u is cancelled", number);
	peer_request_write_cancel(message, text);
	uint32_t copies = choose_copies(simulation);
	for (uint32_t i = 0; i < copies; i++)
		reference_take_cancel(simulation->reference, number);
	deliver(simulation, text->sender, message, copies);
}

/* Also one for a final response that has not come: it finds an INVITE that waits, or nothing. */
static void acknowledge(struct simulation *simulation)
{
	static char message[PEER_TEXT_BYTES_MAX];

	if (simulation->reference->request_count == 0)
		return;
	uint32_t number = choose_request(simulation);
	const struct simulation_request *request = &simulation->request[number];
	if (request->text.method != REFERENCE_INVITE ||
	    (!request->final_to[0] && !random_source_once_in(&simulation->random, 10)))
		return;
	/* In a dialog the ACK without a final response would be one of a 2xx. */
	if (request->text.route[0] && !request->final_to[0])
		return;
	note(simulation, "request %u is acknowledged", number);
	peer_request_write_ack(message, &request->text, request->final_to[0] ? request->final_to : request->text.to);
	uint32_t copies = choose_copies(simulation);
	for (uint32_t i = 0; i < copies; i++)
		reference_take_ack(simulation->reference, number);
	deliver(simulation, request->text.sender, message, copies);
}

static void acknowledge_success(struct simulation *simulation)
{
	static char message[PEER_TEXT_BYTES_MAX];
	static uint32_t serial;

	if (simulation->success_count == 0)
		return;
	const struct simulation_success *success = &simulation->success[below(simulation, simulation->success_count)];
	const struct simulation_dialog *dialog = &simulation->dialog[success->dialog];
	struct peer_request text = simulation->request[success->request].text;
	uint32_t side = dialog->side[1].tag == text.from_tag;
	text.branch = 900000000 + serial++;
	snprintf(text.uri, sizeof(text.uri), "%s", dialog->side[side].uri);
	snprintf(text.route, sizeof(text.route), "%s", dialog->side[side].route);
	note(simulation, "the 2xx of request %u with tag %u is acknowledged", success->request, success->tag);
	peer_request_write_ack(message, &text, success->to);
	uint32_t copies = choose_copies(simulation);
	for (uint32_t i = 0; i < copies; i++)
		reference_take_ack_of_2xx(simulation->reference, success->request, dialog->side[!side].peer,
					  success->tag);
	deliver(simulation, text.sender, message, copies);
}

/* ---- responses ---- */

static bool is_pending(const struct reference_client *client)
{
	return client->state == REFERENCE_TRYING || client->state == REFERENCE_PROCEEDING;
}

/* One whose request has left; mostly one that waits for an answer. */
static uint32_t choose_client(struct simulation *simulation)
{
	const struct reference *reference = simulation->reference;
	uint32_t found = REFERENCE_NONE;

	for (uint32_t i = 0; i < 8 && reference->client_count > 0; i++) {
		uint32_t number = below(simulation, reference->client_count);
		if (reference->client[number].method == REFERENCE_CANCEL || !simulation->client[number].branch[0])
			continue;
		found = number;
		if (is_pending(&reference->client[number]))
			break;
	}
	return found;
}

static uint32_t choose_status(struct simulation *simulation, bool is_invite)
{
	static const uint16_t finals[] = {302, 380, 400, 401, 404, 407, 408, 415, 420, 480, 484, 486,
					  486, 487, 487, 491, 500, 502, 503, 504, 600, 603, 606};
	static const uint16_t provisionals[] = {100, 100, 180, 180, 183};
	uint32_t choice = below(simulation, 20);

	if (choice < (is_invite ? 8 : 4))
		return provisionals[below(simulation, sizeof(provisionals) / sizeof(provisionals[0]))];
	if (choice < 12)
		return random_source_once_in(&simulation->random, 8) ? 202 : 200;
	return finals[below(simulation, sizeof(finals) / sizeof(finals[0]))];
}

static void respond(struct simulation *simulation)
{
	static char message[PEER_TEXT_BYTES_MAX];
	uint32_t number = choose_client(simulation);

	if (number == REFERENCE_NONE)
		return;
	struct simulation_client *client = &simulation->client[number];
	const struct reference_client *model = &simulation->reference->client[number];
	const struct reference_request *request = &simulation->reference->request[model->request];
	if (!client->tag)
		client->tag = request->in_dialog ? request->tag : simulation_new_tag(simulation, number);
	uint32_t status = choose_status(simulation, model->method == REFERENCE_INVITE), tag = client->tag;
	/* A proxy behind the peer has forked too. */
	if (!request->in_dialog && status > 100 && status < 300 && random_source_once_in(&simulation->random, 10))
		tag = simulation_new_tag(simulation, number);
	if (client->last_status && !is_pending(model) && !random_source_once_in(&simulation->random, 3)) {
		status = client->last_status;
		tag = client->last_tag;
	}
	if (status == 100 && !request->in_dialog)
		tag = REFERENCE_TAG_NONE;
	client->last_status = status;
	client->last_tag = tag;
	note(simulation, "%s answers %u to client %u, request %u, tag %u", simulation_peers[model->peer], status,
	     number, model->request, tag);
	peer_response_write(message, client->sent[model->method], status, tag, model->peer);
	uint32_t copies = choose_copies(simulation);
	for (uint32_t i = 0; i < copies; i++)
		reference_take_response(simulation->reference, number, model->method, status, tag);
	deliver(simulation, model->peer, message, copies);
}

static void report_unreachable(struct simulation *simulation)
{
	uint32_t number = choose_client(simulation);

	if (number == REFERENCE_NONE)
		return;
	const struct reference_client *model = &simulation->reference->client[number];
	note(simulation, "nobody is at %s: client %u, request %u", simulation_peers[model->peer], number,
	     model->request);
	reference_take_unreachable(simulation->reference, number);
	peer_send_unreachable(simulation->pipeline, model->peer, simulation->client[number].sent[model->method]);
	log_reasons(simulation);
	simulation_compare(simulation);
}

/* Of nobody who has seen the request: one letter of the branch is another. */
static void forge_response(struct simulation *simulation)
{
	static char message[PEER_TEXT_BYTES_MAX];
	uint32_t number = choose_client(simulation);

	if (number == REFERENCE_NONE)
		return;
	const struct reference_client *model = &simulation->reference->client[number];
	peer_response_write(message, simulation->client[number].sent[model->method],
			    choose_status(simulation, model->method == REFERENCE_INVITE),
			    simulation_new_tag(simulation, number), model->peer);
	char *branch = strstr(message, simulation->client[number].branch);
	must(branch);
	char *letter = branch + below(simulation, (uint32_t)strlen(simulation->client[number].branch));
	*letter = *letter == 'B' ? 'C' : 'B';
	note(simulation, "a forged response to client %u: %.40s instead of %s", number, branch,
	     simulation->client[number].branch);
	deliver(simulation, model->peer, message, 1);
}

static void respond_to_cancel(struct simulation *simulation)
{
	static char message[PEER_TEXT_BYTES_MAX];
	static const uint16_t statuses[] = {200, 200, 200, 481, 100, 500};
	uint32_t number = choose_client(simulation);

	if (number == REFERENCE_NONE || !simulation->client[number].sent[REFERENCE_CANCEL])
		return;
	uint32_t peer = simulation->reference->client[number].peer;
	uint32_t status = statuses[below(simulation, sizeof(statuses) / sizeof(statuses[0]))];
	note(simulation, "%s answers %u to the CANCEL of client %u", simulation_peers[peer], status, number);
	peer_response_write(message, simulation->client[number].sent[REFERENCE_CANCEL], status,
			    simulation_new_tag(simulation, number), peer);
	uint32_t copies = choose_copies(simulation);
	for (uint32_t i = 0; i < copies; i++)
		reference_take_response(simulation->reference, number, REFERENCE_CANCEL, status, REFERENCE_TAG_NONE);
	deliver(simulation, peer, message, copies);
}

/* ---- what next ---- */

static const struct {
	uint32_t weight;
	void (*act)(struct simulation *simulation);
} actions[] = {
	{8, begin_call},     {30, respond},	      {10, repeat_request},
	{7, cancel_request}, {8, acknowledge},	      {6, acknowledge_success},
	{8, send_in_dialog}, {8, respond_to_cancel},  {2, merge_request},
	{2, forge_response}, {2, report_unreachable}, {25, wait_some_time},
};

void simulation_act(struct simulation *simulation)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		sum += actions[i].weight;
	uint32_t choice = below(simulation, sum);
	for (uint32_t i = 0;; choice -= actions[i++].weight)
		if (choice < actions[i].weight) {
			actions[i].act(simulation);
			return;
		}
}
