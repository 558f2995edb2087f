#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_memory.h"
#include "json_text.h"
#include "log.h"
#include "provision.h"
#include "registrar.h"
#include "router.h"

#define ORIGIN_BYTES 64

/* A request under way: the call is answered when its document is in force, or refused. */
struct applying {
	struct router *router;
	struct rpc_call *call;
};

/* ---- answers ---- */

static json_t *counts_of(const struct model_changes *changes)
{
	json_t *counts = json_object();
	for (size_t i = 0; i < MODEL_KIND_COUNT && counts; i++) {
		const struct model_change_count *count = &changes->count[i];
		json_object_set_new(counts, model_compare_kinds[i].plural,
				    json_pack("{s:i, s:i, s:i}", "added", (int)count->added, "changed",
					      (int)count->changed, "removed", (int)count->removed));
	}
	return counts;
}

static json_t *result_of(const struct apply_result *result)
{
	json_t *object = json_pack("{s:I, s:b, s:b, s:o, s:O, s:i}", "revision", (json_int_t)result->revision,
				   "dry_run", result->action != PROVISION_APPLY, "same", result->is_same, "changes",
				   counts_of(&result->changes), "changed", result->changes.listed, "omitted",
				   (int)result->changes.omitted);
	if (object && result->restored)
		json_object_set_new(object, "document_of", json_integer((json_int_t)result->restored));
	if (object && result->action != PROVISION_DIFF) {
		json_object_set_new(object, "patterns_compiled", json_integer(result->patterns_compiled));
		json_object_set_new(object, "patterns_loaded", json_integer(result->patterns_loaded));
		json_object_set_new(object, "wall_us", json_integer((json_int_t)result->wall_us));
		json_object_set_new(object, "compile_us", json_integer((json_int_t)result->compile_us));
		json_object_set_new(object, "store_us", json_integer((json_int_t)result->store_us));
	}
	return object;
}

/* A document that is right: with --strict only when nothing is to be said about it. */
static void answer_check(struct rpc_call *call, const struct lint_report *lints)
{
	const char *file = rpc_call_text(call, "file");
	uint32_t total = lint_report_total(lints);
	json_t *object = json_pack("{s:s*, s:b}", "file", file, "valid", 1);

	if (object && !lint_report_to_json(object, lints, file)) {
		json_decref(object);
		object = NULL;
	}
	if (object && total > 0 && rpc_call_flag(call, "strict"))
		rpc_call_refuse(call, CTL_ERROR_REFUSED, object, "valid, but %u warning(s), which --strict refuses",
				total);
	else
		rpc_call_result(call, object);
}

static void on_done(void *argument, const struct apply_result *result)
{
	struct applying *applying = argument;
	bool is_new = result->accepted && result->action == PROVISION_APPLY && !result->is_same;
	uint32_t dropped =
		is_new ? registrar_drop(applying->router->registrar, result->removed.aor_keys, result->removed.count)
		       : 0;

	if (dropped)
		log_event(LOG_LEVEL_INFO, "registrations_dropped", "count=%u revision=%llu", dropped,
			  (unsigned long long)result->revision);
	/* Others were answered since the request was read. */
	json_memory_clear();
	if (result->accepted && result->action == PROVISION_CHECK)
		answer_check(applying->call, result->lints);
	else if (result->accepted)
		rpc_call_result(applying->call, result_of(result));
	else if (result->action == PROVISION_CHECK)
		rpc_call_refuse(applying->call, CTL_ERROR_REFUSED, command_problems(result->problems),
				"not valid: %u problem(s)", result->problems->count + result->problems->omitted);
	else
		rpc_call_refuse(applying->call, CTL_ERROR_REFUSED, command_problems(result->problems),
				"refused: %u problem(s); nothing was changed, revision %llu stays in force",
				result->problems->count + result->problems->omitted,
				(unsigned long long)result->revision);
	free(applying);
}

/* ---- requests ---- */

static void submit(struct rpc_call *call, struct router *router, struct provision_request *request)
{
	struct applying *applying = malloc(sizeof(*applying));
	struct rpc_peer peer = rpc_call_peer(call);
	char origin[ORIGIN_BYTES];

	if (!applying) {
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
		return;
	}
	*applying = (struct applying){router, call};
	snprintf(origin, sizeof(origin), "uid %u, pid %d", peer.uid, peer.pid);
	request->origin = origin;
	enum status status = provision_submit(router->provision, request, on_done, applying);
	if (!status)
		return;
	free(applying);
	rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL, "%s%s%s", request->file_name ? request->file_name : "",
			request->file_name ? ": " : "",
			status == STATUS_BUSY ? "too many changes wait already: try again in a moment"
					      : status_text(status));
}

/* The document that comes along. Result: false and the call refused when none does. */
static bool take_text(struct rpc_call *call, struct provision_request *request)
{
	const char *text = rpc_call_text(call, "text");

	if (!text) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "\"text\", the document itself, is missing");
		return false;
	}
	request->text = span_of_text(text);
	request->file_name = rpc_call_text(call, "file");
	return true;
}

/* The number in parameter `name`; absent: *revision stays. Result: false and the call refused when it is none. */
static bool take_revision(struct rpc_call *call, const char *name, uint64_t *revision)
{
	const char *text = rpc_call_text(call, name);
	char *end;

	if (!text)
		return true;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || number == 0 || number > INT64_MAX) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL,
				"\"%.32s\" is no number of a revision: `amityctl history` lists them", text);
		return false;
	}
	*revision = number;
	return true;
}

void command_apply(struct rpc_call *call, void *context)
{
	struct provision_request request = {.action = rpc_call_flag(call, "dry-run") ? PROVISION_DRY_RUN
										     : PROVISION_APPLY,
					    .company = rpc_call_text(call, "company")};
	if (take_text(call, &request))
		submit(call, context, &request);
}

void command_apply_check(struct rpc_call *call, void *context)
{
	struct provision_request request = {.action = PROVISION_CHECK};

	if (take_text(call, &request))
		submit(call, context, &request);
}

void command_apply_diff(struct rpc_call *call, void *context)
{
	struct provision_request request = {.action = PROVISION_DIFF};
	bool has_file = rpc_call_text(call, "file"), has_revision = rpc_call_text(call, "revision");

	if (has_file == has_revision)
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "diff compares with one thing: a FILE, or --revision N");
	else if (has_file ? take_text(call, &request) : take_revision(call, "revision", &request.revision))
		submit(call, context, &request);
}

void command_apply_rollback(struct rpc_call *call, void *context)
{
	struct provision_request request = {.action = rpc_call_flag(call, "dry-run") ? PROVISION_DRY_RUN
										     : PROVISION_APPLY};
	if (take_revision(call, "n", &request.revision))
		submit(call, context, &request);
}

/* ---- export ---- */

static void answer_export(struct rpc_call *call, uint64_t revision, const char *text)
{
	rpc_call_result(call, json_pack("{s:I, s:o}", "revision", (json_int_t)revision, "text",
					json_text_make(span_of_text(text))));
}

static void export_revision(struct rpc_call *call, const struct router *router)
{
	struct problem_list problems = {0};
	uint64_t revision = 0;
	char *text = NULL;

	if (!take_revision(call, "revision", &revision))
		return;
	enum status status = provision_history_text(router->provision, revision, &text, &problems);
	if (status == STATUS_OK)
		answer_export(call, revision, text);
	else
		rpc_call_refuse(call, status == STATUS_NOT_FOUND ? CTL_ERROR_NOT_FOUND : CTL_ERROR_INTERNAL,
				command_problems(&problems), "revision %llu cannot be exported: %s",
				(unsigned long long)revision, status_text(status));
	problem_list_free(&problems);
	free(text);
}

void command_apply_export(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	const char *company = rpc_call_text(call, "company");
	char *text = NULL;

	if (company && rpc_call_text(call, "revision")) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "a revision is exported as a whole: leave --company out");
		return;
	}
	if (rpc_call_text(call, "revision")) {
		export_revision(call, router);
		return;
	}
	enum status status = provision_export(router->provision, company, &text);
	if (status == STATUS_NOT_FOUND)
		rpc_call_refuse(call, CTL_ERROR_NOT_FOUND, NULL,
				"there is no company \"%s\": `amityctl companies` lists all", company ? company : "");
	else if (status)
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "the provisioning cannot be written: %s",
				status_text(status));
	else
		answer_export(call, provision_revision(router->provision), text);
	free(text);
}
