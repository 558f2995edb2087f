#include "simulation.h"

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "must.h"
#include "sip_client.h"
#include "worker.h"

#define SEEN_MAX 512

struct seen {
	struct peer_message message;
	bool taken;
};

struct comparison {
	struct simulation *simulation;
	struct seen seen[SEEN_MAX];
	uint32_t seen_count;
};

static void print_output(FILE *to, const struct simulation *simulation, const struct reference_output *output)
{
	const struct peer_request *request = &simulation->request[output->request].text;

	fprintf(to, "%s %u to %s, of call %u cseq %u, client %d, tag %d%s", peer_method_name(output->method),
		output->status, simulation_peers[output->peer], request->call, request->cseq, (int)output->client,
		(int)output->tag, output->repeated ? ", again" : "");
}

static void print_seen(FILE *to, const struct peer_message *message)
{
	fprintf(to, "%s %u to %s, of call %u cseq %u, branch %s, tag %d", peer_method_name(message->method),
		message->status, simulation_peers[message->peer], message->call, message->cseq, message->branch,
		(int)message->tag);
}

void simulation_fail(struct simulation *simulation, const char *problem)
{
	char *text = NULL;
	size_t length = 0;

	fprintf(simulation->log, "\nAt tick %llu: %s\nSee it again: simulation --seed %llu --steps %u\n",
		(unsigned long long)simulation->reference->now, problem, (unsigned long long)simulation->seed,
		simulation->step);
	fflush(simulation->log);
	rewind(simulation->log);
	size_t capacity = 0;
	while (getline(&text, &capacity, simulation->log) >= 0)
		length += fwrite(text, 1, strlen(text), stderr);
	free(text);
	must(length > 0);
	fail_msg("seed %llu: %s", (unsigned long long)simulation->seed, problem);
}

static void take_all(struct comparison *comparison)
{
	static struct pipeline_message message;
	struct simulation *simulation = comparison->simulation;
	const char *problem;

	comparison->seen_count = 0;
	while (pipeline_take_any(simulation->pipeline, &message)) {
		must(comparison->seen_count < SEEN_MAX);
		struct seen *seen = &comparison->seen[comparison->seen_count++];
		char *text = strdup(message.text);
		must(text);
		seen->taken = false;
		if (!peer_message_read(&seen->message, &message.destination, text, &problem)) {
			fprintf(simulation->log, "%s\n", text);
			simulation_fail(simulation, problem);
		}
	}
}

static bool is_branch_known(const struct simulation *simulation, const char *branch)
{
	for (uint32_t i = 0; i < simulation->reference->client_count; i++)
		if (strcmp(simulation->client[i].branch, branch) == 0)
			return true;
	return false;
}

static bool is_branch_right(const struct simulation *simulation, const struct reference_output *output,
			    const char *branch)
{
	char expected[64];

	if (output->status) {
		peer_request_branch(expected, &simulation->request[output->request].text);
		return strcmp(branch, expected) == 0;
	}
	if (output->client != REFERENCE_NONE && simulation->client[output->client].branch[0])
		return strcmp(branch, simulation->client[output->client].branch) == 0;
	return strncmp(branch, "z9hG4bK", 7) == 0 && !is_branch_known(simulation, branch);
}

static bool has_value(const char *text, const char *name, const char *value)
{
	char found[1024];

	peer_header(found, sizeof(found), text, name);
	return strcmp(found, value) == 0;
}

/* `value` and the tag. */
static bool has_tagged_value(const char *text, const char *name, const char *value, uint32_t tag)
{
	char expected[1024];

	snprintf(expected, sizeof(expected), "%s;tag=tag-%u", value, tag);
	return has_value(text, name, expected);
}

static uint32_t count_vias(const char *text)
{
	char value[1024];
	uint32_t count = 0;

	while (sip_find_header(value, sizeof(value), text, "Via", count))
		count++;
	return count;
}

/* R24: each side sees its own From and To all along. */
static bool are_names_right(const struct simulation *simulation, const struct reference_output *output,
			    const char *text)
{
	const struct peer_request *request = &simulation->request[output->request].text;
	char to[1024];

	if (output->status) {
		peer_header(to, sizeof(to), text, "To");
		return has_tagged_value(text, "From", request->from, request->from_tag) &&
		       strncmp(to, request->to, strlen(request->to)) == 0;
	}
	if (output->client != REFERENCE_NONE && simulation->client[output->client].sent[request->method]) {
		const char *first = simulation->client[output->client].sent[request->method];
		peer_header(to, sizeof(to), first, "From");
		return has_value(text, "From", to);
	}
	for (uint32_t i = 0; i < simulation->dialog_count; i++) {
		const struct simulation_dialog *dialog = &simulation->dialog[i];
		uint32_t side = request->from_tag == dialog->side[0].tag; /* that gets it */
		if (dialog->call == request->call && dialog->side[side].tag == output->tag &&
		    dialog->side[!side].tag == request->from_tag)
			return has_value(text, "From", dialog->side[side].to) &&
			       has_tagged_value(text, "To", dialog->side[side].from, output->tag);
	}
	return !simulation->reference->request[output->request].in_dialog;
}

/* What we make ourselves has our Via alone; what we pass has the sender's below it. */
static void check_text(struct simulation *simulation, const struct reference_output *output, const char *text)
{
	bool is_passed = output->status == 0 && output->method != REFERENCE_CANCEL &&
			 (output->method != REFERENCE_ACK || output->client == REFERENCE_NONE);
	const char *problem = NULL;

	if (!are_names_right(simulation, output, text))
		problem = "From and To are not those that the other side knows";
	else if (count_vias(text) != (is_passed ? 2 : 1))
		problem = "too many Vias, or too few";
	if (!problem)
		return;
	fprintf(simulation->log, "%s\n", text);
	simulation_fail(simulation, problem);
}

static struct seen *find_seen(struct comparison *comparison, const struct reference_output *output)
{
	const struct simulation *simulation = comparison->simulation;
	const struct peer_request *request = &simulation->request[output->request].text;

	for (uint32_t i = 0; i < comparison->seen_count; i++) {
		struct seen *seen = &comparison->seen[i];
		const struct peer_message *message = &seen->message;
		if (!seen->taken && message->peer == output->peer && message->status == output->status &&
		    message->method == output->method && message->call == request->call &&
		    message->cseq == request->cseq && message->tag == output->tag &&
		    is_branch_right(simulation, output, message->branch))
			return seen;
	}
	return NULL;
}

/* A message that the model says is sent again has the bytes of the first one. */
static void check_repeated(struct simulation *simulation, const struct reference_output *output, const char *before,
			   const char *text)
{
	if (!output->repeated || (before && strcmp(before, text) == 0))
		return;
	fprintf(simulation->log, "first:\n%s\nthen:\n%s\n", before ? before : "nothing", text);
	simulation_fail(simulation, "what is sent again is not the same");
}

static void keep_request(struct simulation *simulation, const struct reference_output *output,
			 const struct peer_message *message)
{
	if (output->client == REFERENCE_NONE)
		return;
	struct simulation_client *client = &simulation->client[output->client];
	char **sent = &client->sent[output->method];
	check_repeated(simulation, output, *sent, message->text);
	memcpy(client->branch, message->branch, sizeof(client->branch));
	free(*sent);
	*sent = strdup(message->text);
	must(*sent);
}

/* The callee's side of a dialog is made of the INVITE that it has got. */
static void add_dialog(struct simulation *simulation, const struct reference_output *output, const char *success)
{
	const struct peer_request *request = &simulation->request[output->request].text;
	uint32_t client = simulation->client_of_tag[output->tag];
	const char *invite = simulation->client[client].sent[REFERENCE_INVITE];
	char text[512];

	must(simulation->dialog_count < SIMULATION_DIALOGS_MAX);
	struct simulation_dialog *dialog = &simulation->dialog[simulation->dialog_count++];
	*dialog = (struct simulation_dialog){.call = request->call};
	for (uint32_t i = 0; i < 2; i++) {
		peer_header(dialog->side[i].route, sizeof(dialog->side[i].route), i ? invite : success, "Record-Route");
		peer_header(text, sizeof(text), i ? invite : success, "Contact");
		must(sscanf(text, "<%255[^>]>", dialog->side[i].uri) == 1);
	}
	dialog->side[0].peer = request->sender;
	dialog->side[0].tag = request->from_tag;
	memcpy(dialog->side[0].from, request->from, sizeof(dialog->side[0].from));
	peer_header(dialog->side[0].to, sizeof(dialog->side[0].to), success, "To");
	dialog->side[1].peer = simulation->reference->client[client].peer;
	dialog->side[1].tag = output->tag;
	peer_header(dialog->side[1].from, sizeof(dialog->side[1].from), invite, "To");
	peer_header(dialog->side[1].to, sizeof(dialog->side[1].to), invite, "From");
}

static uint32_t find_dialog(const struct simulation *simulation, uint32_t call, uint32_t tag)
{
	for (uint32_t i = 0; i < simulation->dialog_count; i++)
		if (simulation->dialog[i].call == call &&
		    (simulation->dialog[i].side[0].tag == tag || simulation->dialog[i].side[1].tag == tag))
			return i;
	return REFERENCE_NONE;
}

static void keep_success(struct simulation *simulation, const struct reference_output *output, const char *text)
{
	uint32_t call = simulation->request[output->request].text.call;

	for (uint32_t i = 0; i < simulation->success_count; i++)
		if (simulation->success[i].request == output->request && simulation->success[i].tag == output->tag)
			return;
	if (find_dialog(simulation, call, output->tag) == REFERENCE_NONE)
		add_dialog(simulation, output, text);
	must(simulation->success_count < SIMULATION_SUCCESSES_MAX);
	struct simulation_success *success = &simulation->success[simulation->success_count++];
	*success = (struct simulation_success){
		.request = output->request, .tag = output->tag, .dialog = find_dialog(simulation, call, output->tag)};
	peer_header(success->to, sizeof(success->to), text, "To");
}

static void keep_response(struct simulation *simulation, const struct reference_output *output, const char *text)
{
	struct simulation_request *request = &simulation->request[output->request];

	if (output->method == REFERENCE_CANCEL)
		return;
	if (output->status >= 200 && output->status < 300 && output->method == REFERENCE_INVITE) {
		keep_success(simulation, output, text);
		return;
	}
	check_repeated(simulation, output, request->stored_status == output->status ? request->stored : NULL, text);
	free(request->stored);
	request->stored = strdup(text);
	must(request->stored);
	request->stored_status = output->status;
	if (output->status >= 300)
		peer_header(request->final_to, sizeof(request->final_to), text, "To");
}

static void count(struct simulation_tally *tally, const struct reference_output *output)
{
	tally->outputs++;
	tally->repeated += output->repeated;
	if (output->status)
		tally->responses[output->status / 100]++;
	else
		tally->requests[output->method]++;
}

static void compare_output(struct comparison *comparison, const struct reference_output *output)
{
	struct simulation *simulation = comparison->simulation;
	struct seen *seen = find_seen(comparison, output);

	fprintf(simulation->log, "%10llu    -> ", (unsigned long long)output->tick);
	print_output(simulation->log, simulation, output);
	fprintf(simulation->log, "\n");
	if (!seen) {
		for (uint32_t i = 0; i < comparison->seen_count; i++)
			if (!comparison->seen[i].taken)
				fprintf(simulation->log, "%s\n", comparison->seen[i].message.text);
		simulation_fail(simulation, "the router did not send that");
		return;
	}
	seen->taken = true;
	check_text(simulation, output, seen->message.text);
	count(simulation->tally, output);
	if (output->status)
		keep_response(simulation, output, seen->message.text);
	else
		keep_request(simulation, output, &seen->message);
}

/* Ends that say nothing are to the tick too. */
static void compare_live(struct simulation *simulation)
{
	uint32_t count = 0, worker_count = pipeline_dataplane(simulation->pipeline)->worker_count;

	for (uint32_t i = 0; i < worker_count; i++)
		count += pipeline_worker(simulation->pipeline, i)->transactions.used_count;
	if (count == reference_count_live(simulation->reference))
		return;
	fprintf(simulation->log, "%u transactions, and not %u\n", count, reference_count_live(simulation->reference));
	simulation_fail(simulation, "a transaction has ended too early, or has not ended");
}

void simulation_compare(struct simulation *simulation)
{
	static struct comparison comparison;
	struct reference *reference = simulation->reference;

	comparison.simulation = simulation;
	take_all(&comparison);
	for (uint32_t i = 0; i < reference->output_count; i++)
		compare_output(&comparison, &reference->output[i]);
	reference->output_count = 0;
	for (uint32_t i = 0; i < comparison.seen_count; i++) {
		if (!comparison.seen[i].taken) {
			fprintf(simulation->log, "%10llu    => ", (unsigned long long)reference->now);
			print_seen(simulation->log, &comparison.seen[i].message);
			fprintf(simulation->log, "\n%s\n", comparison.seen[i].message.text);
			simulation_fail(simulation, "the router sent what the model does not");
		}
		free((char *)(uintptr_t)comparison.seen[i].message.text);
	}
	compare_live(simulation);
}
