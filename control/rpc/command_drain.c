#include "command.h"

#include <stdlib.h>

#include "inquirer.h"
#include "json_memory.h"
#include "router.h"
#include "router_calls.h"

#define LOOK_AGAIN_MS 1000

/* A question that waits for the lcores' counts. */
struct counting {
	struct rpc_call *call;
	struct router *router;
};

static void answer(struct rpc_call *call, const struct router *router, const struct call_counts *counts)
{
	uint32_t live = counts->trying + counts->ringing + counts->answered;
	bool follows = rpc_call_flag(call, "wait") || rpc_call_flag(call, "watch");

	json_memory_clear();
	json_t *result =
		json_pack("{s:b, s:i, s:i, s:i}", "draining", router_calls_are_draining(router), "calls", (int)live,
			  "answered", (int)counts->answered, "unanswered", (int)(counts->trying + counts->ringing));
	if (follows && live > 0) {
		json_object_set_new(result, "next", json_pack("{s:b}", "watch", 1));
		json_object_set_new(result, "next_ms", json_integer(LOOK_AGAIN_MS));
	}
	rpc_call_result(call, result);
}

static void on_counts(void *argument, const struct inquiry_answers *answers)
{
	struct counting *counting = argument;

	if (!command_refuse_missing(counting->call, counting->router, answers)) {
		const struct call_counts counts = command_sum_counts(answers);
		answer(counting->call, counting->router, &counts);
	}
	free(counting);
}

static void count(struct rpc_call *call, struct router *router)
{
	const struct inquiry question = {.kind = INQUIRY_COUNT};
	struct counting *counting = malloc(sizeof(*counting));

	if (counting) {
		*counting = (struct counting){call, router};
		if (inquirer_ask(router->inquirer, INQUIRER_ALL, &question, on_counts, counting) == STATUS_OK)
			return;
		free(counting);
	}
	rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory: new calls are %s",
			router_calls_are_draining(router) ? "refused" : "taken");
}

void command_drain(struct rpc_call *call, void *context)
{
	struct router *router = context;
	bool ends = rpc_call_flag(call, "end"), watches = rpc_call_flag(call, "watch");

	if (ends + watches + rpc_call_flag(call, "wait") > 1) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "one of these at a time: drain %s",
				ctl_commands[CTL_COMMAND_drain].synopsis);
		return;
	}
	if (watches && !router_calls_are_draining(router)) {
		rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL,
				"new calls are taken: nobody drains this router, or somebody has ended it");
		return;
	}
	if (!watches)
		router_calls_set_draining(router, !ends);
	count(call, router);
}
