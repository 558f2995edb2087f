#include <stdlib.h>
#include "provision_text.h"

#include "cmocka_all.h"

const char *const provision_text_full =
	"carriers:\n"
	"  - name: telco-a\n"
	"    address: [udp:198.51.100.7:5060, udp:198.51.100.8]\n"
	"    priority: 10\n"
	"    patterns: ['^\\+']\n"
	"    sources: [198.51.100.0/28]\n"
	"    country: ES\n"
	"    from_domain: sip.example.net\n"
	"    max_calls: 30\n"
	"  - {name: last resort, address: ['udp:[2001:db8::1]'], priority: 20}\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    area_code: \"\"\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    max_calls: 20\n"
	"    emergency: [\"112\", \"061\"]\n"
	"    sources: []\n"
	"    users:\n"
	"      - name: alice\n"
	"        password: s3cret\n"
	"        extension: \"101\"\n"
	"        display: Alice Doe\n"
	"        outgoing_ddi: \"+34944000001\"\n"
	"        call_acl: national\n"
	"        country: ES\n"
	"        area_code: \"94\"\n"
	"        multi_contact: true\n"
	"        max_calls: 2\n"
	"    friends:\n"
	"      - name: hq-pbx\n"
	"        description: Headquarters\n"
	"        priority: 10\n"
	"        password: \"it's: #1\"\n"
	"        auth: digest\n"
	"        direct: udp:192.0.2.10:5061\n"
	"        ruri_domain: pbx.example.org\n"
	"        patterns: ['^2[0-9]{3}$', '^(?!29)2']\n"
	"        call_acl: national\n"
	"        fallback_ddi: \"+34944000001\"\n"
	"        country: FR\n"
	"        area_code: \"1\"\n"
	"        from_user: trunk01\n"
	"        from_domain: hq.example.org\n"
	"        ddi_in: false\n"
	"        always_transform: true\n"
	"        multi_contact: false\n"
	"        max_calls: 15\n"
	"        max_cps: 5\n"
	"        forwards:\n"
	"          - {when: busy, calls: both, to: {extension: \"900\"}}\n"
	"          - {when: no_answer, after: 30, calls: internal, to: {number: \"+34600000000\"}}\n"
	"          - {when: no_answer, calls: external, to: {number: \"+34600000001\"}}\n"
	"      - {name: branch, password: other, patterns: ['^3']}\n"
	"      - {name: trusted, auth: source, direct: 'udp:[2001:db8::5]:5070', patterns: ['.*'], priority: 32767}\n"
	"    extensions:\n"
	"      - {number: \"101\", route: {user: alice}}\n"
	"      - {number: \"2001\", route: {friend: \"2001\"}}\n"
	"      - {number: \"900\", route: {number: \"+34900123123\"}}\n"
	"      - {number: \"199\"}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"2000\"}}\n"
	"      - {number: \"+34944000001\", route: {user: alice}, display: Sales}\n"
	"      - {number: \"+34944000002\", route: {extension: \"2001\"}}\n"
	"    call_acls:\n"
	"      - name: national\n"
	"        default: deny\n"
	"        rules:\n"
	"          - {allow: '^\\+34[6789]'}\n"
	"          - {deny: '^\\+34806'}\n";

struct model *provision_text_model(const char *text, struct problem_list *problems)
{
	struct model *model = NULL;
	enum status status = model_read(&model, span_of_text(text), "test.yaml", problems);
	if (status != STATUS_OK)
		return NULL;
	if (model_validate(model, span_of_text(text), "test.yaml", problems) == STATUS_OK)
		return model;
	model_free(model);
	return NULL;
}

struct model *provision_text_must(const char *text)
{
	struct problem_list problems = {0};
	struct model *model = provision_text_model(text, &problems);
	problem_list_print(&problems, stderr);
	problem_list_free(&problems);
	assert_non_null(model);
	return model;
}

void provision_text_refused(const char *text, uint32_t line, uint32_t column, const char *key, const char *message_part)
{
	struct problem_list problems = {0};
	struct model *model = provision_text_model(text, &problems);
	assert_null(model);
	const struct problem *found = problems.item;
	bool is_right = problems.count == 1 && found->line == line && found->column == column &&
			strstr(found->message, message_part) &&
			(key ? found->key && strcmp(found->key, key) == 0 : !found->key);
	if (!is_right) {
		fprintf(stderr, "expected %u:%u %s: ...%s... in\n%s\nbut got\n", line, column, key ? key : "-",
			message_part, text);
		problem_list_print(&problems, stderr);
	}
	assert_true(is_right);
	assert_string_equal(found->file, "test.yaml");
	problem_list_free(&problems);
}
