#include "command.h"

#include <stdlib.h>

#include "friend_recipe.h"
#include "friend_show.h"
#include "friend_view.h"
#include "inquirer.h"
#include "json_memory.h"
#include "router.h"

#define RECORDS_MAX 1000 /* of an inquiry: the control thread counts them in a millisecond */

/* `friends show` while the lcores are asked for the friend's calls. */
struct friend_asking {
	struct rpc_call *call;
	const struct router *router;
	struct friend_show_calls calls;
	uint64_t company_id;
	uint32_t worker; /* whose turn it is */
	uint32_t cursor;
};

/* ---- show ---- */

static void answer_show(struct friend_asking *asking)
{
	struct friend_view view;
	struct rpc_call *call = asking->call;

	json_memory_clear();
	/* A change may have come while the lcores were asked. */
	if (friend_view_open(&view, call, asking->router, rpc_call_text(call, "show")))
		rpc_call_result(call, friend_show_make(&view, &asking->calls, !rpc_call_is_read_only(call)));
	free(asking);
}

static bool is_about(const struct call_record *record, enum call_text_kind kind, const char *name)
{
	struct call_text part = record->part[kind];
	return span_equals(span_make(record->text + part.offset, part.length), span_of_text(name));
}

static void count_records(struct friend_asking *asking, const struct inquiry *answer)
{
	const char *name = rpc_call_text(asking->call, "show");

	for (uint32_t i = 0; i < answer->count; i++) {
		const struct call_record *record = (const struct call_record *)answer->output + i;
		asking->calls.from_it += record->company_id == asking->company_id &&
					 record->caller_kind == CALL_PARTY_FRIEND &&
					 is_about(record, CALL_TEXT_CALLER, name);
		asking->calls.to_it += record->target_company_id == asking->company_id &&
				       record->target_kind == CALL_PARTY_FRIEND &&
				       is_about(record, CALL_TEXT_TARGET, name);
	}
}

static void on_page(void *argument, const struct inquiry_answers *answers);

static void ask_page(struct friend_asking *asking)
{
	const struct inquiry question = {.kind = INQUIRY_CALLS,
					 .company_id = asking->company_id,
					 .cursor = asking->cursor,
					 .capacity = RECORDS_MAX};

	if (inquirer_ask(asking->router->inquirer, asking->worker, &question, on_page, asking) == STATUS_OK)
		return;
	rpc_call_refuse(asking->call, CTL_ERROR_INTERNAL, NULL, "out of memory");
	free(asking);
}

static void on_page(void *argument, const struct inquiry_answers *answers)
{
	struct friend_asking *asking = argument;
	const struct inquiry *answer = answers->answer[asking->worker];

	/* An lcore that does not answer leaves the rest worth showing. */
	if (!answer) {
		answer_show(asking);
		return;
	}
	count_records(asking, answer);
	asking->cursor = answer->cursor;
	if (asking->cursor == INQUIRY_CURSOR_END) {
		asking->worker++;
		asking->cursor = 0;
	}
	asking->calls.is_known = asking->worker >= asking->router->dataplane->worker_count;
	if (asking->calls.is_known)
		answer_show(asking);
	else
		ask_page(asking);
}

static void show_friend(struct rpc_call *call, const struct router *router)
{
	struct friend_view view;

	if (!friend_view_open(&view, call, router, rpc_call_text(call, "show")))
		return;
	struct friend_asking *asking = calloc(1, sizeof(*asking));
	if (!asking) {
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
		return;
	}
	*asking = (struct friend_asking){.call = call, .router = router, .company_id = view.live->id};
	ask_page(asking);
}

/* ---- recipe ---- */

/* Result: RECIPE_COUNT after the call was refused. */
static enum recipe_kind read_kind(struct rpc_call *call)
{
	const char *name = rpc_call_text(call, "for");
	enum recipe_kind kind = name ? recipe_find_kind(name) : RECIPE_COUNT;
	char known[CTL_ERROR_BYTES_MAX] = "";

	for (enum recipe_kind i = 0; kind == RECIPE_COUNT && i < RECIPE_COUNT; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", i ? ", " : "",
			 recipe_kind_name(i));
	if (!name)
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "--for is missing: one of %s", known);
	else if (kind == RECIPE_COUNT)
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "there is no recipe for \"%.64s\": --for is one of %s",
				name, known);
	return kind;
}

static void write_recipe(struct rpc_call *call, const struct router *router)
{
	char why[RECIPE_WHY_BYTES];
	struct friend_view view;

	/* It holds the password. */
	if (rpc_call_is_read_only(call)) {
		rpc_call_refuse_read_only(call, "\"friends recipe\" shows the password of the friend");
		return;
	}
	enum recipe_kind kind = read_kind(call);
	if (kind == RECIPE_COUNT || !friend_view_open(&view, call, router, rpc_call_text(call, "recipe")))
		return;
	json_t *made = friend_recipe_make(&view, kind, rpc_call_text(call, "address"), why);
	if (made || !*why)
		rpc_call_result(call, made);
	else
		rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL, "%s", why);
}

void command_friends(struct rpc_call *call, void *context)
{
	bool is_show = rpc_call_text(call, "show"), is_recipe = rpc_call_text(call, "recipe");
	bool has_recipe_words = rpc_call_text(call, "for") || rpc_call_text(call, "address");

	if ((is_show && is_recipe) || (has_recipe_words && !is_recipe))
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "%s: friends %s",
				is_recipe ? "one of these at a time" : "--for and --address belong to a recipe",
				ctl_commands[CTL_COMMAND_friends].synopsis);
	else if (is_show)
		show_friend(call, context);
	else if (is_recipe)
		write_recipe(call, context);
	else
		command_list_friends(call, context);
}
