/* One company applied alone: the model, the tables, the store and the history must be what the whole document would
 * have made of them. */
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "directory_build.h"
#include "model_export.h"
#include "name_table_build.h"
#include "provision_rig.h"
#include "provision_store.h"
#include "provision_text.h"
#include "random_source.h"

#define COMPANIES 9
#define TEXT_SIZE 2000
#define STEPS	  50

/* ---- a world that knows what ought to be in force ---- */

struct world {
	struct provision *provision;
	struct random_source random;
	uint32_t count;
	uint32_t number[COMPANIES];	 /* of the company at each place, in order */
	char text[COMPANIES][TEXT_SIZE]; /* its item in a document */
	char *expected[STEPS + 2];	 /* by revision: in normal form */
	uint64_t revision;
};

/* Numbers, domains and addresses come and go; some addresses are of many companies. */
static void make_item(struct world *world, char text[TEXT_SIZE], uint32_t number)
{
	struct random_source *random = &world->random;
	size_t at = 0;
	at += (size_t)snprintf(text + at, TEXT_SIZE - at, "  - name: ");
	at += (size_t)(number % 3 == 0 ? snprintf(text + at, TEXT_SIZE - at, "'%u'", number)
				       : snprintf(text + at, TEXT_SIZE - at, "c%u", number));
	at += (size_t)snprintf(text + at, TEXT_SIZE - at,
			       "\n    domain: d%u-%u.example\n    country: ES\n    friends:\n", number,
			       random_source_below(random, 2));
	uint32_t friends = 1 + random_source_below(random, 3);
	for (uint32_t i = 0; i < friends; i++)
		at += (size_t)snprintf(
			text + at, TEXT_SIZE - at,
			"      - {name: f%u, password: p, direct: 'udp:10.0.%u.%u', patterns: ['^%u']}\n", i,
			random_source_once_in(random, 2) ? 0 : number + 1, random_source_below(random, 3),
			random_source_below(random, 4));
	uint32_t ddis = random_source_below(random, 4);
	for (uint32_t i = 0; i < ddis; i++)
		at += (size_t)snprintf(text + at, TEXT_SIZE - at, "%s      - {number: '+34%u%u'}\n",
				       i ? "" : "    ddis:\n", number + 10,
				       i + random_source_below(random, 2) * 10 + 10);
}

static char *make_document(const struct world *world)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	fputs("carriers: [{name: t, address: ['udp:192.0.2.1']}]\n", out);
	fputs(world->count ? "companies:\n" : "companies: []\n", out);
	for (uint32_t i = 0; i < world->count; i++)
		fputs(world->text[i], out);
	fclose(out);
	return text;
}

static struct provision_rig_answer apply_company(struct provision *provision, const char *company, const char *text)
{
	const struct provision_request request = {
		.action = PROVISION_APPLY, .company = company, .text = span_of_text(text), .file_name = "one.yaml"};
	return provision_rig_ask(provision, &request);
}

/* ---- the tables against those of a whole build ---- */

static void check_found(const struct directory *changed, const struct directory *whole)
{
	for (uint32_t i = 0; i < whole->company_count; i++) {
		const struct company *company = whole->company[i];
		uint32_t index = UINT32_MAX;
		assert_true(span_equals(changed->company[i]->name, company->name));
		assert_int_equal(changed->company[i]->endpoint_count, company->endpoint_count);
		assert_true(name_table_find(&index, &changed->company_by_domain, company->domain, true));
		assert_int_equal(index, i);
		assert_int_equal(changed->company[i]->ddi_count, company->ddi_count);
		for (uint32_t j = 0; j < company->ddi_count; j++) {
			assert_true(name_table_find(&index, &changed->ddi_by_number, company->ddi[j].number, false));
			assert_true(index < changed->ddi_count);
			assert_int_equal(changed->ddi_owner[index].company, i);
			assert_int_equal(changed->ddi_owner[index].ddi, j);
		}
	}
}

static void check_tables(const struct directory *changed, const struct directory *whole)
{
	assert_int_equal(changed->company_count, whole->company_count);
	assert_int_equal(changed->company_by_domain.count, whole->company_by_domain.count);
	assert_int_equal(changed->ddi_count, whole->ddi_count);
	assert_int_equal(changed->ddi_by_number.count, whole->ddi_by_number.count);
	check_found(changed, whole);
	assert_int_equal(changed->direct_source_count, whole->direct_source_count);
	for (uint32_t i = 0; i < whole->direct_source_count; i++) {
		assert_memory_equal(changed->direct_source[i].ip, whole->direct_source[i].ip, 16);
		assert_int_equal(changed->direct_source[i].company, whole->direct_source[i].company);
	}
	assert_int_equal(changed->carrier_count, whole->carrier_count);
	assert_int_equal(changed->carrier_patterns.count, whole->carrier_patterns.count);
	assert_int_equal(changed->carrier_source_count, whole->carrier_source_count);
}

static void check_world(const struct world *world)
{
	char *document = make_document(world), *live = provision_rig_export(world->provision), *expected;
	struct model *model = provision_text_must(document);
	const struct directory_build_input input = {.model = model, .keys = provision_keys(world->provision)};
	const struct directory *whole;
	struct problem_list problems = {0};
	assert_int_equal(model_export(&expected, model, NULL), STATUS_OK);
	assert_string_equal(live, expected);
	assert_int_equal(directory_build(&whole, &input, NULL, &problems), STATUS_OK);
	check_tables(provision_directory(world->provision), whole);
	assert_int_equal(provision_directory(world->provision)->revision, provision_revision(world->provision));
	directory_build_release(whole);
	model_free(model);
	free(document);
	free(live);
	free(expected);
}

/* ---- at random ---- */

static void take_answer(struct world *world, struct provision_rig_answer answer)
{
	for (uint32_t i = 0; i < answer.problem_count; i++)
		fprintf(stderr, "%s\n", answer.problems[i]);
	assert_true(answer.accepted);
	if (!answer.is_same) {
		assert_int_equal(answer.revision, world->revision + 1);
		world->revision = answer.revision;
		world->expected[world->revision] = provision_rig_export(world->provision);
	}
	provision_rig_forget(&answer);
}

static void put_company(struct world *world)
{
	uint32_t number = random_source_below(&world->random, COMPANIES), place = 0;
	char name[20], text[TEXT_SIZE + 20];
	while (place < world->count && world->number[place] != number)
		place++;
	if (place == world->count)
		world->number[world->count++] = number;
	make_item(world, world->text[place], number);
	snprintf(name, sizeof(name), number % 3 == 0 ? "%u" : "c%u", number);
	snprintf(text, sizeof(text), "companies:\n%s", world->text[place]);
	take_answer(world, apply_company(world->provision, name, text));
}

static void remove_company(struct world *world)
{
	uint32_t place = random_source_below(&world->random, world->count);
	char name[20];
	snprintf(name, sizeof(name), world->number[place] % 3 == 0 ? "%u" : "c%u", world->number[place]);
	world->count--;
	memmove(world->text[place], world->text[place + 1], (world->count - place) * sizeof(world->text[0]));
	memmove(&world->number[place], &world->number[place + 1], (world->count - place) * sizeof(world->number[0]));
	take_answer(world, apply_company(world->provision, name, "companies: []\n"));
}

static void apply_whole(struct world *world)
{
	char *document = make_document(world);
	take_answer(world, provision_rig_apply(world->provision, document));
	free(document);
}

static void restart(struct world *world)
{
	provision_close(world->provision);
	world->provision = provision_rig_open(NULL);
	assert_int_equal(provision_revision(world->provision), world->revision);
}

static void check_history(const struct world *world)
{
	for (uint64_t revision = 1; revision <= world->revision; revision++) {
		struct problem_list problems = {0};
		char *text = NULL;
		enum status status = provision_history_text(world->provision, revision, &text, &problems);
		if (revision + PROVISION_STORE_DOCUMENTS_KEPT > world->revision)
			assert_int_equal(status, STATUS_OK);
		if (status == STATUS_OK)
			assert_string_equal(text, world->expected[revision]);
		problem_list_free(&problems);
		free(text);
	}
}

static void run_world(uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));
	assert_non_null(world);
	world->random = random_source_of(seed);
	world->provision = provision_rig_open(NULL);
	apply_whole(world);
	for (uint32_t i = 0; i < STEPS; i++) {
		if (world->count > 0 && random_source_once_in(&world->random, 4))
			remove_company(world);
		else
			put_company(world);
		check_world(world);
		if (random_source_once_in(&world->random, 20))
			restart(world);
		if (random_source_once_in(&world->random, 40))
			apply_whole(world); /* nothing differs: no revision */
	}
	check_history(world);
	restart(world);
	check_world(world);
	check_history(world);
	provision_close(world->provision);
	for (uint64_t i = 0; i <= world->revision; i++)
		free(world->expected[i]);
	free(world);
}

static void companies_one_by_one_make_what_the_whole_makes(void **state)
{
	(void)state;
	run_world(1);
}

static void so_they_do_in_another_order(void **state)
{
	(void)state;
	run_world(2);
}

/* ---- a table of names ---- */

enum { NAMES = 64 };

static void names_go_and_others_are_still_found(void **state)
{
	struct random_source random = random_source_of(3);
	struct arena arena = {0};
	struct name_table first = {0}, table = {0};
	char name[NAMES][8];
	uint32_t value[NAMES] = {0}; /* 0: not there */
	(void)state;
	assert_int_equal(name_table_build(&first, &arena, NAMES / 2), STATUS_OK);
	assert_int_equal(name_table_build_copy(&table, &arena, &first), STATUS_OK);
	assert_true(name_table_build_has_room(&table, NAMES / 2));
	assert_false(name_table_build_has_room(&table, NAMES / 2 + 1));
	assert_false(name_table_build_has_room(&(struct name_table){0}, 0));
	for (uint32_t i = 0; i < NAMES; i++)
		snprintf(name[i], sizeof(name[i]), "n%u", i);
	for (uint32_t step = 1; step < 20000; step++) {
		uint32_t i = random_source_below(&random, NAMES), found;
		if (value[i] && random_source_once_in(&random, 4)) {
			name_table_build_set(&table, span_of_text(name[i]), step, false);
			value[i] = step;
		} else if (value[i]) {
			name_table_build_remove(&table, span_of_text(name[i]), false);
			value[i] = 0;
		} else if (name_table_build_has_room(&table, table.count + 1)) {
			assert_true(name_table_build_add(&table, span_of_text(name[i]), step, false));
			value[i] = step;
		}
		for (uint32_t j = 0; j < NAMES; j++) {
			bool is_there = name_table_find(&found, &table, span_of_text(name[j]), false);
			assert_int_equal(is_there, value[j] != 0);
			if (is_there)
				assert_int_equal(found, value[j]);
		}
	}
	assert_int_equal(first.count, 0);
	name_table_build_remove(&first, SPAN_LITERAL("x"), false);
	arena_free(&arena);
}

/* ---- what is refused ---- */

#define TWO                                                                                                            \
	"carriers: [{name: t, address: ['udp:192.0.2.1']}]\n"                                                          \
	"companies:\n- {name: a, domain: a.example, country: ES, ddis: [{number: '+34111'}]}\n"                        \
	"- {name: b, domain: b.example, country: ES, ddis: [{number: '+34222'}]}\n"

static void refused(struct provision *provision, const char *company, const char *text, const char *problem)
{
	struct provision_rig_answer answer = apply_company(provision, company, text);
	assert_false(answer.accepted);
	assert_int_equal(answer.problem_count, 1);
	if (!strstr(answer.problems[0], problem))
		fail_msg("expected ...%s..., got %s", problem, answer.problems[0]);
	assert_int_equal(answer.revision, 1);
	provision_rig_forget(&answer);
}

static void what_is_of_others_is_refused(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	struct provision_rig_answer answer = provision_rig_apply(provision, TWO);
	assert_true(answer.accepted);
	provision_rig_forget(&answer);
	refused(provision, "a", "companies:\n- {name: a, domain: B.example, country: ES}\n",
		"2:21 domain: the domain 'B.example' is taken already, by company 'b'");
	refused(provision, "a", "companies:\n- {name: a, domain: a.example, country: ES, ddis: [{number: '+34222'}]}\n",
		"number: the DDI '+34222' is taken already, by company 'b'");
	refused(provision, "c", "companies:\n- {name: c, domain: a.example, country: ES}\n",
		"is taken already, by company 'a'");
	refused(provision, "a", "companies:\n- {name: b, domain: b.example, country: FR}\n",
		"name: is 'b', but company 'a' is applied");
	refused(provision, "a",
		"companies:\n- {name: a, domain: a.example, country: FR}\n- {name: b, domain: b.example, country: "
		"FR}\n",
		"companies: has a second company");
	refused(provision, "a", "carriers: []\ncompanies:\n- {name: a, domain: a.example, country: ES}\n",
		"carriers: is not of one company");
	refused(provision, "c", "companies: []\n", "to remove company 'c', which is not there");
	refused(provision, "a", "companies:\n- {name: a, domain: a.example, country: ES, outgoing_ddi: '+1'}\n",
		"is no DDI of this company");
	refused(provision, "a",
		"companies:\n- {name: a, domain: a.example, country: ES, friends: [{name: f, password: p, patterns: "
		"['(']}]}\n",
		"pattern");
	provision_close(provision);
}

static void dry_runs_and_what_is_the_same_change_nothing(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	struct provision_rig_answer answer = provision_rig_apply(provision, TWO);
	provision_rig_forget(&answer);
	const struct provision_request dry = {
		.action = PROVISION_DRY_RUN, .company = "b", .text = SPAN_LITERAL("companies: []\n")};
	answer = provision_rig_ask(provision, &dry);
	assert_true(answer.accepted);
	assert_int_equal(answer.count[MODEL_KIND_COMPANY].removed, 1);
	assert_int_equal(answer.count[MODEL_KIND_COMPANY].added, 0);
	provision_rig_forget(&answer);
	answer = apply_company(provision, "b",
			       "companies: [{name: b, domain: b.example, country: ES, ddis: [{number: '+34222'}]}]\n");
	assert_true(answer.accepted && answer.is_same);
	assert_int_equal(answer.revision, 1);
	provision_rig_forget(&answer);
	assert_int_equal(provision_directory(provision)->company_count, 2);
	provision_close(provision);
}

/* ---- history and copy ---- */

struct rows {
	char action[3][40];
	uint32_t count, companies[3];
};

static void note_row(void *argument, const struct provision_history_row *row)
{
	struct rows *rows = argument;
	assert_true(rows->count < 3 && row->has_document);
	rows->companies[rows->count] = row->company_count;
	snprintf(rows->action[rows->count++], 40, "%s", row->action);
}

static uint64_t copied_revision(void)
{
	char path[128];
	unsigned long long revision = 0;
	snprintf(path, sizeof(path), "%s/%s", provision_rig_directory, PROVISION_STORE_COPY_FILE);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "# Revision %llu", &revision), 1);
	fclose(file);
	return revision;
}

static void the_history_names_it_and_the_copy_follows(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	struct rows rows = {0};
	struct problem_list problems = {0};
	struct provision_rig_answer answer = provision_rig_apply(provision, TWO);
	provision_rig_forget(&answer);
	answer = apply_company(provision, "c", "companies: [{name: c, domain: c.example, country: ES}]\n");
	assert_int_equal(answer.count[MODEL_KIND_COMPANY].added, 1);
	provision_rig_forget(&answer);
	answer = apply_company(provision, "a", "companies: []\n");
	provision_rig_forget(&answer);
	assert_int_equal(provision_history(provision, 3, note_row, &rows, &problems), STATUS_OK);
	assert_int_equal(rows.count, 3);
	assert_string_equal(rows.action[0], "apply --company a");
	assert_string_equal(rows.action[1], "apply --company c");
	assert_int_equal(rows.companies[0], 2);
	assert_int_equal(rows.companies[1], 3);
	assert_int_equal(rows.companies[2], 2);
	assert_int_equal(copied_revision(), 1);
	const struct provision_request copy = {.action = PROVISION_COPY};
	answer = provision_rig_ask(provision, &copy);
	assert_true(answer.accepted);
	provision_rig_forget(&answer);
	assert_int_equal(copied_revision(), 3);
	/* Back, and one more: a rollback stores a whole document. */
	const struct provision_request back = {.action = PROVISION_APPLY, .revision = 2};
	answer = provision_rig_ask(provision, &back);
	assert_true(answer.accepted);
	assert_int_equal(provision_directory(provision)->company_count, 3);
	provision_rig_forget(&answer);
	answer = apply_company(provision, "c", "companies: []\n");
	provision_rig_forget(&answer);
	assert_int_equal(copied_revision(), 4);
	provision_close(provision);
	assert_int_equal(copied_revision(), 5);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, provision_rig_set_up, provision_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(companies_one_by_one_make_what_the_whole_makes),  CASE(so_they_do_in_another_order),
		cmocka_unit_test(names_go_and_others_are_still_found), CASE(what_is_of_others_is_refused),
		CASE(dry_runs_and_what_is_the_same_change_nothing),    CASE(the_history_names_it_and_the_copy_follows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
