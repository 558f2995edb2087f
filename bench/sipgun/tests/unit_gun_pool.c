/* unit_gun_pool.c - the rows of --pool: read, arranged by domain, and refused with their line. */
#include "gun_pool.h"

#include "cmocka_all.h"
#include "digest_secret.h"

static struct gun_pool pool;
static char error[GUN_POOL_ERROR_BYTES];

static bool read_text(const char *text)
{
	return gun_pool_read(&pool, "pool", span_of_text(text), error);
}

static void rows_stand_by_domain(void **state)
{
	(void)state;
	assert_true(read_text("# who calls\n"
			      "user a.test alice one\r\n"
			      "user b.test bob two\n"
			      "\n"
			      "dial b.test 201   # a number\n"
			      "user A.test anna three\n"
			      "  dial\ta.test\t101\n"
			      "dial c.test 301"));
	assert_int_equal(pool.user_count, 3);
	assert_int_equal(pool.domain_count, 3);
	assert_int_equal(pool.calling_count, 2);
	const struct gun_domain *a = &pool.domain[0], *b = &pool.domain[1];
	assert_true(span_equals(a->name, SPAN_LITERAL("a.test")));
	assert_int_equal(a->user_count, 2);
	assert_true(span_equals(pool.user[a->first_user].name, SPAN_LITERAL("alice")));
	assert_true(span_equals(pool.user[a->first_user + 1].name, SPAN_LITERAL("anna")));
	assert_true(span_equals(pool.dial[b->first_dial].uri, SPAN_LITERAL("sip:201@b.test")));
	assert_true(span_equals(pool.domain[2].uri, SPAN_LITERAL("sip:c.test")));
	gun_pool_free(&pool);
}

static void hashes_are_the_routers(void **state)
{
	struct digest_secret secret;

	(void)state;
	assert_true(read_text("user acme.test alice alice-secret\n"));
	digest_make_secret(&secret, SPAN_LITERAL("alice"), SPAN_LITERAL("acme.test"), SPAN_LITERAL("alice-secret"));
	assert_memory_equal(pool.user[0].ha1.md5, secret.ha1_md5, 32);
	assert_memory_equal(pool.user[0].ha1.sha256, secret.ha1_sha256, 64);
	gun_pool_free(&pool);
}

static void a_wrong_row_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *wants;
	} wrong[] = {
		{"user a.test alice one\ncall a.test 1\n", "pool:2: there are no rows 'call'"},
		{"user a.test alice\n", "pool:1: words are missing behind 'alice'"},
		{"\n\nuser\n", "pool:3: words are missing behind 'user'"},
		{"dial a.test 1 2\n", "pool:1: there is more behind '1'"},
		{"user a.test alice one two three\n", "pool:1: there is more behind 'one'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(read_text(wrong[i].text));
		assert_non_null(strstr(error, wrong[i].wants));
		assert_null(pool.user);
	}
}

static void nothing_is_a_pool_without_rows(void **state)
{
	(void)state;
	assert_true(read_text(""));
	assert_int_equal(pool.user_count + pool.dial_count + pool.calling_count, 0);
	gun_pool_free(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_stand_by_domain),
		cmocka_unit_test(hashes_are_the_routers),
		cmocka_unit_test(a_wrong_row_is_named),
		cmocka_unit_test(nothing_is_a_pool_without_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
