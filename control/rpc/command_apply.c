#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "log.h"
#include "provision.h"
#include "registrar.h"
#include "router.h"

/* An apply under way: the call is answered when its document is in force, or refused. */
struct applying {
	struct router *router;
	struct rpc_call *call;
};

static json_t *problems_details(const struct problem_list *problems)
{
	return json_pack("{s:o*, s:i}", "problems", problem_list_to_json(problems), "omitted", (int)problems->omitted);
}

static json_t *count_of(const struct apply_count *count)
{
	return json_pack("{s:i, s:i, s:i}", "added", (int)count->added, "changed", (int)count->changed, "removed",
			 (int)count->removed);
}

static json_t *result_of(const struct apply_result *result)
{
	json_t *changes = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "carriers", count_of(&result->carriers),
				    "companies", count_of(&result->companies), "users", count_of(&result->users),
				    "friends", count_of(&result->friends), "extensions", count_of(&result->extensions),
				    "ddis", count_of(&result->ddis), "call_acls", count_of(&result->call_acls));

	return json_pack("{s:I, s:b, s:o, s:i, s:I}", "revision", (json_int_t)result->revision, "dry_run",
			 result->dry_run, "changes", changes, "patterns_compiled", (int)result->patterns_compiled,
			 "wall_us", (json_int_t)result->wall_us);
}

static void on_applied(void *argument, const struct apply_result *result)
{
	struct applying *applying = argument;

	if (!result->accepted) {
		rpc_call_refuse(applying->call, CTL_ERROR_REFUSED, problems_details(result->problems),
				"refused: %u problem(s); nothing was changed, revision %llu stays in force",
				result->problems->count + result->problems->omitted,
				(unsigned long long)result->revision);
	} else {
		uint32_t dropped = result->dry_run ? 0 : registrar_drop_removed(applying->router->registrar);
		if (dropped)
			log_event(LOG_LEVEL_INFO, "registrations_dropped", "count=%u revision=%llu", dropped,
				  (unsigned long long)result->revision);
		rpc_call_result(applying->call, result_of(result));
	}
	free(applying);
}

void command_apply(struct rpc_call *call, void *context)
{
	struct router *router = context;
	const char *text = rpc_call_text(call, "text"), *file = rpc_call_text(call, "file");
	struct applying *applying = malloc(sizeof(*applying));

	if (!text || !applying) {
		free(applying);
		rpc_call_refuse(call, text ? CTL_ERROR_INTERNAL : CTL_ERROR_PARAMS, NULL,
				text ? "out of memory" : "\"text\", the document itself, is missing");
		return;
	}
	*applying = (struct applying){router, call};
	enum status status =
		rpc_call_flag(call, "dry-run")
			? provision_apply_dry(router->provision, span_of_text(text), file, on_applied, applying)
			: provision_apply(router->provision, span_of_text(text), file, on_applied, applying);
	if (!status)
		return;
	free(applying);
	rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL, "%s: %s", file,
			status == STATUS_BUSY ? "too many changes wait already: try again in a moment"
					      : status_text(status));
}

void command_apply_check(struct rpc_call *call, void *context)
{
	const char *text = rpc_call_text(call, "text"), *file = rpc_call_text(call, "file");
	struct problem_list problems = {0};

	(void)context;
	if (!text) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "\"text\", the document itself, is missing");
		return;
	}
	if (provision_check(span_of_text(text), file, &problems))
		rpc_call_refuse(call, CTL_ERROR_REFUSED, problems_details(&problems), "%s: %u problem(s)", file,
				problems.count + problems.omitted);
	else
		rpc_call_result(call, json_pack("{s:s, s:b}", "file", file, "valid", 1));
	problem_list_free(&problems);
}

void command_apply_export(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	const char *company = rpc_call_text(call, "company");
	char *text = NULL;
	enum status status = provision_export(router->provision, company, &text);

	if (status == STATUS_NOT_FOUND)
		rpc_call_refuse(call, CTL_ERROR_NOT_FOUND, NULL,
				"there is no company \"%s\": `amityctl companies` lists all", company ? company : "");
	else if (status)
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "the provisioning cannot be written: %s",
				status_text(status));
	else
		rpc_call_result(call,
				json_pack("{s:I, s:o}", "revision", (json_int_t)provision_revision(router->provision),
					  "text", json_text_make(span_of_text(text))));
	free(text);
}
