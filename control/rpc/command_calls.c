#include "command.h"

#include <errno.h>
#include <stdlib.h>

#include "call_json.h"
#include "inquirer.h"
#include "json_memory.h"
#include "json_text.h"
#include "provision.h"
#include "router.h"
#include "tsc_clock.h"

#define ROWS_MAX    1000 /* of an answer: some milliseconds of the control thread; the rest comes when it is asked for */
#define RECORDS_MAX 16	 /* calls of one Call-ID on an lcore */

/* A question about calls under way. */
struct calls_asking {
	struct rpc_call *call;
	const struct router *router;
	json_t *rows;	/* of the list */
	bool was_short; /* memory ended while rows were made */
	uint64_t company_id;
	uint32_t worker; /* of the list: whose turn it is */
	uint32_t cursor;
};

static struct call_json_view view_of(const struct router *router)
{
	return (struct call_json_view){router->config->node.id, tsc_clock_unix_ms()};
}

static void asking_free(struct calls_asking *asking)
{
	json_decref(asking->rows);
	free(asking);
}

/* Result: NULL when the call was refused. */
static struct calls_asking *asking_make(struct rpc_call *call, const struct router *router)
{
	struct calls_asking *asking = calloc(1, sizeof(*asking));

	if (asking) {
		*asking = (struct calls_asking){.call = call, .router = router};
		return asking;
	}
	rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
	return NULL;
}

static void ask(struct calls_asking *asking, uint32_t worker, const struct inquiry *question, inquirer_done_fn *done)
{
	if (inquirer_ask(asking->router->inquirer, worker, question, done, asking) == STATUS_OK)
		return;
	rpc_call_refuse(asking->call, CTL_ERROR_INTERNAL, NULL, "out of memory");
	asking_free(asking);
}

/* ---- the list ---- */

/* "1:4096" -> worker and cursor. Result: false and the call refused when it is no such thing. */
static bool read_position(struct calls_asking *asking)
{
	const char *text = rpc_call_text(asking->call, "after");
	unsigned long worker = 0, cursor = 0;
	int end = 0;

	if (!text)
		return true;
	errno = 0;
	if (sscanf(text, "%lu:%lu%n", &worker, &cursor, &end) != 2 || text[end] || errno ||
	    worker >= asking->router->dataplane->worker_count || cursor >= INQUIRY_CURSOR_END) {
		rpc_call_refuse(asking->call, CTL_ERROR_PARAMS, NULL,
				"\"%.32s\" is no position that an answer of `calls` gave", text);
		return false;
	}
	asking->worker = (uint32_t)worker;
	asking->cursor = (uint32_t)cursor;
	return true;
}

/* What to ask next, for who wants all of them. */
static json_t *next_of(const struct calls_asking *asking)
{
	char position[32];

	snprintf(position, sizeof(position), "%u:%u", asking->worker, asking->cursor);
	return json_pack("{s:s, s:s*}", "after", position, "company", rpc_call_text(asking->call, "company"));
}

static void answer_list(struct calls_asking *asking)
{
	json_memory_clear();
	if (asking->was_short)
		json_memory_note_shortage();
	json_t *result = json_pack("{s:O}", "calls", asking->rows);
	if (asking->worker < asking->router->dataplane->worker_count)
		json_object_set_new(result, "next", next_of(asking));
	rpc_call_result(asking->call, result);
	asking_free(asking);
}

static void add_rows(struct calls_asking *asking, const struct inquiry *answer)
{
	const struct call_json_view view = view_of(asking->router);

	json_memory_clear();
	for (uint32_t i = 0; i < answer->count; i++)
		json_array_append_new(asking->rows,
				      call_json_row((const struct call_record *)answer->output + i, &view));
	asking->was_short |= json_memory_was_short();
}

static void on_page(void *argument, const struct inquiry_answers *answers);

static void ask_page(struct calls_asking *asking)
{
	const struct inquiry question = {
		.kind = INQUIRY_CALLS,
		.company_id = asking->company_id,
		.cursor = asking->cursor,
		.capacity = ROWS_MAX - (uint32_t)json_array_size(asking->rows),
	};
	ask(asking, asking->worker, &question, on_page);
}

static void on_page(void *argument, const struct inquiry_answers *answers)
{
	struct calls_asking *asking = argument;
	const struct inquiry *answer = answers->answer[asking->worker];

	if (command_refuse_missing(asking->call, asking->router, answers)) {
		asking_free(asking);
		return;
	}
	add_rows(asking, answer);
	asking->cursor = answer->cursor;
	if (asking->cursor == INQUIRY_CURSOR_END) {
		asking->worker++;
		asking->cursor = 0;
	}
	if (json_array_size(asking->rows) < ROWS_MAX && !asking->was_short &&
	    asking->worker < asking->router->dataplane->worker_count)
		ask_page(asking);
	else
		answer_list(asking);
}

static void list_calls(struct rpc_call *call, const struct router *router)
{
	const char *name = rpc_call_text(call, "company");
	const struct company *company = NULL;

	if (name && !(company = command_find_company(call, provision_directory(router->provision), name)))
		return;
	struct calls_asking *asking = asking_make(call, router);
	if (!asking)
		return;
	asking->company_id = company ? company->id : 0;
	asking->rows = json_array();
	if (asking->rows && read_position(asking)) {
		ask_page(asking);
		return;
	}
	if (!asking->rows)
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
	asking_free(asking);
}

/* ---- one call ---- */

static json_t *record_with_state(const struct call_record *record, const struct call_json_view *view)
{
	json_t *object = call_json_record(record, view);

	json_object_set_new(object, "state", json_string(call_json_state(record)));
	return object;
}

static void on_records(void *argument, const struct inquiry_answers *answers)
{
	struct calls_asking *asking = argument;
	const struct call_json_view view = view_of(asking->router);
	const char *name = rpc_call_text(asking->call, "show");

	json_memory_clear();
	json_t *records = json_array();
	for (uint32_t i = 0; i < asking->router->dataplane->worker_count; i++) {
		const struct inquiry *answer = answers->answer[i];
		for (uint32_t k = 0; answer && k < answer->count; k++)
			json_array_append_new(records,
					      record_with_state((const struct call_record *)answer->output + k, &view));
	}
	if (json_array_size(records) || json_memory_was_short())
		rpc_call_result(asking->call, json_pack("{s:O}", "records", records));
	else if (!command_refuse_missing(asking->call, asking->router, answers))
		rpc_call_refuse(asking->call, CTL_ERROR_NOT_FOUND, NULL,
				"no live call has the id or Call-ID \"%.128s\": `amityctl calls` lists all, and "
				"`amityctl why CALL-ID` says what became of it",
				name);
	json_decref(records);
	asking_free(asking);
}

static void show_call(struct rpc_call *call, const struct router *router)
{
	const char *name = rpc_call_text(call, "show");
	struct inquiry question = {.kind = INQUIRY_CALL, .capacity = RECORDS_MAX, .handle = CALL_NONE};
	bool is_id = call_json_read_id(&question.handle, name);
	uint32_t worker = is_id ? call_handle_worker(question.handle) : INQUIRER_ALL;
	struct calls_asking *asking = asking_make(call, router);

	if (!asking)
		return;
	/* An id of another router, or a Call-ID that looks like one. */
	if (worker >= router->dataplane->worker_count) {
		worker = INQUIRER_ALL;
		question.handle = CALL_NONE;
	}
	if (question.handle == CALL_NONE)
		question.call_id = span_of_text(name);
	ask(asking, worker, &question, on_records);
}

/* ---- do the tables agree? ---- */

static bool is_sound(const struct call_audit *audit)
{
	return !audit->calls_without_transaction && !audit->calls_without_timer && !audit->transactions_without_call &&
	       !audit->limits_wrong;
}

static json_t *audit_row(uint32_t worker, const struct call_audit *audit)
{
	char example[CALL_JSON_ID_BYTES];

	return json_pack("{s:i, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s?}", "worker", (int)worker,
			 "sound", is_sound(audit), "calls", (int)audit->calls, "unanswered", (int)audit->unanswered,
			 "transactions", (int)audit->transactions, "untracked", (int)audit->untracked, "limited",
			 (int)audit->limited, "calls_without_transaction", (int)audit->calls_without_transaction,
			 "calls_without_timer", (int)audit->calls_without_timer, "transactions_without_call",
			 (int)audit->transactions_without_call, "limits_wrong", (int)audit->limits_wrong, "example",
			 audit->example == CALL_NONE ? NULL : call_json_write_id(example, audit->example));
}

static void on_audits(void *argument, const struct inquiry_answers *answers)
{
	struct calls_asking *asking = argument;
	bool sound = true;

	if (!command_refuse_missing(asking->call, asking->router, answers)) {
		json_memory_clear();
		json_t *lcores = json_array();
		for (uint32_t i = 0; i < asking->router->dataplane->worker_count; i++) {
			const struct call_audit *audit = &answers->answer[i]->audit;
			sound &= is_sound(audit);
			json_array_append_new(lcores, audit_row(i, audit));
		}
		rpc_call_result(asking->call, json_pack("{s:b, s:o}", "sound", sound, "lcores", lcores));
	}
	asking_free(asking);
}

static void audit_calls(struct rpc_call *call, const struct router *router)
{
	struct calls_asking *asking = asking_make(call, router);

	if (asking)
		ask(asking, INQUIRER_ALL, &(struct inquiry){.kind = INQUIRY_AUDIT}, on_audits);
}

void command_calls(struct rpc_call *call, void *context)
{
	bool is_list = rpc_call_text(call, "company") || rpc_call_text(call, "after");
	bool is_audit = rpc_call_flag(call, "audit"), is_one = rpc_call_text(call, "show");

	if (is_list + is_audit + is_one > 1)
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "one of these at a time: calls %s",
				ctl_commands[CTL_COMMAND_calls].synopsis);
	else if (is_one)
		show_call(call, context);
	else if (is_audit)
		audit_calls(call, context);
	else
		list_calls(call, context);
}
