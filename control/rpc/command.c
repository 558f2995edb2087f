#include "command.h"

#include "directory.h"
#include "inquirer.h"
#include "json_text.h"
#include "model.h"
#include "provision.h"
#include "router.h"

const struct rpc_method command_methods[CTL_COMMAND_COUNT] = {
#define CTL_COMMAND(name, access, show, function, synopsis, help)                                                      \
	[CTL_COMMAND_##name] = {#name, CTL_ACCESS_##access == CTL_ACCESS_READ, function},
#include "ctl_commands.def"
#undef CTL_COMMAND
};

bool command_params_fit(const char *method, const json_t *params, char *error)
{
	const struct ctl_command *command = ctl_commands_find(method);
	return command && ctl_commands_params_fit(command, params, error);
}

/* "none" is not shown: it never stays. */
const char *const command_verdict_names[VERDICT_COUNT] = {
	[VERDICT_NONE] = "none",   [VERDICT_FORWARD] = "forwarded", [VERDICT_ANSWER] = "answered",
	[VERDICT_PUNT] = "punted", [VERDICT_DROP] = "dropped",	    [VERDICT_ABSORB] = "absorbed",
};

const struct company *command_find_company(struct rpc_call *call, const struct directory *directory, const char *name)
{
	struct span wanted = span_of_text(name);

	for (uint32_t i = 0; i < directory->company_count; i++)
		if (span_equals(directory->company[i]->name, wanted))
			return directory->company[i];
	rpc_call_refuse(call, CTL_ERROR_NOT_FOUND, NULL, "there is no company \"%s\": `amityctl companies` lists all",
			name);
	return NULL;
}

bool command_choose_companies(struct rpc_call *call, const struct router *router, const struct model_company **first,
			      uint32_t *count)
{
	const struct model *model = provision_model(router->provision);
	const char *name = rpc_call_text(call, "company");

	*first = name ? model_find_company(model, span_of_text(name)) : model_companies(model);
	*count = name ? 1 : model->companies.count;
	if (*first || !name)
		return true;
	rpc_call_refuse(call, CTL_ERROR_NOT_FOUND, NULL,
			"there is no company \"%.64s\": `amityctl companies` lists all", name);
	return false;
}

json_t *command_text(const struct model_text *text)
{
	return text->text ? json_text_make(model_span(text)) : json_null();
}

json_t *command_texts(const struct model_texts *texts)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < texts->count; i++)
		json_array_append_new(list, command_text(&texts->item[i]));
	return list;
}

json_t *command_problems(const struct problem_list *problems)
{
	return json_pack("{s:o*, s:i}", "problems", problem_list_to_json(problems), "omitted", (int)problems->omitted);
}

bool command_refuse_missing(struct rpc_call *call, const struct router *router, const struct inquiry_answers *answers)
{
	if (answers->missing == 0)
		return false;
	if (router->stopping)
		rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL, "the router is stopping");
	else
		rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL,
				"%u lcore(s) did not answer in time, the first is worker %u: `amityctl status` shows "
				"whether it receives",
				answers->missing, answers->first_missing);
	return true;
}

struct call_counts command_sum_counts(const struct inquiry_answers *answers)
{
	struct call_counts sum = {0};

	for (uint32_t i = 0; i < LCORES_MAX; i++) {
		const struct inquiry *answer = answers->answer[i];
		sum.trying += answer ? answer->counts.trying : 0;
		sum.ringing += answer ? answer->counts.ringing : 0;
		sum.answered += answer ? answer->counts.answered : 0;
		sum.capacity += answer ? answer->counts.capacity : 0;
		sum.transactions += answer ? answer->counts.transactions : 0;
		sum.transactions_max += answer ? answer->counts.transactions_max : 0;
	}
	return sum;
}

void command_stop(struct rpc_call *call, void *context)
{
	rpc_call_result(call, json_pack("{s:s}", "state", "stopping"));
	router_request_stop(context);
}
