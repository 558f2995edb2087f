/*
 * command.h - what amityd does for each row of ctl_commands.def. The context of every function is the struct router.
 */
#ifndef AMITY_COMMAND_H
#define AMITY_COMMAND_H

#include "ctl_commands.h"
#include "inquiry.h"
#include "rpc.h"
#include "verdict.h"

struct company;
struct directory;
struct inquiry_answers;
struct model_company;
struct model_text;
struct model_texts;
struct router;

/* One a row, in their order. */
extern const struct rpc_method command_methods[CTL_COMMAND_COUNT];

/* Do "params" fit the synopsis of the row? For struct rpc_server_options. */
bool command_params_fit(const char *method, const json_t *params, char *error);

/* "forwarded" and so on; in the order of enum verdict. */
extern const char *const command_verdict_names[VERDICT_COUNT];

/* Result: NULL and the call refused when there is none of that name. */
const struct company *command_find_company(struct rpc_call *call, const struct directory *directory, const char *name);

/*
 * The companies, as provisioned, that a command looks at: the one of --company, or all. Result: false and the call
 * refused when there is none of that name.
 */
bool command_choose_companies(struct rpc_call *call, const struct router *router, const struct model_company **first,
			      uint32_t *count);

/* What was provisioned. Result: null when it was not; NULL when memory ends. */
json_t *command_text(const struct model_text *text);
json_t *command_texts(const struct model_texts *texts);

/* The details of a refusal: {"problems", "omitted"}. Result: NULL when memory ends. */
json_t *command_problems(const struct problem_list *problems);

/* Result: true and the call refused when an lcore did not answer. */
bool command_refuse_missing(struct rpc_call *call, const struct router *router, const struct inquiry_answers *answers);

/* Of the lcores that answered INQUIRY_COUNT. */
struct call_counts command_sum_counts(const struct inquiry_answers *answers);

/* `friends` without a name: the list. */
rpc_method_fn command_list_friends;

#define CTL_COMMAND(name, access, show, function, synopsis, help) rpc_method_fn function;
#include "ctl_commands.def"
#undef CTL_COMMAND

#endif
