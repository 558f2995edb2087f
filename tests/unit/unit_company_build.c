/* A company of the model to its block: everything resolved as include/company.h says. */
#include <sodium.h>

#include "cmocka_all.h"
#include "company_build.h"
#include "company_size.h"
#include "provision_text.h"

static struct secret_keys keys = {.aor_key = "0123456789abcde"};

static struct company_block *build(const struct model *model)
{
	struct pattern_pool *pool;
	struct pattern_error error;
	struct company_block *block;
	assert_int_equal(pattern_pool_create(&pool), STATUS_OK);
	assert_int_equal(company_build(&block, &model_companies(model)[0], &keys, pool, &error), STATUS_OK);
	pattern_pool_free(pool);
	return block;
}

static const struct endpoint *find(const struct company *company, const char *name)
{
	uint32_t index = 0;
	assert_true(name_table_find(&index, &company->endpoint_by_name, span_of_text(name), false));
	return &company->endpoint[index];
}

static void everything_is_resolved(void **state)
{
	(void)state;
	struct model *model = provision_text_must(provision_text_full);
	struct company_block *block = build(model);
	model_free(model); /* the block stands alone */
	const struct company *acme = company_build_view(block);
	assert_span_equal(acme->domain, SPAN_LITERAL("acme.example.net"));
	assert_int_equal(acme->endpoint_count, 4);
	assert_true(acme->has_source_auth);
	assert_int_equal(acme->emergency_count, 2);
	assert_int_equal(acme->source_count, 0);

	const struct endpoint *alice = find(acme, "alice"), *hq = find(acme, "hq-pbx"), *branch = find(acme, "branch");
	assert_int_equal(alice->kind, ENDPOINT_USER);
	assert_span_equal(alice->extension, SPAN_LITERAL("101"));
	assert_span_equal(alice->presented_ddi, SPAN_LITERAL("+34944000001"));
	assert_span_equal(alice->dial_plan.area_code, SPAN_LITERAL("94"));
	assert_span_equal(alice->from_domain, acme->domain);
	assert_ptr_equal(alice->acl, &acme->acl[0]);
	uint8_t key[AOR_KEY_BYTES];
	endpoint_key_make(key, keys.aor_key, SPAN_LITERAL("alice"), SPAN_LITERAL("acme.example.net"));
	assert_memory_equal(key, alice->aor_key, sizeof(key));
	struct digest_secret secret;
	digest_make_secret(&secret, SPAN_LITERAL("alice"), SPAN_LITERAL("acme.example.net"), SPAN_LITERAL("s3cret"));
	assert_memory_equal(&secret, &alice->secret, sizeof(secret));

	assert_true(hq->is_direct);
	assert_int_equal(hq->direct.port, 5061);
	assert_string_equal(hq->dial_plan.country->code, "FR");
	assert_span_equal(hq->from_domain, SPAN_LITERAL("hq.example.org"));
	assert_span_equal(hq->ruri_domain, SPAN_LITERAL("pbx.example.org"));
	assert_span_equal(hq->from_user, SPAN_LITERAL("trunk01"));
	assert_true(!hq->ddi_in && hq->always_transform && !hq->multi_contact);
	assert_string_equal(branch->dial_plan.country->code, "ES");
	assert_span_equal(branch->presented_ddi, SPAN_LITERAL("+34944000000"));
	assert_int_equal(acme->max_calls, 20);
	assert_int_equal(alice->max_calls, 2);
	assert_int_equal(hq->max_calls, 15);
	assert_int_equal(hq->max_cps, 5);
	assert_int_equal(branch->max_calls + branch->max_cps + branch->forward_count + alice->forward_count, 0);
	assert_null(branch->acl);
	assert_true(branch->ddi_in && branch->multi_contact && !branch->is_direct);
	company_build_release(block);
}

/* R25. */
static void codecs_are_a_set(void **state)
{
	(void)state;
	struct model *model =
		provision_text_must("companies: [{name: a, domain: a.b, country: ES, users: [{name: u, password: p}], "
				    "friends: [{name: f, password: p, codecs: [g729, OPUS]}, {name: v, password: p, "
				    "codecs: [PCMU, h264]}]}]\n");
	struct company_block *block = build(model);
	model_free(model);
	const struct company *company = company_build_view(block);
	assert_int_equal(find(company, "u")->codecs, CODEC_BIT(PCMA) | codec_set_event | codec_set_video);
	assert_int_equal(find(company, "f")->codecs,
			 CODEC_BIT(G729) | CODEC_BIT(OPUS) | codec_set_event | codec_set_video);
	assert_int_equal(find(company, "v")->codecs, CODEC_BIT(PCMU) | CODEC_BIT(H264) | codec_set_event);
	company_build_release(block);
}

static void forwards_keep_their_order(void **state)
{
	(void)state;
	struct model *model = provision_text_must(provision_text_full);
	struct company_block *block = build(model);
	model_free(model);
	const struct endpoint *hq = find(company_build_view(block), "hq-pbx");
	static const struct forward wanted[] = {
		{FORWARD_BUSY, FORWARD_CALLS_BOTH, 0, {.target = ROUTE_EXTENSION, .number = SPAN_LITERAL("900")}},
		{FORWARD_NO_ANSWER,
		 FORWARD_CALLS_INTERNAL,
		 30,
		 {.target = ROUTE_NUMBER, .number = SPAN_LITERAL("+34600000000")}},
		{FORWARD_NO_ANSWER,
		 FORWARD_CALLS_EXTERNAL,
		 20, /* when it is not given */
		 {.target = ROUTE_NUMBER, .number = SPAN_LITERAL("+34600000001")}},
	};
	assert_int_equal(hq->forward_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(hq->forward[i].when, wanted[i].when);
		assert_int_equal(hq->forward[i].calls, wanted[i].calls);
		assert_int_equal(hq->forward[i].after_s, wanted[i].after_s);
		assert_int_equal(hq->forward[i].to.target, wanted[i].to.target);
		assert_span_equal(hq->forward[i].to.number, wanted[i].to.number);
	}
	company_build_release(block);
}

static void routes_point_to_what_they_name(void **state)
{
	(void)state;
	struct model *model = provision_text_must(provision_text_full);
	struct company_block *block = build(model);
	model_free(model);
	const struct company *acme = company_build_view(block);
	static const uint8_t targets[] = {ROUTE_USER, ROUTE_FRIEND, ROUTE_NUMBER, ROUTE_NONE};
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(acme->extension[i].route.target, targets[i]);
	assert_span_equal(acme->endpoint[acme->extension[0].route.endpoint].name, SPAN_LITERAL("alice"));
	assert_int_equal(acme->ddi[2].route.target, ROUTE_EXTENSION);
	assert_span_equal(acme->ddi[1].display, SPAN_LITERAL("Sales"));
	uint32_t index;
	assert_true(name_table_find(&index, &acme->ddi_by_number, SPAN_LITERAL("+34944000002"), false));
	assert_int_equal(index, 2);
	assert_true(name_table_find(&index, &acme->extension_by_number, SPAN_LITERAL("900"), false));
	assert_span_equal(acme->extension[index].route.number, SPAN_LITERAL("+34900123123"));
	company_build_release(block);
}

/* R8: the ids follow priority, then the friend's name bytewise, then the friend's own order. */
static void pattern_ids_follow_the_order_of_r8(void **state)
{
	(void)state;
	struct model *model = provision_text_must("companies:\n- {name: a, domain: a.b, country: ES, friends: [\n"
						  "   {name: b, password: p, priority: 5, patterns: [b1, b2]},\n"
						  "   {name: c, password: p, priority: 0, patterns: [c1]},\n"
						  "   {name: a, password: p, priority: 5, patterns: [a1]},\n"
						  "   {name: B, password: p, priority: 5, patterns: [B1]},\n"
						  "   {name: aa, password: p, priority: 5, patterns: [aa1]}]}\n");
	struct company_block *block = build(model);
	model_free(model);
	const struct company *company = company_build_view(block);
	static const char *const expected[] = {"c1", "B1", "a1", "aa1", "b1", "b2"};
	static const uint32_t owner[] = {1, 3, 2, 4, 0, 0};
	assert_int_equal(company->friends.count, 6);
	for (uint32_t i = 0; i < 6; i++) {
		assert_span_equal(company->friends.text[i], span_of_text(expected[i]));
		assert_int_equal(company->friends.owner[i], owner[i]);
	}
	company_build_release(block);
}

/* A friend without password must not be one that anybody can compute digests for. */
static void without_password_the_secret_is_unknown(void **state)
{
	(void)state;
	struct model *model = provision_text_must(provision_text_full);
	struct company_block *one = build(model), *other = build(model);
	model_free(model);
	const struct endpoint *a = find(company_build_view(one), "trusted"),
			      *b = find(company_build_view(other), "trusted");
	struct digest_secret empty;
	digest_make_secret(&empty, SPAN_LITERAL("trusted"), SPAN_LITERAL("acme.example.net"), SPAN_LITERAL(""));
	assert_memory_not_equal(&a->secret, &b->secret, sizeof(empty));
	assert_memory_not_equal(&a->secret, &empty, sizeof(empty));
	assert_int_equal(a->auth, ENDPOINT_AUTH_SOURCE);
	company_build_release(one);
	company_build_release(other);
}

/* Ten friends with two plain patterns each, as many as are near. */
#define USUAL_PATTERNS 20

static struct model *make_usual_company(int extensions)
{
	char text[16384];
	int length = snprintf(text, sizeof(text),
			      "companies: [{name: company-1, domain: c1.example.net, country: ES, area_code: \"94\", "
			      "emergency: [\"112\", \"061\", \"091\"], sources: [192.0.2.0/24], "
			      "users: [{name: alice, password: secret, extension: \"101\"}], extensions: [");
	for (int i = 0; i < extensions; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
				   "{number: \"%d\", route: {user: alice}},", 101 + i);
	length += snprintf(text + length, sizeof(text) - (size_t)length, "], friends: [");
	for (int i = 0; i < 10; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
				   "{name: friend-%d, password: secret, direct: \"udp:192.0.2.%d:5060\", "
				   "patterns: [\"^2%d[0-9]{2}$\", \"^7%d[0-9]+$\"]},",
				   i, 10 + i, i, i);
	snprintf(text + length, sizeof(text) - (size_t)length, "]}]\n");
	return provision_text_must(text);
}

static bool is_within(const void *at, size_t bytes, const void *begin, size_t most)
{
	uintptr_t from = (uintptr_t)at, start = (uintptr_t)begin;
	return from >= start && from + bytes <= start + most;
}

static void what_calls_look_at_lies_behind_the_company(void **state)
{
	(void)state;
	struct model *model = make_usual_company(1);
	struct company_block *block = build(model);
	model_free(model);
	const struct company *company = company_build_view(block);
	const struct pattern_set *friends = &company->friends;
	assert_int_equal((uintptr_t)company % 64, 0);
	assert_int_equal(friends->count, USUAL_PATTERNS);
	assert_int_equal(friends->plain_count, USUAL_PATTERNS);
	assert_true(company->has_near_patterns);
	for (uint32_t i = 0; i < friends->count; i++)
		assert_int_equal(friends->owner[i], 1 + i / 2); /* behind the user */
	assert_true(is_within(company->name.at, company->name.length, company + 1, COMPANY_NEAR_BYTES));
	assert_true(is_within(company->domain.at, company->domain.length, company + 1, COMPANY_NEAR_BYTES));
	assert_true(is_within(friends->plain, pattern_plains_bytes(friends->plain), company + 1, COMPANY_NEAR_BYTES));
	assert_true(
		is_within(friends->owner, friends->count * sizeof(*friends->owner), company + 1, COMPANY_NEAR_BYTES));
	company_build_release(block);
}

/* The table that is built last ends it: nothing is in a second chunk, and what is left is for alignment. */
static void a_company_is_one_piece_and_little_of_it_is_empty(void **state)
{
	(void)state;
	for (int extensions = 1; extensions <= 101; extensions += 50) {
		struct model *model = make_usual_company(extensions);
		struct company_block *block = build(model);
		const struct company *company = company_build_view(block);
		size_t bytes = sizeof(*company) + company_size_bytes(&model_companies(model)[0]);
		const struct name_table *last = &company->extension_by_number;
		size_t used = (size_t)((const char *)(last->slot + last->mask + 1) - (const char *)company);
		assert_true(is_within(company->endpoint, company->endpoint_count * sizeof(*company->endpoint), company,
				      bytes));
		assert_in_range(used, 0, bytes);
		if (extensions == 1)
			assert_in_range(bytes - used, 0, 600);
		company_build_release(block);
		model_free(model);
	}
}

/* A pattern may have many rows, a row may be long, and many rows are groups with their table. */
static void many_and_long_rows_are_in_the_piece(void **state)
{
	static const char *const patterns[] = {"\"^3491234567%d$\"", "\"^[2-9]%d[0-9]{2}$\"",
					       "\"^3491234567%d$\", \"^[2-9]%d\""};
	char text[8192];
	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		int length = snprintf(text, sizeof(text),
				      "companies: [{name: company-1, domain: c1.example.net, country: ES, friends: [");
		for (int f = 0; f < 10; f++) {
			length += snprintf(
				text + length, sizeof(text) - (size_t)length,
				"{name: friend-%d, password: secret, direct: \"udp:192.0.2.%d:5060\", patterns: [", f,
				10 + f);
			length += snprintf(text + length, sizeof(text) - (size_t)length, patterns[i], f, f);
			length += snprintf(text + length, sizeof(text) - (size_t)length, "]},");
		}
		snprintf(text + length, sizeof(text) - (size_t)length, "]}]\n");
		struct model *model = provision_text_must(text);
		struct company_block *block = build(model);
		const struct company *company = company_build_view(block);
		size_t bytes = sizeof(*company) + company_size_bytes(&model_companies(model)[0]);
		const struct name_table *last = &company->endpoint_by_name;
		assert_int_equal(company->friends.plain_count, company->friends.count);
		assert_int_equal(company->friends.plain->slot_count != 0, i > 0);
		assert_true(is_within(last->slot, (last->mask + 1) * sizeof(*last->slot), company, bytes));
		assert_true(is_within(company->friends.plain, pattern_plains_bytes(company->friends.plain), company,
				      bytes));
		company_build_release(block);
		model_free(model);
	}
}

static void short_texts_of_a_row_stand_in_it(void **state)
{
	(void)state;
	struct model *model = provision_text_must("companies:\n"
						  "  - name: a\n"
						  "    domain: a.b\n"
						  "    country: ES\n"
						  "    users:\n"
						  "      - {name: alice, password: p, extension: \"101\"}\n"
						  "      - {name: sixteen-bytes-16, password: p, extension: \"102\"}\n"
						  "      - {name: seventeen-bytes-7, password: p, extension: \"103\"}\n"
						  "      - {name: thirteen-byte, password: p, extension: \"104\"}\n"
						  "      - {name: fourteen-bytes, password: p, extension: \"105\"}\n"
						  "    extensions:\n"
						  "      - {number: \"101\", route: {user: alice}}\n"
						  "      - {number: \"102\", route: {user: alice}}\n"
						  "      - {number: \"103\", route: {user: alice}}\n"
						  "      - {number: \"104\", route: {user: alice}}\n"
						  "      - {number: \"105\", route: {user: alice}}\n");
	struct company_block *block = build(model);
	model_free(model);
	const struct company *company = company_build_view(block);
	static const struct {
		const char *name, *extension;
		int name_at, extension_at; /* in the row; -1: elsewhere */
	} wanted[] = {
		{"alice", "101", 0, 5},
		{"sixteen-bytes-16", "102", 0, -1},
		{"seventeen-bytes-7", "103", -1, 0},
		{"thirteen-byte", "104", 0, 13},
		{"fourteen-bytes", "105", 0, -1},
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const struct endpoint *row = find(company, wanted[i].name);
		assert_span_equal(row->name, span_of_text(wanted[i].name));
		assert_span_equal(row->extension, span_of_text(wanted[i].extension));
		assert_int_equal(is_within(row->name.at, row->name.length, row, sizeof(*row)), wanted[i].name_at >= 0);
		if (wanted[i].name_at >= 0)
			assert_ptr_equal(row->name.at, row->near_text + wanted[i].name_at);
		assert_int_equal(is_within(row->extension.at, row->extension.length, row, sizeof(*row)),
				 wanted[i].extension_at >= 0);
		if (wanted[i].extension_at >= 0)
			assert_ptr_equal(row->extension.at, row->near_text + wanted[i].extension_at);
	}
	company_build_release(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_resolved),
		cmocka_unit_test(codecs_are_a_set),
		cmocka_unit_test(forwards_keep_their_order),
		cmocka_unit_test(routes_point_to_what_they_name),
		cmocka_unit_test(pattern_ids_follow_the_order_of_r8),
		cmocka_unit_test(without_password_the_secret_is_unknown),
		cmocka_unit_test(what_calls_look_at_lies_behind_the_company),
		cmocka_unit_test(a_company_is_one_piece_and_little_of_it_is_empty),
		cmocka_unit_test(many_and_long_rows_are_in_the_piece),
		cmocka_unit_test(short_texts_of_a_row_stand_in_it),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
