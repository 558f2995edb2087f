/* The normal form: complete, re-applicable, the same bytes for the same content; and what comparing sees. */
#include <stdlib.h>

#include "cmocka_all.h"
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
	struct apply_result result = {0};
	assert_int_equal(model_compare_count(&result, a, b), STATUS_OK);
	assert_int_equal(result.carriers.added, 1);
	assert_int_equal(result.companies.added, 1);
	assert_int_equal(result.companies.changed, 1);
	assert_int_equal(result.companies.removed, 1);
	assert_int_equal(result.users.added, 1);
	assert_int_equal(result.users.changed, 1);
	assert_int_equal(result.users.removed, 1);
	assert_int_equal(result.extensions.removed, 1);
	assert_int_equal(result.ddis.added, 1);
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
