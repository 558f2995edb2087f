/* What can be asked of provisioning: apply, dry run, diff, check, rollback; one after the other, each answered. */
#include <stdlib.h>

#include <event2/event.h>

#include "cmocka_all.h"
#include "provision_rig.h"
#include "provision_store.h"
#include "provision_text.h"

#define ONE                                                                                                            \
	"companies:\n- {name: one, domain: a.b, country: ES, users: [{name: u, password: secret-1, display: Old}]}\n"
#define TWO                                                                                                            \
	"companies:\n- {name: one, domain: a.b, country: ES, users: [{name: u, password: secret-2, display: New}],\n"  \
	"   friends: [{name: f, password: secret-3, patterns: ['^2']}]}\n"
#define TO_COMPILE                                                                                                     \
	"companies:\n- {name: one, domain: a.b, country: ES, friends: [{name: f, password: p, patterns: ['2$']}]}\n"
#define THREE "companies:\n- {name: three, domain: c.d, country: FR}\n"

static struct provision_rig_answer ask_revision(struct provision *provision, enum provision_action action,
						uint64_t revision)
{
	const struct provision_request request = {.action = action, .revision = revision, .origin = "a test"};
	return provision_rig_ask(provision, &request);
}

static void apply(struct provision *provision, const char *text, uint64_t revision)
{
	struct provision_rig_answer answer = provision_rig_apply(provision, text);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, revision);
	provision_rig_forget(&answer);
}

static void refused(struct provision_rig_answer answer, const char *part)
{
	assert_false(answer.accepted);
	assert_int_equal(answer.problem_count, 1);
	if (!strstr(answer.problems[0], part))
		fail_msg("expected ...%s..., got %s", part, answer.problems[0]);
	provision_rig_forget(&answer);
}

static void problems_come_in_the_order_of_the_file(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	/* Dangling references and names taken twice are found after types and formats. */
	struct provision_rig_answer answer = provision_rig_apply(
		provision, "carriers: [{name: t, address: []}]\n"
			   "companies:\n"
			   "- {name: a, domain: a.b, country: ES, outgoing_ddi: '+34', nonsense: 1,\n"
			   "   users: [{name: u, password: p, extension: '5'}, {name: u, password: p, call_acl: x}],\n"
			   "   friends: [{name: f, password: p, priority: 99999}]}\n"
			   "- {name: a, domain: x y, country: ES}\n");
	static const char *const wanted[] = {"1:31 address",   "3:53 outgoing_ddi", "3:60 nonsense",
					     "4:46 extension", "4:59 name",	    "4:85 call_acl",
					     "5:47 priority",  "6:10 name",	    "6:21 domain"};
	assert_false(answer.accepted);
	assert_int_equal(answer.problem_count, 9);
	for (size_t i = 0; i < 9; i++)
		if (strncmp(answer.problems[i], wanted[i], strlen(wanted[i])) != 0)
			fail_msg("problem %zu: expected %s, got %s", i, wanted[i], answer.problems[i]);
	provision_rig_forget(&answer);
	provision_close(provision);
}

static void diff_says_what_would_change_and_changes_nothing(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, ONE, 1);
	const struct provision_request request = {.action = PROVISION_DIFF, .text = SPAN_LITERAL(TWO)};
	struct provision_rig_answer answer = provision_rig_ask(provision, &request);
	assert_true(answer.accepted);
	assert_false(answer.is_same);
	assert_int_equal(answer.revision, 1);
	assert_string_equal(answer.listed,
			    "[{\"change\":\"changed\",\"kind\":\"user\",\"company\":\"one\",\"name\":\"u\",\"fields\":["
			    "{\"key\":\"password\",\"hidden\":true},"
			    "{\"key\":\"display\",\"before\":\"Old\",\"after\":\"New\"}]},"
			    "{\"change\":\"added\",\"kind\":\"friend\",\"company\":\"one\",\"name\":\"f\",\"fields\":["
			    "{\"key\":\"password\",\"hidden\":true},"
			    "{\"key\":\"patterns\",\"before\":null,\"after\":\"['^2']\"}]}]");
	provision_rig_forget(&answer);
	assert_int_equal(provision_revision(provision), 1);
	answer = ask_revision(provision, PROVISION_DIFF, 1);
	assert_true(answer.accepted && answer.is_same);
	assert_string_equal(answer.listed, "[]");
	provision_rig_forget(&answer);
	provision_close(provision);
}

static void what_takes_time_is_told(void **state)
{
	(void)state;
	static const struct {
		struct provision_request request;
		bool is_stored, is_compiled;
	} rows[] = {
		{{.action = PROVISION_APPLY, .text = SPAN_LITERAL(ONE)}, true, false},
		{{.action = PROVISION_APPLY, .text = SPAN_LITERAL(ONE)}, false, false}, /* nothing differs */
		{{.action = PROVISION_DRY_RUN, .text = SPAN_LITERAL(TWO)}, false, false},
		{{.action = PROVISION_DIFF, .text = SPAN_LITERAL(TWO)}, false, false},
		{{.action = PROVISION_DRY_RUN, .text = SPAN_LITERAL(TO_COMPILE)}, false, true},
		{{.action = PROVISION_APPLY, .text = SPAN_LITERAL(TO_COMPILE), .company = "one"}, true, true},
		{{.action = PROVISION_APPLY, .text = SPAN_LITERAL(TWO), .company = "one"}, true, false},
		{{.action = PROVISION_APPLY, .revision = 1}, true, false},
	};
	struct provision *provision = provision_rig_open(NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct provision_rig_answer answer = provision_rig_ask(provision, &rows[i].request);
		assert_true(answer.accepted);
		assert_int_equal(answer.store_us > 0, rows[i].is_stored);
		assert_int_equal(answer.compile_us > 0, rows[i].is_compiled);
		assert_true(answer.compile_us + answer.store_us < answer.wall_us);
		provision_rig_forget(&answer);
	}
	provision_close(provision);
}

static void diff_lists_what_it_may_and_counts_the_rest(void **state)
{
	(void)state;
	enum { COUNT = PROVISION_LISTED_MAX_DIFF + 5 };
	struct provision *provision = provision_rig_open(NULL);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "companies:\n- {name: a, domain: a.b, country: ES, extensions: [");
	for (int i = 0; i < COUNT; i++)
		fprintf(out, "{number: '%d'}, ", i);
	fprintf(out, "]}\n");
	fclose(out);
	for (int action = PROVISION_DRY_RUN; action <= PROVISION_DIFF; action++) {
		const struct provision_request request = {.action = action, .text = span_of_text(text)};
		struct provision_rig_answer answer = provision_rig_ask(provision, &request);
		json_t *listed = json_loads(answer.listed, 0, NULL);
		/* The company is one of them; its extensions are told by diff alone. */
		assert_int_equal(json_array_size(listed), action == PROVISION_DIFF ? PROVISION_LISTED_MAX_DIFF : 1);
		assert_int_equal(answer.count[MODEL_KIND_EXTENSION].added, COUNT);
		json_decref(listed);
		provision_rig_forget(&answer);
	}
	free(text);
	provision_close(provision);
}

static void another_order_is_told(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision,
	      "companies:\n- {name: a, domain: a.b, country: ES, extensions: [{number: '1'}, {number: '2'}]}\n"
	      "- {name: b, domain: b.b, country: ES}\n",
	      1);
	struct provision_rig_answer answer = provision_rig_apply(
		provision, "companies:\n- {name: b, domain: b.b, country: ES}\n"
			   "- {name: a, domain: a.b, country: ES, extensions: [{number: '2'}, {number: '1'}]}\n");
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, 2);
	assert_string_equal(answer.listed,
			    "[{\"change\":\"reordered\",\"kind\":\"companies\",\"fields\":[]},"
			    "{\"change\":\"reordered\",\"kind\":\"extensions\",\"company\":\"a\",\"fields\":[]}]");
	provision_rig_forget(&answer);
	provision_close(provision);
}

static void check_reads_and_does_no_more(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	struct provision_request request = {.action = PROVISION_CHECK, .text = SPAN_LITERAL(ONE)};
	struct provision_rig_answer answer = provision_rig_ask(provision, &request);
	assert_true(answer.accepted);
	assert_null(answer.listed);
	provision_rig_forget(&answer);
	request.text = SPAN_LITERAL("companies: 7\n");
	refused(provision_rig_ask(provision, &request), "1:12 companies: must be a list");
	assert_int_equal(provision_revision(provision), 0);
	provision_close(provision);
}

static uint32_t looks;

static enum status look(void *argument, const struct directory *live, const struct directory *candidate)
{
	(void)argument;
	looks += live != candidate;
	return STATUS_OK;
}

/* What changed is not looked for, since nobody is told. */
static void examine_builds_and_does_no_more(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, ONE, 1);
	struct provision_request request = {.action = PROVISION_EXAMINE, .text = SPAN_LITERAL(TWO), .examine = look};
	struct provision_rig_answer answer = provision_rig_ask(provision, &request);
	assert_true(answer.accepted);
	assert_null(answer.listed);
	assert_int_equal(looks, 1);
	provision_rig_forget(&answer);
	request.text = SPAN_LITERAL("companies: 7\n");
	refused(provision_rig_ask(provision, &request), "1:12 companies: must be a list");
	assert_int_equal(looks, 1);
	assert_int_equal(provision_revision(provision), 1);
	provision_close(provision);
}

struct history {
	uint32_t count;
	char row[8][120];
};

static void note_row(void *argument, const struct provision_history_row *row)
{
	struct history *history = argument;
	if (history->count < 8)
		snprintf(history->row[history->count], sizeof(history->row[0]), "%llu %s, by %s, file %s: %s%s",
			 (unsigned long long)row->revision, row->action, row->origin, row->file_name, row->summary,
			 row->has_document ? "" : " (gone)");
	history->count++;
}

static void rollback_is_a_new_revision_with_the_old_content(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	refused(ask_revision(provision, PROVISION_APPLY, 0), "there is no earlier revision");
	apply(provision, ONE, 1);
	refused(ask_revision(provision, PROVISION_APPLY, 0), "there is no earlier revision");
	char *one = provision_rig_export(provision);
	apply(provision, TWO, 2);
	apply(provision, THREE, 3);
	refused(ask_revision(provision, PROVISION_APPLY, 4), "there is no revision 4: the newest is 3");
	struct provision_rig_answer answer = ask_revision(provision, PROVISION_DRY_RUN, 1);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, 3);
	provision_rig_forget(&answer);
	answer = ask_revision(provision, PROVISION_APPLY, 1);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, 4);
	assert_int_equal(answer.restored, 1);
	assert_int_equal(answer.count[MODEL_KIND_COMPANY].added, 1);
	provision_rig_forget(&answer);
	char *now = provision_rig_export(provision);
	assert_string_equal(now, one);
	/* Without a number: the one before, which takes the rollback back. */
	answer = ask_revision(provision, PROVISION_APPLY, 0);
	assert_int_equal(answer.restored, 3);
	assert_int_equal(answer.revision, 5);
	provision_rig_forget(&answer);
	/* The same content again is no revision. */
	answer = ask_revision(provision, PROVISION_APPLY, 3);
	assert_true(answer.accepted && answer.is_same);
	assert_int_equal(answer.revision, 5);
	provision_rig_forget(&answer);
	free(one);
	free(now);
	provision_close(provision);

	provision = provision_rig_open(NULL);
	struct history history = {0};
	struct problem_list problems = {0};
	assert_int_equal(provision_history(provision, 4, note_row, &history, &problems), STATUS_OK);
	assert_int_equal(history.count, 4);
	assert_string_equal(history.row[0], "5 rollback to 3, by a test, file : companies +1 -1, users -1");
	assert_string_equal(history.row[1], "4 rollback to 1, by a test, file : companies +1 -1, users +1");
	assert_string_equal(history.row[2],
			    "3 apply, by a test, file test.yaml: companies +1 -1, users -1, friends -1");
	assert_string_equal(history.row[3], "2 apply, by a test, file test.yaml: companies ~1, users ~1, friends +1");
	provision_close(provision);
}

static void what_is_no_longer_kept_cannot_be_restored(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	char text[200];
	for (uint64_t i = 1; i <= PROVISION_STORE_DOCUMENTS_KEPT + 1; i++) {
		snprintf(text, sizeof(text), "companies: [{name: c%d, domain: d.e, country: ES}]\n", (int)i);
		apply(provision, text, i);
	}
	refused(ask_revision(provision, PROVISION_APPLY, 1), "the document of revision 1 is no longer kept");
	refused(ask_revision(provision, PROVISION_DIFF, 1), "the document of revision 1 is no longer kept");
	struct provision_rig_answer answer = ask_revision(provision, PROVISION_APPLY, 2);
	assert_true(answer.accepted);
	provision_rig_forget(&answer);
	provision_close(provision);
}

static void export_applied_again_changes_nothing(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, provision_text_full, 1);
	char *text = provision_rig_export(provision), *again;
	struct provision_rig_answer answer = provision_rig_apply(provision, text);
	assert_true(answer.accepted && answer.is_same);
	assert_int_equal(answer.revision, 1);
	provision_rig_forget(&answer);
	apply(provision, "companies: []\n", 2);
	apply(provision, text, 3);
	again = provision_rig_export(provision);
	assert_string_equal(text, again);
	free(text);
	free(again);
	provision_close(provision);
}

/* ---- the queue ---- */

static void requests_are_answered_in_their_order(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct provision *provision = provision_rig_open(base);
	struct provision_rig_answer answers[7] = {0};
	const struct provision_request requests[7] = {
		{.action = PROVISION_APPLY, .text = SPAN_LITERAL(ONE)},
		{.action = PROVISION_APPLY, .text = SPAN_LITERAL("companies: [}\n")},
		{.action = PROVISION_APPLY, .text = SPAN_LITERAL(TWO)},
		{.action = PROVISION_APPLY, .revision = 0}, /* the one before the one before it */
		{.action = PROVISION_DIFF, .text = SPAN_LITERAL(ONE)},
		{.action = PROVISION_APPLY, .text = SPAN_LITERAL(THREE)},
		{.action = PROVISION_APPLY, .revision = 2},
	};
	static const uint64_t revisions[7] = {1, 1, 2, 3, 3, 4, 5};
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(provision_submit(provision, &requests[i], provision_rig_note, &answers[i]), STATUS_OK);
	while (!answers[6].calls) {
		/* The history can be read while a worker writes. */
		struct history history = {0};
		struct problem_list problems = {0};
		assert_int_equal(provision_history(provision, 8, note_row, &history, &problems), STATUS_OK);
		event_base_loop(base, EVLOOP_ONCE);
	}
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(answers[i].calls, 1);
		assert_int_equal(answers[i].accepted, i != 1);
		assert_int_equal(answers[i].revision, revisions[i]);
		assert_int_equal(answers[i].is_same, i == 4);
	}
	assert_int_equal(answers[3].restored, 1);
	for (size_t i = 0; i < 7; i++)
		provision_rig_forget(&answers[i]);
	assert_int_equal(provision_revision(provision), 5);
	provision_close(provision);
	event_base_free(base);
}

static void the_queue_is_bounded_and_everybody_is_answered(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct provision *provision = provision_rig_open(base);
	struct provision_rig_answer answers[80] = {0};
	const struct provision_request request = {.action = PROVISION_APPLY, .text = SPAN_LITERAL(ONE)};
	uint32_t taken = 0;
	while (taken < 80 && provision_submit(provision, &request, provision_rig_note, &answers[taken]) == STATUS_OK)
		taken++;
	/* One under way, 64 waiting. */
	assert_int_equal(taken, 65);
	struct provision_rig_answer late = {0};
	provision_finish(provision);
	for (uint32_t i = 0; i < taken; i++) {
		assert_int_equal(answers[i].calls, 1);
		assert_int_equal(answers[i].accepted, i == 0);
		if (i > 0)
			assert_non_null(strstr(answers[i].problems[0], "the router is stopping: nothing was changed"));
		provision_rig_forget(&answers[i]);
	}
	assert_int_equal(provision_submit(provision, &request, provision_rig_note, &late), STATUS_OK);
	assert_int_equal(late.calls, 1);
	refused(late, "the router is stopping");
	provision_close(provision);
	event_base_free(base);
}

/* A router that stops does not wait for a check to its end: here it would have seconds to go. */
static void a_check_is_abandoned_when_the_router_stops(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct provision *provision = provision_rig_open(base);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "companies:\n- {name: a, domain: a.b, country: ES, friends: [");
	for (int i = 0; i < 900; i++)
		fprintf(out, "{name: f%d, password: uncommon-%d, patterns: ['^[0-9]{%d}%d$']}, ", i, i, i % 50 + 1, i);
	fprintf(out, "]}\n");
	fclose(out);
	struct provision_rig_answer answer = {0};
	const struct provision_request request = {.action = PROVISION_CHECK, .text = span_of_text(text)};
	assert_int_equal(provision_submit(provision, &request, provision_rig_note, &answer), STATUS_OK);
	provision_finish(provision);
	assert_int_equal(answer.calls, 1);
	refused(answer, "the router is stopping: check again when it runs");
	free(text);
	provision_close(provision);
	event_base_free(base);
}

static void what_waits_is_bounded_in_bytes(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct provision *provision = provision_rig_open(base);
	enum { LARGE = 100u << 20 };
	/* A NUL in front: refused at the first look. */
	char *text = calloc(1, LARGE);
	struct provision_rig_answer answers[5] = {0};
	const struct provision_request request = {.action = PROVISION_APPLY, .text = {text, LARGE}};
	uint32_t taken = 0;
	while (taken < 5 && provision_submit(provision, &request, provision_rig_note, &answers[taken]) == STATUS_OK)
		taken++;
	assert_int_equal(taken, 3);
	free(text);
	provision_close(provision);
	for (uint32_t i = 0; i < taken; i++) {
		assert_int_equal(answers[i].calls, 1);
		provision_rig_forget(&answers[i]);
	}
	event_base_free(base);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, provision_rig_set_up, provision_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(problems_come_in_the_order_of_the_file),
		CASE(diff_says_what_would_change_and_changes_nothing),
		CASE(what_takes_time_is_told),
		CASE(diff_lists_what_it_may_and_counts_the_rest),
		CASE(another_order_is_told),
		CASE(check_reads_and_does_no_more),
		CASE(examine_builds_and_does_no_more),
		CASE(rollback_is_a_new_revision_with_the_old_content),
		CASE(what_is_no_longer_kept_cannot_be_restored),
		CASE(export_applied_again_changes_nothing),
		CASE(requests_are_answered_in_their_order),
		CASE(the_queue_is_bounded_and_everybody_is_answered),
		CASE(a_check_is_abandoned_when_the_router_stops),
		CASE(what_waits_is_bounded_in_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
