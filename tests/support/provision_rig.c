#include <stdlib.h>
#include <unistd.h>

#include "provision_rig.h"
#include "provision_store.h"

#include "cmocka_all.h"

char provision_rig_directory[64];

int provision_rig_set_up(void **state)
{
	(void)state;
	snprintf(provision_rig_directory, sizeof(provision_rig_directory), "/tmp/amity-provision-XXXXXX");
	return mkdtemp(provision_rig_directory) ? 0 : -1;
}

int provision_rig_tear_down(void **state)
{
	static const char *const names[] = {"provision.db", "provision.db-wal", "provision.db-shm",
					    PROVISION_STORE_COPY_FILE, PROVISION_STORE_COPY_FILE ".new"};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", provision_rig_directory, names[i]);
		unlink(path);
	}
	return rmdir(provision_rig_directory);
}

struct provision *provision_rig_open(struct event_base *base)
{
	const struct provision_options options = {
		.state_dir = provision_rig_directory, .node_id = 7, .event_base = base};
	struct provision *provision = NULL;
	struct problem_list problems = {0};
	enum status status = provision_open(&provision, &options, &problems);
	if (status == STATUS_OK)
		status = provision_publish_initial(provision, NULL, NULL, &problems);
	problem_list_print(&problems, stderr);
	assert_int_equal(status, STATUS_OK);
	return provision;
}

void provision_rig_forget(struct provision_rig_answer *answer)
{
	for (uint32_t i = 0; i < answer->problem_count; i++)
		free(answer->problems[i]);
	free(answer->listed);
	*answer = (struct provision_rig_answer){0};
}

void provision_rig_note(void *argument, const struct apply_result *result)
{
	struct provision_rig_answer *answer = argument;
	answer->calls++;
	answer->accepted = result->accepted;
	answer->is_same = result->is_same;
	answer->revision = result->revision;
	answer->restored = result->restored;
	answer->wall_us = result->wall_us;
	answer->compile_us = result->compile_us;
	answer->store_us = result->store_us;
	memcpy(answer->count, result->changes.count, sizeof(answer->count));
	free(answer->listed);
	answer->listed = result->changes.listed ? json_dumps(result->changes.listed, JSON_COMPACT) : NULL;
	for (uint32_t i = 0; i < result->problems->count && answer->problem_count < PROVISION_RIG_PROBLEMS_MAX; i++) {
		const struct problem *problem = &result->problems->item[i];
		if (asprintf(&answer->problems[answer->problem_count++], "%u:%u %s: %s", problem->line, problem->column,
			     problem->key ? problem->key : "-", problem->message) < 0)
			abort();
	}
}

struct provision_rig_answer provision_rig_ask(struct provision *provision, const struct provision_request *request)
{
	struct provision_rig_answer answer = {0};
	assert_int_equal(provision_submit(provision, request, provision_rig_note, &answer), STATUS_OK);
	assert_int_equal(answer.calls, 1);
	return answer;
}

struct provision_rig_answer provision_rig_apply(struct provision *provision, const char *text)
{
	const struct provision_request request = {
		.action = PROVISION_APPLY, .text = span_of_text(text), .file_name = "test.yaml", .origin = "a test"};
	return provision_rig_ask(provision, &request);
}

char *provision_rig_export(const struct provision *provision)
{
	char *text = NULL;
	assert_int_equal(provision_export(provision, NULL, &text), STATUS_OK);
	return text;
}
