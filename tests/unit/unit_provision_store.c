/* The database and the walk of an apply: document -> store -> tables, refused, repeated, reopened, damaged. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "cmocka_all.h"
#include "provision.h"
#include "provision_store.h"
#include "provision_text.h"

static char directory_path[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(directory_path, sizeof(directory_path), "/tmp/amity-provision-XXXXXX");
	return mkdtemp(directory_path) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	static const char *const names[] = {"provision.db", "provision.db-wal", "provision.db-shm",
					    "provisioning.last.yaml"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", directory_path, names[i]);
		unlink(path);
	}
	return rmdir(directory_path);
}

static struct provision *open_provision(struct event_base *base)
{
	const struct provision_options options = {.state_dir = directory_path, .node_id = 7, .event_base = base};
	struct provision *provision = NULL;
	struct problem_list problems = {0};
	enum status status = provision_open(&provision, &options, &problems);
	if (status == STATUS_OK)
		status = provision_publish_initial(provision, NULL, NULL, &problems);
	problem_list_print(&problems, stderr);
	assert_int_equal(status, STATUS_OK);
	return provision;
}

struct answer {
	bool accepted;
	uint64_t revision;
	uint32_t companies_added, problems, calls;
	struct event_base *base;
};

static void on_done(void *argument, const struct apply_result *result)
{
	struct answer *answer = argument;
	answer->accepted = result->accepted;
	answer->revision = result->revision;
	answer->companies_added = result->changes.count[MODEL_KIND_COMPANY].added;
	answer->problems = result->problems->count;
	answer->calls++;
	if (answer->base && answer->calls == 3)
		event_base_loopbreak(answer->base);
}

static struct answer apply(struct provision *provision, const char *text)
{
	struct answer answer = {0};
	assert_int_equal(provision_apply(provision, span_of_text(text), "test.yaml", on_done, &answer), STATUS_OK);
	assert_int_equal(answer.calls, 1);
	return answer;
}

static void what_was_applied_is_there_after_a_restart(void **state)
{
	(void)state;
	struct provision *provision = open_provision(NULL);
	assert_int_equal(provision_revision(provision), 0);
	struct answer answer = apply(provision, provision_text_full);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, 1);
	assert_int_equal(answer.companies_added, 1);
	assert_int_equal(provision_directory(provision)->company_count, 1);
	assert_int_equal(provision_directory(provision)->revision, 1);
	char *before, *after;
	assert_int_equal(provision_export(provision, NULL, &before), STATUS_OK);
	struct secret_keys keys = *provision_keys(provision);
	provision_close(provision);

	provision = open_provision(NULL);
	assert_int_equal(provision_revision(provision), 1);
	assert_int_equal(provision_export(provision, NULL, &after), STATUS_OK);
	assert_string_equal(before, after);
	assert_memory_equal(&keys, provision_keys(provision), sizeof(keys));
	assert_int_equal(provision_keys(provision)->node_id, 7);
	assert_false(sodium_is_zero((const unsigned char *)keys.nonce.key[0], SECRET_KEY_BYTES));
	answer = apply(provision, after);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, 1);
	free(before);
	free(after);
	provision_close(provision);
}

static void count_row(void *argument, const struct provision_history_row *row)
{
	uint32_t *counts = argument;
	counts[0]++;
	counts[1] += row->has_document;
}

static void a_refused_document_changes_nothing(void **state)
{
	(void)state;
	struct provision *provision = open_provision(NULL);
	apply(provision, provision_text_full);
	const struct directory *live = provision_directory(provision);
	struct answer answer = apply(
		provision,
		"companies:\n- {name: x, domain: y.z, country: ES, users: [{name: u, password: p, extension: '1'}]}\n");
	assert_false(answer.accepted);
	assert_int_equal(answer.problems, 1);
	assert_int_equal(answer.revision, 1);
	assert_ptr_equal(provision_directory(provision), live);
	struct answer dry = {0};
	assert_int_equal(provision_apply_dry(provision, SPAN_LITERAL("companies: []\n"), "dry", on_done, &dry),
			 STATUS_OK);
	assert_true(dry.accepted);
	uint32_t stored[2] = {0};
	assert_int_equal(provision_history(provision, UINT32_MAX, count_row, stored, NULL), STATUS_OK);
	assert_int_equal(stored[0], 1);
	assert_ptr_equal(provision_directory(provision), live);
	assert_int_equal(provision_revision(provision), 1);
	provision_close(provision);
}

static void applies_queue_behind_each_other(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct provision *provision = open_provision(base);
	struct answer answer = {.base = base};
	static const char *const texts[] = {"companies: [{name: y, domain: z.z, country: FR}]\n", "companies: [}\n",
					    "companies: [{name: z, domain: z.z, country: FR}]\n"};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(provision_apply(provision, span_of_text(texts[i]), "x", on_done, &answer), STATUS_OK);
	assert_int_equal(answer.calls, 0);
	event_base_dispatch(base);
	assert_int_equal(answer.calls, 3);
	assert_int_equal(answer.revision, 2);
	assert_int_equal(provision_revision(provision), 2);
	/* One under way at the close is finished, and answered. */
	assert_int_equal(provision_apply(provision, SPAN_LITERAL("companies: []\n"), "x", on_done, &answer), STATUS_OK);
	provision_close(provision);
	assert_int_equal(answer.calls, 4);
	event_base_free(base);
}

static void history_keeps_rows_and_the_newest_documents(void **state)
{
	(void)state;
	struct provision *provision = open_provision(NULL);
	char text[200];
	for (int i = 1; i <= PROVISION_STORE_DOCUMENTS_KEPT + 5; i++) {
		snprintf(text, sizeof(text), "companies: [{name: c%d, domain: d.e, country: ES}]\n", i);
		assert_int_equal(apply(provision, text).revision, i);
	}
	uint32_t counts[2] = {0};
	assert_int_equal(provision_history(provision, UINT32_MAX, count_row, counts, NULL), STATUS_OK);
	assert_int_equal(counts[0], PROVISION_STORE_DOCUMENTS_KEPT + 5);
	assert_int_equal(counts[1], PROVISION_STORE_DOCUMENTS_KEPT);
	char *old = NULL;
	struct problem_list problems = {0};
	assert_int_equal(provision_history_text(provision, 5, &old, &problems), STATUS_NOT_FOUND);
	assert_non_null(strstr(problems.item[0].message, "revision 5 is no longer kept"));
	problem_list_free(&problems);
	assert_int_equal(provision_history_text(provision, 6, &old, &problems), STATUS_OK);
	assert_non_null(strstr(old, "c6"));
	free(old);
	provision_close(provision);
}

static void refuse_to_open(const char *message_part)
{
	const struct provision_options options = {.state_dir = directory_path};
	struct provision *provision = NULL;
	struct problem_list problems = {0};
	assert_int_not_equal(provision_open(&provision, &options, &problems), STATUS_OK);
	assert_null(provision);
	assert_int_equal(problems.count, 1);
	if (!strstr(problems.item[0].message, message_part))
		problem_list_print(&problems, stderr);
	assert_non_null(strstr(problems.item[0].message, message_part));
	assert_non_null(strstr(problems.item[0].message, "provision.db"));
	problem_list_free(&problems);
}

static void write_database(const char *bytes, size_t length, long offset)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/provision.db", directory_path);
	FILE *file = fopen(path, offset ? "r+b" : "wb");
	assert_non_null(file);
	fseek(file, offset, SEEK_SET);
	fwrite(bytes, 1, length, file);
	fclose(file);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
	(void)state;
	char garbage[8192];
	memset(garbage, 'x', sizeof(garbage));
	write_database(garbage, sizeof(garbage), 0);
	refuse_to_open("Then apply");
}

static void a_damaged_database_is_refused(void **state)
{
	(void)state;
	struct provision *provision = open_provision(NULL);
	apply(provision, provision_text_full);
	provision_close(provision);
	char garbage[4096];
	memset(garbage, 0xa5, sizeof(garbage));
	write_database(garbage, sizeof(garbage), 4096);
	refuse_to_open("Then apply");
}

/* Killed at any moment, the store holds the revision that was answered last, or the one that was being committed. */
static void kill_leaves_a_whole_revision(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		int answered[2];
		assert_int_equal(pipe(answered), 0);
		pid_t child = fork();
		if (child == 0) {
			struct provision *provision = open_provision(NULL);
			char text[200];
			for (uint64_t i = 1;; i++) {
				snprintf(text, sizeof(text),
					 "companies: [{name: r%d-c%llu, domain: d.e, country: ES}]\n", round,
					 (unsigned long long)i);
				uint64_t revision = apply(provision, text).revision;
				if (write(answered[1], &revision, sizeof(revision)) < 0)
					_exit(1);
			}
		}
		close(answered[1]);
		uint64_t revision = 0, last = 0;
		for (int i = 0; i < 3 + round && read(answered[0], &revision, sizeof(revision)) == sizeof(revision);
		     i++)
			last = revision;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(answered[0], &revision, sizeof(revision)) == sizeof(revision))
			last = revision;
		close(answered[0]);
		struct provision *provision = open_provision(NULL);
		assert_in_range(provision_revision(provision), last, last + 1);
		assert_int_equal(provision_model(provision)->companies.count, 1);
		provision_close(provision);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_applied_is_there_after_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_refused_document_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(applies_queue_behind_each_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(history_keeps_rows_and_the_newest_documents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_database_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kill_leaves_a_whole_revision, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
