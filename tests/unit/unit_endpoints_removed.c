/*
 * What an apply says it took away: endpoints by the key of their bindings, whether a company was applied alone or the
 * document is the whole.
 */
#include "cmocka_all.h"
#include "company.h"
#include "provision_rig.h"

#define REMOVED_MAX 16

static struct provision *provision;

static struct {
	uint8_t key[REMOVED_MAX][AOR_KEY_BYTES];
	uint32_t count;
	bool accepted;
} noted;

static int set_up(void **state)
{
	int failed = provision_rig_set_up(state);
	if (!failed)
		provision = provision_rig_open(NULL);
	return failed;
}

static int tear_down(void **state)
{
	provision_close(provision);
	return provision_rig_tear_down(state);
}

static void note(void *argument, const struct apply_result *result)
{
	(void)argument;
	noted.accepted = result->accepted;
	noted.count = result->removed.count;
	assert_in_range(noted.count, 0, REMOVED_MAX);
	if (noted.count)
		memcpy(noted.key, result->removed.aor_keys, noted.count * (size_t)AOR_KEY_BYTES);
}

/* `company` NULL: `text` is the whole. */
static void apply(const char *company, const char *text)
{
	const struct provision_request request = {.action = PROVISION_APPLY,
						  .company = company,
						  .text = span_of_text(text),
						  .file_name = "test.yaml",
						  .origin = "test"};
	assert_int_equal(provision_submit(provision, &request, note, NULL), STATUS_OK);
	assert_true(noted.accepted);
}

static void assert_removed(const char *name, const char *domain)
{
	uint8_t key[AOR_KEY_BYTES];
	uint32_t i = 0;
	endpoint_key_make(key, provision_keys(provision)->aor_key, span_of_text(name), span_of_text(domain));
	while (i < noted.count && memcmp(noted.key[i], key, AOR_KEY_BYTES) != 0)
		i++;
	assert_true(i < noted.count);
}

#define COMPANY(name, domain, users)                                                                                   \
	"- name: " name "\n  domain: " domain ".example\n  country: ES\n  users: [" users "]\n"
#define USER(name) "{name: " name ", password: secret}"
#define A_AND_B	   COMPANY("a", "a", USER("u1") ", " USER("u2")) COMPANY("b", "b", USER("u1") ", " USER("u3"))

static void of_a_whole_document(void **state)
{
	(void)state;
	apply(NULL, "companies:\n" A_AND_B);
	assert_int_equal(noted.count, 0);
	/* One less, one more; the other company ends, and one comes before both. */
	apply(NULL, "companies:\n" COMPANY("0", "0", USER("u1")) COMPANY("a", "a", USER("u2") ", " USER("u4")));
	assert_int_equal(noted.count, 3);
	assert_removed("u1", "a.example");
	assert_removed("u1", "b.example");
	assert_removed("u3", "b.example");
	apply(NULL, "companies: []\n");
	assert_int_equal(noted.count, 3);
}

static void of_a_company_alone(void **state)
{
	(void)state;
	apply(NULL, "companies:\n" A_AND_B);
	apply("b", "companies:\n" COMPANY("b", "b", USER("u3")));
	assert_int_equal(noted.count, 1);
	assert_removed("u1", "b.example");
	/* What changes in an endpoint is no reason. */
	apply("b", "companies:\n" COMPANY("b", "b", "{name: u3, password: another}"));
	assert_int_equal(noted.count, 0);
	apply("a", "companies: []\n");
	assert_int_equal(noted.count, 2);
	assert_removed("u1", "a.example");
	assert_removed("u2", "a.example");
}

/* They have to register with the new one. */
static void of_another_domain(void **state)
{
	(void)state;
	apply(NULL, "companies:\n" A_AND_B);
	apply("b", "companies:\n" COMPANY("b", "c", USER("u1") ", " USER("u3")));
	assert_int_equal(noted.count, 2);
	assert_removed("u1", "b.example");
	assert_removed("u3", "b.example");
}

/* The domain goes to a company of another name, endpoints and all: they stay. */
static void not_of_another_name(void **state)
{
	(void)state;
	apply(NULL, "companies:\n" A_AND_B);
	apply(NULL, "companies:\n" COMPANY("a", "a", USER("u1") ", " USER("u2"))
			    COMPANY("z", "b", USER("u1") ", " USER("u3")));
	assert_int_equal(noted.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_a_whole_document, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_company_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_another_domain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_of_another_name, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
