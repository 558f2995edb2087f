#include "command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "call_json.h"
#include "inquirer.h"
#include "json_memory.h"
#include "json_text.h"
#include "reason.h"
#include "router.h"
#include "sip_message.h"
#include "verdict.h"

#define DECISIONS_MAX	64 /* of a Call-ID, on each lcore */
#define WORDS_BYTES_MAX 640

struct why {
	struct rpc_call *call;
	const struct router *router;
};

/* A decision, and who took it. */
struct decided {
	const struct decision *decision;
	uint32_t worker;
};

static const char *const method_names[SIP_METHOD_COUNT] = {
#define SIP_METHOD(name, text) [SIP_METHOD_##name] = text,
#include "sip_tokens.def"
#undef SIP_METHOD
};

/* ---- in words ---- */

struct words {
	char text[WORDS_BYTES_MAX];
	size_t length;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
	size_t room = sizeof(words->text) - words->length;
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(words->text + words->length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		words->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void say_text(struct words *words, const char *before, const struct decision *decision,
		     enum decision_text_kind kind)
{
	struct span text = decision_text(decision, kind);

	if (text.length)
		say(words, "%s" SPAN_FORMAT, before, SPAN_ARGUMENTS(text));
}

static void say_reason(struct words *words, const struct decision *decision)
{
	const struct reason_row *row = &reason_rows[decision->reason];

	if (decision->reason != REASON_NONE)
		say(words, " (%s: %s)", row->name, row->text);
}

static void say_request(struct words *words, const struct decision *decision)
{
	char source[JSON_TEXT_ADDRESS_BYTES_MAX];

	say(words, "%s", method_names[decision->method] ? method_names[decision->method] : "a request");
	say_text(words, " of ", decision, DECISION_TEXT_CALLER);
	say(words, " from %s", json_text_write_address(source, decision->source.ip, decision->source.port));
	say_text(words, " to ", decision, DECISION_TEXT_NUMBER);
	say(words, ": %s", command_verdict_names[decision->verdict]);
	say_text(words, " to ", decision, DECISION_TEXT_TARGET);
	if (decision->rule[0])
		say(words, " by %s", decision->rule);
	if (decision->status)
		say(words, " with %u", decision->status);
	say_reason(words, decision);
}

static void say_call(struct words *words, const struct decision *decision)
{
	say(words, "the call");
	say_text(words, " of ", decision, DECISION_TEXT_CALLER);
	say_text(words, " to ", decision, DECISION_TEXT_TARGET);
	switch (decision->end) {
	case CALL_END_CALLER:
		say(words, " ended: the caller hung up");
		break;
	case CALL_END_CALLEE:
		say(words, " ended: the callee hung up");
		break;
	case CALL_END_EXPIRED:
		say(words, " ended: no BYE came in its time");
		break;
	default:
		say(words, " was not answered: it ended with %u", decision->status);
	}
	say_reason(words, decision);
}

/* ---- as JSON ---- */

static json_t *text_of(const struct decision *decision, enum decision_text_kind kind)
{
	struct span text = decision_text(decision, kind);
	return text.length ? json_text_make(text) : json_null();
}

static json_t *decided_json(const struct decided *decided)
{
	const struct decision *decision = decided->decision;
	bool is_request = decision->kind == DECISION_REQUEST;
	char source[JSON_TEXT_ADDRESS_BYTES_MAX], id[CALL_JSON_ID_BYTES];
	struct words words = {0};

	if (is_request)
		say_request(&words, decision);
	else
		say_call(&words, decision);
	return json_pack("{s:o, s:i, s:s, s:s?, s:s, s:o, s:o, s:o, s:s?, s:s?, s:o, s:s?, s:s?, s:o}", "time",
			 json_text_make_time(decision->time_ms), "worker", (int)decided->worker, "what",
			 is_request ? "request" : "call", "method", is_request ? method_names[decision->method] : NULL,
			 "source", json_text_write_address(source, decision->source.ip, decision->source.port),
			 "caller", text_of(decision, DECISION_TEXT_CALLER), "number",
			 text_of(decision, DECISION_TEXT_NUMBER), "target", text_of(decision, DECISION_TEXT_TARGET),
			 "verdict", is_request ? command_verdict_names[decision->verdict] : NULL, "rule",
			 decision->rule[0] ? decision->rule : NULL, "status",
			 decision->status ? json_integer(decision->status) : json_null(), "reason",
			 decision->reason != REASON_NONE ? reason_rows[decision->reason].name : NULL, "call",
			 decision->call != CALL_NONE ? call_json_write_id(id, decision->call) : NULL, "text",
			 json_text_make(span_make(words.text, words.length)));
}

static int by_time(const void *left, const void *right)
{
	const struct decision *a = ((const struct decided *)left)->decision;
	const struct decision *b = ((const struct decided *)right)->decision;

	if (a->time_ms != b->time_ms)
		return a->time_ms < b->time_ms ? -1 : 1;
	/* Of one lcore, as it took them. */
	return a < b ? -1 : a > b;
}

/* ---- the question ---- */

static void answer(const struct why *why, const struct decided *decided, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, decided_json(&decided[i]));
	rpc_call_result(why->call,
			json_pack("{s:s, s:o}", "call_id", rpc_call_text(why->call, "call-id"), "decisions", list));
}

static void on_decisions(void *argument, const struct inquiry_answers *answers)
{
	struct why *why = argument;
	uint32_t workers = why->router->dataplane->worker_count, count = 0;
	struct decided *decided = calloc((size_t)workers * DECISIONS_MAX, sizeof(*decided));

	for (uint32_t i = 0; i < workers && decided; i++)
		for (uint32_t k = 0; answers->answer[i] && k < answers->answer[i]->count; k++)
			decided[count++] = (struct decided){(const struct decision *)answers->answer[i]->output + k, i};
	json_memory_clear();
	if (!decided) {
		rpc_call_refuse(why->call, CTL_ERROR_INTERNAL, NULL, "out of memory");
	} else if (count) {
		qsort(decided, count, sizeof(*decided), by_time);
		answer(why, decided, count);
	} else if (!command_refuse_missing(why->call, why->router, answers)) {
		rpc_call_refuse(why->call, CTL_ERROR_NOT_FOUND, NULL,
				"nothing is known of Call-ID \"%.128s\": no initial request had it, or too many others "
				"came after",
				rpc_call_text(why->call, "call-id"));
	}
	free(decided);
	free(why);
}

void command_why(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	const struct inquiry question = {
		.kind = INQUIRY_WHY,
		.capacity = DECISIONS_MAX,
		.call_id = span_of_text(rpc_call_text(call, "call-id")),
	};
	struct why *why = malloc(sizeof(*why));

	if (why) {
		*why = (struct why){call, router};
		if (inquirer_ask(router->inquirer, INQUIRER_ALL, &question, on_decisions, why) == STATUS_OK)
			return;
		free(why);
	}
	rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
}
