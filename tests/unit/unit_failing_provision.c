/* Memory ends anywhere in configuration, provisioning, build and publishing: each undoes itself, nothing leaks. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hs.h>
#include <sodium.h>

#include "cmocka_all.h"
#include "config.h"
#include "dataplane.h"
#include "directory_build.h"
#include "failing_allocator.h"
#include "failing_walk.h"
#include "lint.h"
#include "model_export.h"
#include "provision.h"
#include "provision_text.h"
#include "publish.h"

static const struct failing_walk_known known[] = {{NULL, NULL, 0}};

/* The other document: a company more, other patterns of those that are there. */
static char *changed_text;

/* Not inlined: gcc 12 takes `at` for a pointer to `replaced` then, and warns. */
static __attribute__((noinline)) char *replace(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *replaced;
	assert_non_null(at);
	assert_true(asprintf(&replaced, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) > 0);
	return replaced;
}

static int make_texts(void **state)
{
	(void)state;
	char *patterns = replace(provision_text_full, "'^(?!29)2'", "'^(?!28)2[0-9]{2,9}$', '^4[1-7]+0{3}'");
	changed_text = replace(patterns, "companies:\n",
			       "companies:\n"
			       "  - {name: globex, domain: globex.example.net, country: FR, friends: [{name: far, "
			       "password: x, priority: 3, patterns: ['^7(1|22|333)4*5?$']}]}\n");
	free(patterns);
	return 0;
}

static int free_texts(void **state)
{
	(void)state;
	free(changed_text);
	return 0;
}

/* What a refusal for want of memory must say. */
static enum failing_walk_outcome outcome_of(enum status status, struct problem_list *problems)
{
	/* Problems that there was no memory to tell are counted, and printed as that. */
	bool says_memory = status == STATUS_NO_MEMORY || (problems->omitted && problems->count < PROBLEMS_MAX);
	for (uint32_t i = 0; i < problems->count; i++)
		says_memory |= strstr(problems->item[i].message, "memory") != NULL;
	if (status && !says_memory) {
		failing_allocator_disarm();
		fprintf(stderr, "  status %s\n", status_text(status));
		problem_list_print(problems, stderr);
		failing_allocator_print_site(stderr);
	}
	assert_true(!status || says_memory);
	problem_list_free(problems);
	return status ? FAILING_WALK_REFUSED : FAILING_WALK_DONE;
}

/* ---- configuration ---- */

static const char config_text[] = "node: {id: 3, state_dir: /tmp/x, idle: save, lcores: '1'}\n"
				  "interfaces:\n"
				  "  - {device: eth0, profile: kernel, sip_port: 5070}\n"
				  "  - device: net_memif0\n"
				  "    profile: direct\n"
				  "    addresses: [192.0.2.1/24, '2001:db8::1/64']\n"
				  "    peers: {192.0.2.2: '02:00:00:00:00:01'}\n"
				  "log: {level: debug}\n";

static enum failing_walk_outcome load_config(void *argument)
{
	struct problem_list problems = {0};
	config_init(argument);
	enum status status = config_load_text(argument, config_text, strlen(config_text), "amity.yaml", &problems);
	return outcome_of(status, &problems);
}

static void check_config(void *argument, enum failing_walk_outcome outcome)
{
	const struct config *config = argument;
	if (outcome == FAILING_WALK_DONE)
		assert_true(config->node.id == 3 && config->interface_count == 2 &&
			    config->interface[1].peer_count == 1);
}

static void configuration_is_read(void **state)
{
	static struct config config;
	(void)state;
	failing_walk(&(struct failing_walk_operation){"config_load_text", load_config, check_config, &config}, known);
}

/* ---- documents ---- */

struct reading {
	struct model *model;
	char *text;
};

static enum failing_walk_outcome read_document(void *argument)
{
	struct reading *reading = argument;
	struct problem_list problems = {0};
	struct span text = span_of_text(provision_text_full);
	enum status status = model_read(&reading->model, text, "test.yaml", &problems);
	if (!status)
		status = model_validate(reading->model, text, "test.yaml", &problems);
	if (!status)
		status = model_export(&reading->text, reading->model, NULL);
	return outcome_of(status, &problems);
}

static void free_document(void *argument, enum failing_walk_outcome outcome)
{
	static char expected[8192];
	struct reading *reading = argument;
	assert_int_equal(outcome == FAILING_WALK_DONE, reading->text != NULL);
	if (reading->text) {
		if (!*expected)
			snprintf(expected, sizeof(expected), "%s", reading->text);
		assert_string_equal(reading->text, expected);
	}
	model_free(reading->model);
	free(reading->text);
	*reading = (struct reading){0};
}

static void document_is_read_and_exported(void **state)
{
	struct reading reading = {0};
	(void)state;
	failing_walk(&(struct failing_walk_operation){"read, validate, export", read_document, free_document, &reading},
		     known);
}

/* A document with mistakes: problems that could not be kept are counted, so that it is refused in any case. */
static enum failing_walk_outcome check_wrong(void *argument)
{
	struct problem_list problems = {0};
	struct model *model = NULL;
	enum status status = model_read(&model, span_of_text(argument), "wrong.yaml", &problems);
	if (!status)
		status = model_validate(model, span_of_text(argument), "wrong.yaml", &problems);
	assert_int_not_equal(status, STATUS_OK);
	model_free(model);
	assert_true(status == STATUS_NO_MEMORY || problem_list_has_any(&problems));
	problem_list_free(&problems);
	return FAILING_WALK_DONE;
}

static void check_nothing(void *argument, enum failing_walk_outcome outcome)
{
	(void)argument, (void)outcome;
}

static void wrong_document_stays_wrong(void **state)
{
	(void)state;
	char *wrong = replace(provision_text_full, "{user: alice}", "{user: nobody}");
	failing_walk(&(struct failing_walk_operation){"check of a wrong document", check_wrong, check_nothing, wrong},
		     known);
	free(wrong);
}

/* ---- lints ---- */

/* Something for each part: unions of patterns, one that is not regular, numbers, ACLs, passwords that are struck out.
 */
static const char untidy[] =
	"carriers: [{name: t, address: [udp:10.0.0.1]}]\n"
	"companies:\n"
	"- name: a\n"
	"  domain: a.b\n"
	"  country: ES\n"
	"  users: [{name: x, password: short}]\n"
	"  friends:\n"
	"  - {name: f, password: uncommon-1, patterns: ['^2[0-4]$', '^2[5-9]$', '^(?!29)2']}\n"
	"  - {name: g, password: uncommon-2, patterns: ['^2[0-9]$', '3[0-9]{3}', '^(?!19)[12][0-9]$']}\n"
	"  - {name: h, password: uncommon-3, priority: 4, patterns: ['^3[0-9]{0,9}$', '^4 4']}\n"
	"  extensions: [{number: '20'}, {number: '8', route: {friend: '8'}}]\n"
	"  ddis: [{number: '+34944000000'}]\n"
	"  call_acls: [{name: z, rules: [{allow: '^\\+34'}, {deny: '^\\+34806'}]}]\n";

struct linting {
	struct model *model;
	json_t *object;
	uint32_t total;
};

static enum failing_walk_outcome lint_document(void *argument)
{
	struct linting *linting = argument;
	struct lint_report report = {0};
	struct problem_list problems = {0};
	enum status status = lint_check(&report, linting->model, span_of_text(untidy), NULL);
	assert_true(!status || (report.count == 0 && !report.item && lint_report_total(&report) == 0));
	linting->total = lint_report_total(&report);
	linting->object = status ? NULL : json_object();
	if (!status && !(linting->object && lint_report_to_json(linting->object, &report, "test.yaml"))) {
		json_decref(linting->object);
		linting->object = NULL;
		status = STATUS_NO_MEMORY;
	}
	lint_report_free(&report);
	return outcome_of(status, &problems);
}

/* All of it is said, or nothing. */
static void check_lints(void *argument, enum failing_walk_outcome outcome)
{
	struct linting *linting = argument;
	size_t i;
	const json_t *warning;
	assert_int_equal(outcome == FAILING_WALK_DONE, linting->object != NULL);
	if (linting->object) {
		assert_int_equal(linting->total, 14);
		assert_int_equal(json_array_size(json_object_get(linting->object, "warnings")), linting->total);
		json_array_foreach(json_object_get(linting->object, "warnings"), i, warning)
			assert_true(json_object_get(warning, "text") && json_object_get(warning, "advice"));
		assert_null(json_object_get(linting->object, "undecided"));
	}
	json_decref(linting->object);
	linting->object = NULL;
}

static void lints_are_all_told_or_none(void **state)
{
	struct linting linting = {.model = provision_text_must(untidy)};
	(void)state;
	failing_walk(&(struct failing_walk_operation){"lint_check", lint_document, check_lints, &linting}, known);
	model_free(linting.model);
}

/* ---- tables ---- */

struct building {
	struct model *model;
	struct secret_keys keys;
	const struct directory *directory;
};

static enum failing_walk_outcome build_tables(void *argument)
{
	struct building *building = argument;
	const struct directory_build_input input = {.model = building->model, .keys = &building->keys, .revision = 5};
	struct problem_list problems = {0};
	return outcome_of(directory_build(&building->directory, &input, NULL, &problems), &problems);
}

static bool matches(const struct pattern_set *set, hs_scratch_t *scratch)
{
	return !set->database || hs_scan(set->database, "2000", 4, 0, scratch, NULL, NULL) == HS_SUCCESS;
}

/* Hyperscan refuses a scratch that is too small for a database. */
static bool all_match(const struct directory *directory, hs_scratch_t *scratch)
{
	bool right = matches(&directory->carrier_patterns, scratch);
	for (uint32_t i = 0; i < directory->company_count; i++) {
		right &= matches(&directory->company[i]->friends, scratch);
		for (uint32_t j = 0; j < directory->company[i]->acl_count; j++)
			right &= matches(&directory->company[i]->acl[j].rules, scratch);
	}
	return right;
}

/* Patterns that need no confirmation do not get one because memory ended. */
static uint32_t confirmation_count(const struct pattern_set *set)
{
	uint32_t count = 0;
	for (uint32_t i = 0; set->confirm && i < set->count - set->plain_count; i++)
		count += set->confirm[i] != NULL;
	return count;
}

static void free_tables(void *argument, enum failing_walk_outcome outcome)
{
	struct building *building = argument;
	assert_int_equal(outcome == FAILING_WALK_DONE, building->directory != NULL);
	if (building->directory) {
		assert_int_equal(building->directory->company_count, 1);
		assert_int_equal(confirmation_count(&building->directory->carrier_patterns), 0);
		assert_int_equal(confirmation_count(&building->directory->company[0]->friends), 1);
	}
	directory_build_release(building->directory);
	building->directory = NULL;
}

static void tables_are_built(void **state)
{
	struct building building = {.model = provision_text_must(provision_text_full)};
	(void)state;
	failing_walk(&(struct failing_walk_operation){"directory_build", build_tables, free_tables, &building}, known);
	model_free(building.model);
}

/* ---- publishing ---- */

struct publishing {
	struct dataplane dataplane;
	struct publisher *publisher;
	const struct directory *directory[2];
	uint32_t published;
};

static enum status publish_both(struct publishing *publishing)
{
	enum status status = STATUS_OK;
	if (!publishing->publisher)
		status = publisher_create(&publishing->publisher, &publishing->dataplane, NULL);
	while (!status && publishing->published < 2) {
		status = publish_directory(publishing->publisher, publishing->directory[publishing->published], NULL);
		publishing->published += !status;
	}
	return status;
}

static enum failing_walk_outcome publish_tables(void *argument)
{
	struct problem_list problems = {0};
	return outcome_of(publish_both(argument), &problems);
}

/* What failed goes on where it was: the same publisher, with what the failure left in it. */
static void free_publisher(void *argument, enum failing_walk_outcome outcome)
{
	struct publishing *publishing = argument;
	(void)outcome;
	if (publishing->publisher) {
		const struct snapshot *snapshot = publish_current(publishing->publisher);
		uint32_t published = publishing->published;
		assert_ptr_equal(snapshot->directory, published ? publishing->directory[published - 1] : NULL);
		assert_int_equal(snapshot->generation, 1 + published);
	}
	assert_int_equal(publish_both(publishing), STATUS_OK);
	assert_true(all_match(publishing->directory[1], publish_control_scratch(publishing->publisher)->hyperscan));
	assert_true(all_match(publishing->directory[1], publish_current(publishing->publisher)->scratch[0].hyperscan));
	publisher_free(publishing->publisher);
	publishing->publisher = NULL;
	publishing->published = 0;
}

static void tables_are_published(void **state)
{
	static struct publishing publishing;
	struct building small = {.model = provision_text_must(provision_text_full)};
	struct building large = {.model = provision_text_must(changed_text)};
	(void)state;
	assert_int_equal(build_tables(&small), FAILING_WALK_DONE);
	assert_int_equal(build_tables(&large), FAILING_WALK_DONE);
	publishing = (struct publishing){.dataplane.worker_count = 2, .directory = {small.directory, large.directory}};
	failing_walk(&(struct failing_walk_operation){"publisher, two directories", publish_tables, free_publisher,
						      &publishing},
		     known);
	directory_build_release(small.directory);
	directory_build_release(large.directory);
	model_free(small.model);
	model_free(large.model);
}

/* ---- the whole walk ---- */

struct rig {
	char directory[64];
	struct dataplane dataplane;
	struct publisher *publisher;
	struct provision *provision;
	char *before; /* export of what is live */
	bool accepted;
	bool dry_run, one_company;
	struct problem_list problems;
};

static void rig_make_directory(struct rig *rig)
{
	*rig = (struct rig){.dataplane.worker_count = 1};
	snprintf(rig->directory, sizeof(rig->directory), "/dev/shm/amity-failing-XXXXXX");
	assert_non_null(mkdtemp(rig->directory));
}

static void rig_remove_directory(const struct rig *rig)
{
	DIR *directory = opendir(rig->directory);
	const struct dirent *entry;
	assert_non_null(directory);
	while ((entry = readdir(directory)))
		if (entry->d_type == DT_REG)
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	assert_int_equal(rmdir(rig->directory), 0);
}

static enum status rig_open(struct rig *rig, struct problem_list *problems)
{
	enum status status = publisher_create(&rig->publisher, &rig->dataplane, NULL);
	const struct provision_options options = {
		.state_dir = rig->directory, .node_id = 1, .publisher = rig->publisher};
	if (!status)
		status = provision_open(&rig->provision, &options, problems);
	return status ? status : provision_publish_initial(rig->provision, NULL, NULL, problems);
}

static void rig_close(struct rig *rig)
{
	provision_close(rig->provision);
	publisher_free(rig->publisher);
	rig->provision = NULL;
	rig->publisher = NULL;
}

static void on_done(void *argument, const struct apply_result *result)
{
	struct rig *rig = argument;
	rig->accepted = result->accepted;
	/* The list is moved: copying it would need memory. */
	problem_list_move(&rig->problems, (struct problem_list *)result->problems);
}

static enum status apply(struct rig *rig, const char *text)
{
	rig->accepted = false;
	enum status status = (rig->dry_run ? provision_apply_dry : provision_apply)(rig->provision, span_of_text(text),
										    "test.yaml", on_done, rig);
	if (status)
		return status;
	return rig->accepted ? STATUS_OK : STATUS_INVALID;
}

static char *export(const struct rig *rig)
{
	char *text = NULL;
	assert_int_equal(provision_export(rig->provision, NULL, &text), STATUS_OK);
	return text;
}

static enum status apply_company(struct rig *rig)
{
	const struct provision_request request = {
		.action = PROVISION_APPLY,
		.company = "one-more",
		.text = SPAN_LITERAL(
			"companies: [{name: one-more, domain: one-more.example, country: ES, ddis: [{number: "
			"'+34911111111'}],"
			" friends: [{name: pbx, password: secret, direct: 'udp:10.9.9.9', patterns: ['^7(?!7)']}]}]\n"),
	};
	rig->accepted = false;
	enum status status = provision_submit(rig->provision, &request, on_done, rig);
	if (status)
		return status;
	return rig->accepted ? STATUS_OK : STATUS_INVALID;
}

static enum failing_walk_outcome apply_changed(void *argument)
{
	struct rig *rig = argument;
	enum status status = rig->one_company ? apply_company(rig) : apply(rig, changed_text);
	return outcome_of(status, &rig->problems);
}

static void check_live(const struct rig *rig, bool changed)
{
	const struct snapshot *snapshot = publish_current(rig->publisher);
	char *text = export(rig);
	assert_int_equal(strcmp(text, rig->before) == 0, !changed);
	free(text);
	assert_ptr_equal(snapshot->directory, provision_directory(rig->provision));
	assert_int_equal(snapshot->directory->company_count, changed ? 2 : 1);
	assert_int_equal(publish_poll(rig->publisher), 0);
	assert_true(all_match(snapshot->directory, publish_control_scratch(rig->publisher)->hyperscan));
}

static void take_back(void *argument, enum failing_walk_outcome outcome)
{
	struct rig *rig = argument;
	bool dry_run = rig->dry_run;
	check_live(rig, outcome == FAILING_WALK_DONE && !dry_run);
	/* Afterwards it works as ever. */
	rig->dry_run = false;
	assert_int_equal(apply(rig, changed_text), STATUS_OK);
	check_live(rig, true);
	assert_int_equal(apply(rig, provision_text_full), STATUS_OK);
	rig->dry_run = dry_run;
}

static void walk_apply(const char *name, bool dry_run, bool one_company)
{
	static struct rig rig;
	struct problem_list problems = {0};
	rig_make_directory(&rig);
	assert_int_equal(rig_open(&rig, &problems), STATUS_OK);
	assert_int_equal(apply(&rig, provision_text_full), STATUS_OK);
	rig.before = export(&rig);
	rig.dry_run = dry_run;
	rig.one_company = one_company;
	failing_walk(&(struct failing_walk_operation){name, apply_changed, take_back, &rig}, known);
	free(rig.before);
	rig_close(&rig);
	rig_remove_directory(&rig);
	assert_int_equal(failing_allocator_live_of_sqlite().blocks, 0);
}

static void document_is_applied(void **state)
{
	(void)state;
	walk_apply("apply", false, false);
}

static void document_is_applied_dry(void **state)
{
	(void)state;
	walk_apply("apply --dry-run", true, false);
}

static void company_is_applied(void **state)
{
	(void)state;
	walk_apply("apply --company", false, true);
}

static enum failing_walk_outcome start(void *argument)
{
	struct rig *rig = argument;
	return outcome_of(rig_open(rig, &rig->problems), &rig->problems);
}

static void stop(void *argument, enum failing_walk_outcome outcome)
{
	struct rig *rig = argument;
	(void)outcome;
	rig_close(rig);
	assert_int_equal(failing_allocator_live_of_sqlite().blocks, 0);
	assert_int_equal(rig_open(rig, &rig->problems), STATUS_OK);
	check_live(rig, false);
	rig_close(rig);
}

static void router_starts(void **state)
{
	static struct rig rig;
	(void)state;
	rig_make_directory(&rig);
	assert_int_equal(rig_open(&rig, &rig.problems), STATUS_OK);
	assert_int_equal(apply(&rig, provision_text_full), STATUS_OK);
	rig.before = export(&rig);
	rig_close(&rig);
	failing_walk(&(struct failing_walk_operation){"open, load, publish", start, stop, &rig}, known);
	free(rig.before);
	rig_remove_directory(&rig);
}

/* An argument chooses tests by name. */
int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration_is_read),      cmocka_unit_test(document_is_read_and_exported),
		cmocka_unit_test(wrong_document_stays_wrong), cmocka_unit_test(lints_are_all_told_or_none),
		cmocka_unit_test(tables_are_built),	      cmocka_unit_test(tables_are_published),
		cmocka_unit_test(document_is_applied),	      cmocka_unit_test(document_is_applied_dry),
		cmocka_unit_test(company_is_applied),	      cmocka_unit_test(router_starts),
	};
	failing_allocator_set_sqlite_apart();
	failing_allocator_spare("libfyaml.so");
	if (sodium_init() < 0)
		return 1;
	cmocka_set_test_filter(argument_count > 1 ? arguments[1] : NULL);
	return cmocka_run_group_tests(tests, make_texts, free_texts);
}
