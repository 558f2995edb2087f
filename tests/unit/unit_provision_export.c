/* The normal form: complete, re-applicable, the same bytes for the same content; and what comparing sees. */
#include <stdlib.h>

#include "cmocka_all.h"
#include "model_changes.h"
#include "model_compare.h"
#include "model_export.h"
#include "provision_text.h"

static char *export_all(const struct model *model)
{
	char *text = NULL;
	assert_int_equal(model_export(&text, model, NULL), STATUS_OK);
	return text;
}

static void export_and_read_are_inverse(void **state)
{
	(void)state;
	struct model *first = provision_text_must(provision_text_full);
	char *text = export_all(first);
	struct model *second = provision_text_must(text);
	char *again = export_all(second);
	assert_string_equal(text, again);
	assert_true(model_compare_objects(&model_schema_document, first, second));
	free(text);
	free(again);
	model_free(first);
	model_free(second);
}

static void awkward_texts_survive(void **state)
{
	(void)state;
	struct model *first = provision_text_must(
		"companies:\n"
		"- {name: \"true\", domain: a.b, country: ES, users: [{name: '*', password: '- # ''x'': {['},"
		" {name: '7', password: \"~\"}, {name: n, password: ' blanks '}],\n"
		"   friends: [{name: no, password: \"\\\\\", description: \"Caf\\u00e9 \\U0001F4DE: '%'\", patterns: "
		"['^(\\d+), x$', '\\\\']}]}\n");
	char *text = export_all(first);
	struct model *second = provision_text_must(text);
	assert_true(model_compare_objects(&model_schema_document, first, second));
	free(text);
	model_free(first);
	model_free(second);
}

static void defaults_are_not_written(void **state)
{
	(void)state;
	struct model *a = provision_text_must(
		"companies: [{name: a, domain: a.b, country: ES, friends: [{name: f, password: p}]}]\n");
	struct model *b = provision_text_must(
		"companies: [{name: a, domain: a.b, country: ES, max_calls: 0, users: [], friends: [{name: f, "
		"password: p, priority: 1, auth: digest, ddi_in: true, patterns: []}]}]\n");
	char *text_a = export_all(a), *text_b = export_all(b);
	assert_string_equal(text_a, text_b);
	assert_true(model_compare_objects(&model_schema_document, a, b));
	free(text_a);
	free(text_b);
	model_free(a);
	model_free(b);
}

static void an_empty_model_is_a_document_too(void **state)
{
	(void)state;
	struct model *model = provision_text_must("companies: []\n");
	char *text = export_all(model);
	model_free(provision_text_must(text));
	free(text);
	model_free(model);
}

static void one_company_alone(void **state)
{
	(void)state;
	struct model *model = provision_text_must(provision_text_full);
	char *text = NULL;
	assert_int_equal(model_export(&text, model, model_find_company(model, SPAN_LITERAL("acme"))), STATUS_OK);
	assert_null(strstr(text, "telco-a"));
	model_free(provision_text_must(text));
	free(text);
	model_free(model);
}

static void changes_are_counted(void **state)
{
	(void)state;
	struct model *a = provision_text_must(
		"companies:\n"
		"- {name: a, domain: a.b, country: ES, users: [{name: u, password: p}, {name: v, password: p}]}\n"
		"- {name: b, domain: b.b, country: ES}\n"
		"- {name: c, domain: c.b, country: ES, extensions: [{number: '1'}]}\n");
	struct model *b = provision_text_must(
		"carriers: [{name: t, address: [udp:10.0.0.1]}]\n"
		"companies:\n"
		"- {name: b, domain: b.b, country: ES}\n"
		"- {name: a, domain: a.b, country: ES, users: [{name: u, password: q}, {name: w, password: p}]}\n"
		"- {name: d, domain: d.b, country: ES, ddis: [{number: '+34944'}]}\n");
	struct model_changes changes;
	assert_int_equal(model_changes_find(&changes, a, b, (struct model_changes_limit){100, true}), STATUS_OK);
	static const struct model_change_count wanted[MODEL_KIND_COUNT] = {
		[MODEL_KIND_CARRIER] = {1, 0, 0},   [MODEL_KIND_COMPANY] = {1, 1, 1}, [MODEL_KIND_USER] = {1, 1, 1},
		[MODEL_KIND_EXTENSION] = {0, 0, 1}, [MODEL_KIND_DDI] = {1, 0, 0},
	};
	assert_memory_equal(changes.count, wanted, sizeof(wanted));
	char summary[200];
	model_changes_summarise(summary, sizeof(summary), &changes);
	assert_string_equal(summary, "carriers +1, companies +1 ~1 -1, users +1 ~1 -1, extensions -1, ddis +1");
	model_changes_free(&changes);
	model_free(a);
	model_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(export_and_read_are_inverse), cmocka_unit_test(awkward_texts_survive),
		cmocka_unit_test(defaults_are_not_written),    cmocka_unit_test(an_empty_model_is_a_document_too),
		cmocka_unit_test(one_company_alone),	       cmocka_unit_test(changes_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
