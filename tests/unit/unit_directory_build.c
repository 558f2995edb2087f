/* The root: lookups against what was written into the document, sharing between two directories, the cost of a large
 * one. */
#include <stdlib.h>
#include <time.h>

#include <sodium.h>

#include "cmocka_all.h"
#include "directory_build.h"
#include "pattern_compile_serve.h"
#include "provision_text.h"

static struct secret_keys keys = {.aor_key = "0123456789abcde"};

static const struct directory *build(const struct model *model, const struct directory *previous,
				     const struct model *previous_model, struct directory_build_count *count)
{
	const struct directory_build_input input = {
		.model = model, .keys = &keys, .revision = 9, .previous = previous, .previous_model = previous_model};
	const struct directory *directory;
	struct problem_list problems = {0};
	assert_int_equal(directory_build(&directory, &input, count, &problems), STATUS_OK);
	return directory;
}

/* Companies c0..., each with its domain, DDIs and a direct friend whose address depends on its number. A pattern of
 * each friend needs a database. */
static char *make_document(uint32_t companies, uint32_t friends, uint32_t changed)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	fputs("companies:\n", out);
	for (uint32_t i = 0; i < companies; i++) {
		fprintf(out, "- name: c%u\n  domain: c%u.example\n  country: ES\n  friends:\n", i, i);
		for (uint32_t j = 0; j < friends; j++)
			fprintf(out,
				"  - {name: f%u, password: p%u, direct: 'udp:10.%u.%u.%u', priority: %u, patterns: "
				"['^%u%u[0-9]{2}$', '^\\+?34+%u']}\n",
				j, i == changed ? 1 : 0, j, i / 2 / 250, i / 2 % 250, j, i % 90, j, i * 10 + j);
		fprintf(out, "  ddis:\n  - {number: '+34%09u'}\n  - {number: '+33%09u'}\n", i, i);
	}
	fclose(out);
	return text;
}

static void lookups_find_what_was_written(void **state)
{
	(void)state;
	enum { COMPANIES = 101 };
	char *text = make_document(COMPANIES, 1, UINT32_MAX);
	struct model *model = provision_text_must(text);
	const struct directory *directory = build(model, NULL, NULL, NULL);
	assert_int_equal(directory->revision, 9);
	assert_int_equal(directory->company_count, COMPANIES);
	for (uint32_t i = 0; i < COMPANIES; i++) {
		char name[40];
		uint32_t index;
		snprintf(name, sizeof(name), "C%u.EXAMPLE", i);
		assert_true(name_table_find(&index, &directory->company_by_domain, span_of_text(name), true));
		assert_int_equal(index, i);
		snprintf(name, sizeof(name), "+33%09u", i);
		assert_true(name_table_find(&index, &directory->ddi_by_number, span_of_text(name), false));
		assert_int_equal(directory->ddi_owner[index].company, i);
		assert_int_equal(directory->ddi_owner[index].ddi, 1);
		snprintf(name, sizeof(name), "x%u.example", i);
		assert_false(name_table_find(&index, &directory->company_by_domain, span_of_text(name), true));
	}
	/* Two companies share each address, but the last stands alone. */
	assert_int_equal(directory->direct_source_count, COMPANIES / 2 + 1);
	for (uint32_t i = 0; i < directory->direct_source_count; i++) {
		const struct direct_source *source = &directory->direct_source[i];
		assert_int_equal(source->company, i == COMPANIES / 2 ? COMPANIES - 1 : DIRECT_COMPANY_MANY);
		if (i > 0)
			assert_true(memcmp(source[-1].ip, source->ip, 16) < 0);
	}
	directory_build_release(directory);
	model_free(model);
	free(text);
}

static void carriers_and_their_sources(void **state)
{
	(void)state;
	struct model *model = provision_text_must(
		"carriers:\n"
		"- {name: b, address: [udp:10.0.0.2], priority: 2, sources: [10.0.0.0/8, 10.0.0.0/24]}\n"
		"- {name: a, address: [udp:10.0.0.1:5070], priority: 2, patterns: ['^\\+34', '^\\+33'], country: ES}\n"
		"- {name: z, address: ['udp:[2001:db8::1]'], priority: 0, patterns: ['^\\+1']}\n");
	const struct directory *directory = build(model, NULL, NULL, NULL);
	assert_int_equal(directory->carrier_count, 3);
	static const uint32_t owner[] = {2, 1, 1, 0};
	assert_int_equal(directory->carrier_patterns.count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(directory->carrier_patterns.owner[i], owner[i]);
	static const uint8_t bits[] = {128, 128, 120, 104};
	assert_int_equal(directory->carrier_source_count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(directory->carrier_source[i].prefix.length_bits, bits[i]);
	assert_int_equal(directory->carrier_source[0].carrier, 2);
	assert_int_equal(directory->carrier[1].address[0].port, 5070);
	assert_null(directory->carrier[0].dial_plan.country);
	directory_build_release(directory);
	model_free(model);
}

/* R16: in their order; R33: calls may come from any of them. */
static void each_address_of_a_carrier_counts(void **state)
{
	(void)state;
	struct model *model =
		provision_text_must("carriers:\n"
				    "- {name: t, address: [udp:10.0.0.2, 'udp:[2001:db8::1]:5070', udp:10.0.0.1], "
				    "max_calls: 7}\n"
				    "- {name: u, address: [udp:10.0.0.3, udp:10.0.0.4], sources: [192.0.2.0/24]}\n");
	const struct directory *directory = build(model, NULL, NULL, NULL);
	const struct carrier *carrier = directory->carrier;
	assert_int_equal(carrier->address_count, 3);
	assert_int_equal(carrier->max_calls, 7);
	assert_int_equal(carrier->address[0].port, 5060);
	assert_int_equal(carrier->address[0].ip[15], 2);
	assert_int_equal(carrier->address[1].port, 5070);
	assert_false(net_address_is_v4(carrier->address[1].ip));
	assert_int_equal(carrier->address[2].ip[15], 1);
	assert_int_equal(directory->carrier_source_count, 4);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(directory->carrier_source[i].carrier, 0);
		assert_memory_equal(directory->carrier_source[i].prefix.ip, carrier->address[i].ip, 16);
	}
	assert_int_equal(directory->carrier_source[3].carrier, 1);
	directory_build_release(directory);
	model_free(model);
}

/* R25: a carrier without the key takes calls as they are offered. */
static void codecs_of_a_carrier_are_a_set(void **state)
{
	(void)state;
	struct model *model = provision_text_must("carriers:\n"
						  "- {name: t, address: [udp:10.0.0.2], codecs: [PCMU, g729]}\n"
						  "- {name: u, address: [udp:10.0.0.3]}\n");
	const struct directory *directory = build(model, NULL, NULL, NULL);
	assert_int_equal(directory->carrier[0].codecs,
			 CODEC_BIT(PCMU) | CODEC_BIT(G729) | codec_set_event | codec_set_video);
	assert_int_equal(directory->carrier[1].codecs, CODEC_SET_ALL);
	directory_build_release(directory);
	model_free(model);
}

static void only_what_changed_is_built(void **state)
{
	(void)state;
	char *text = make_document(50, 2, UINT32_MAX), *changed_text = make_document(50, 2, 7);
	struct model *before = provision_text_must(text), *after = provision_text_must(changed_text);
	struct directory_build_count count;
	const struct directory *old = build(before, NULL, NULL, &count);
	assert_int_equal(count.companies_built, 50);
	const struct directory *new = build(after, old, before, &count);
	assert_int_equal(count.companies_built, 1);
	assert_int_equal(count.companies_shared, 49);
	assert_int_equal(count.patterns_compiled, 0);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(old->company[i] == new->company[i], i != 7);
	assert_non_null(old->company[7]->friends.database);
	assert_ptr_equal(old->company[7]->friends.database, new->company[7]->friends.database);
	/* What is shared survives the release of either. */
	directory_build_release(old);
	assert_span_equal(new->company[3]->name, SPAN_LITERAL("c3"));
	directory_build_release(new);
	model_free(before);
	model_free(after);
	free(text);
	free(changed_text);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

static const struct directory *build_with(const struct pattern_source *patterns, const struct model *model,
					  struct directory_build_count *count, double *seconds)
{
	const struct directory_build_input input = {.model = model, .keys = &keys, .revision = 9, .patterns = patterns};
	const struct directory *directory;
	struct problem_list problems = {0};
	struct timespec start;
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(directory_build(&directory, &input, count, &problems), STATUS_OK);
	*seconds = seconds_since(&start);
	return directory;
}

/* Says what it costs; AMITY_COMPANIES=10000 gives the figures of the design. */
static void a_large_directory_is_built(void **state)
{
	(void)state;
	const char *wanted = getenv("AMITY_COMPANIES");
	uint32_t companies = wanted ? (uint32_t)atoi(wanted) : 40;
	char *text = make_document(companies, 10, UINT32_MAX), *changed_text = make_document(companies, 10, 5);
	char state_dir[] = "/tmp/amity-directory-XXXXXX", command[64];
	struct pattern_source patterns = {0};
	struct directory_build_count count;
	struct timespec start;
	double cold_s, warm_s;
	assert_non_null(mkdtemp(state_dir));
	clock_gettime(CLOCK_MONOTONIC, &start);
	struct model *model = provision_text_must(text);
	double read_s = seconds_since(&start);
	assert_int_equal(pattern_compiler_create(&patterns.compiler, "/proc/self/exe"), STATUS_OK);
	assert_int_equal(pattern_cache_open(&patterns.cache, state_dir, &keys), STATUS_OK);
	const struct directory *directory = build_with(&patterns, model, &count, &cold_s);
	assert_int_equal(count.patterns_compiled, companies);
	assert_int_equal(count.patterns_loaded, 0);
	pattern_cache_close(patterns.cache);
	assert_int_equal(pattern_cache_open(&patterns.cache, state_dir, &keys), STATUS_OK);
	const struct directory *again = build_with(&patterns, model, &count, &warm_s);
	assert_int_equal(count.patterns_compiled, 0);
	struct model *changed = provision_text_must(changed_text);
	clock_gettime(CLOCK_MONOTONIC, &start);
	const struct directory *next = build(changed, directory, model, NULL);
	double change_s = seconds_since(&start);
	printf("companies=%u friends=10 patterns=2 document_bytes=%zu read_s=%.3f cold_s=%.3f warm_s=%.3f "
	       "change_one_s=%.4f\n",
	       companies, strlen(text), read_s, cold_s, warm_s, change_s);
	assert_int_equal(next->company_count, companies);
	directory_build_release(directory);
	directory_build_release(again);
	directory_build_release(next);
	model_free(model);
	model_free(changed);
	pattern_cache_close(patterns.cache);
	pattern_compiler_free(patterns.compiler);
	snprintf(command, sizeof(command), "rm -r %s", state_dir);
	assert_int_equal(system(command), 0);
	free(text);
	free(changed_text);
}

static char *read_line_of(const struct problem_list *problems)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	problem_list_print(problems, out);
	fclose(out);
	return text;
}

static void refused_at(const struct pattern_source *patterns, const char *text, const char *expected)
{
	struct model *model = provision_text_must(text);
	struct problem_list problems = {0};
	const struct directory *directory;
	const struct directory_build_input input = {.model = model,
						    .keys = &keys,
						    .patterns = patterns,
						    .file_name = "plan.yaml",
						    .text = span_of_text(text)};
	assert_int_equal(directory_build(&directory, &input, NULL, &problems), STATUS_INVALID);
	char *printed = read_line_of(&problems);
	assert_string_equal(printed, expected);
	free(printed);
	problem_list_free(&problems);
	model_free(model);
}

#define SLOW	"(1|22|333){2000}"
#define COMPANY "companies:\n- name: a\n  domain: a.b\n  country: ES\n"

/* Its file, line and column, with the line itself: a friend's, an ACL's, a carrier's. */
static void a_pattern_that_takes_too_long_is_refused_with_its_place(void **state)
{
	(void)state;
	const struct pattern_limits limits = {1, PATTERN_MEMORY_MB_MAX, PATTERN_DATABASE_BYTES_MAX,
					      PATTERN_SCRATCH_BYTES_MAX};
	struct pattern_source patterns = {0};
	assert_int_equal(pattern_compiler_create(&patterns.compiler, "/proc/self/exe"), STATUS_OK);
	pattern_compiler_set_limits(patterns.compiler, &limits);
	refused_at(&patterns,
		   COMPANY "  friends:\n  - {name: z, password: p, patterns: ['^1']}\n"
			   "  - {name: y, password: p, patterns: ['^2', '" SLOW "']}\n",
		   "plan.yaml:7:45: patterns: pattern of company 'a' takes more than 1 s to compile: write it with "
		   "smaller counts\n"
		   "      - {name: y, password: p, patterns: ['^2', '" SLOW "']}\n"
		   "                                                ^\n");
	refused_at(&patterns,
		   COMPANY "  call_acls:\n  - name: n\n    default: deny\n    rules:\n    - {allow: '^2'}\n"
			   "    - {deny: '" SLOW "'}\n",
		   "plan.yaml:10:14: deny: pattern of company 'a' takes more than 1 s to compile: write it with "
		   "smaller counts\n"
		   "        - {deny: '" SLOW "'}\n"
		   "                 ^\n");
	refused_at(&patterns, "carriers:\n- {name: t, address: [udp:192.0.2.1], patterns: ['" SLOW "']}\n",
		   "plan.yaml:2:50: patterns: pattern of carrier 't' takes more than 1 s to compile: write it with "
		   "smaller counts\n"
		   "    - {name: t, address: [udp:192.0.2.1], patterns: ['" SLOW "']}\n"
		   "                                                     ^\n");
	pattern_compiler_free(patterns.compiler);
}

/* One database for all lists that are equal, whatever they are for. */
static void equal_lists_share_one_database(void **state)
{
	(void)state;
	static const char text[] =
		"carriers:\n- {name: t, address: [udp:192.0.2.1], patterns: ['1$', '2$']}\n"
		"companies:\n"
		"- {name: a, domain: a.a, country: ES, friends: [{name: f, password: p, patterns: ['1$', '2$']}]}\n"
		"- {name: b, domain: b.b, country: ES, friends: [{name: g, password: p, patterns: ['1$']},\n"
		"   {name: h, password: p, patterns: ['2$']}],\n"
		"   call_acls: [{name: n, default: deny, rules: [{allow: '1$'}, {deny: '2$'}]}]}\n"
		"- {name: c, domain: c.c, country: ES, friends: [{name: g, password: p, patterns: ['2$', '1$']}]}\n";
	struct model *model = provision_text_must(text);
	struct directory_build_count count;
	const struct directory *directory = build(model, NULL, NULL, &count);
	const struct hs_database *shared = directory->carrier_patterns.database;
	assert_int_equal(count.patterns_compiled, 2);
	assert_non_null(shared);
	assert_ptr_equal(directory->company[0]->friends.database, shared);
	assert_ptr_equal(directory->company[1]->friends.database, shared);
	assert_ptr_equal(directory->company[1]->acl[0].rules.database, shared);
	assert_ptr_not_equal(directory->company[2]->friends.database, shared);
	const struct directory *next = build(model, directory, model, &count);
	assert_int_equal(count.patterns_compiled, 0);
	assert_ptr_equal(next->carrier_patterns.database, shared);
	directory_build_release(directory);
	directory_build_release(next);
	model_free(model);
}

/* Where one company is applied alone: the carriers' set, another company's, and its own as it was. */
static void one_company_takes_the_sets_that_there_are(void **state)
{
	(void)state;
	static const char text[] =
		"carriers:\n- {name: t, address: [udp:192.0.2.1], patterns: ['1$']}\n"
		"companies:\n"
		"- {name: a, domain: a.a, country: ES, friends: [{name: f, password: p, patterns: ['2$']}]}\n"
		"- {name: b, domain: b.b, country: ES, friends: [{name: f, password: p, patterns: ['3$']}]}\n"
		"- {name: c, domain: c.c, country: ES, friends: [{name: f, password: p, patterns: ['^4']}]}\n";
	static const struct {
		const char *pattern;
		uint32_t compiled;
	} rows[] = {{"1$", 0}, {"2$", 0}, {"3$", 0}, {"^5", 0}, {"6$", 1}};
	struct model *model = provision_text_must(text);
	const struct directory *live = build(model, NULL, NULL, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char part_text[200];
		snprintf(part_text, sizeof(part_text),
			 "companies:\n- {name: b, domain: b.b, country: ES, friends: [{name: f, password: q, patterns: "
			 "['%s']}]}\n",
			 rows[i].pattern);
		struct model *part = provision_text_must(part_text);
		const struct directory_change change = {.index = 1, .company = model_companies(part)};
		const struct directory_build_input input = {
			.model = model, .keys = &keys, .previous = live, .change = &change};
		const struct directory *next;
		struct directory_build_count count;
		struct problem_list problems = {0};
		assert_int_equal(directory_build(&next, &input, &count, &problems), STATUS_OK);
		assert_int_equal(count.patterns_compiled, rows[i].compiled);
		assert_int_equal(count.companies_built, 1);
		assert_int_equal(count.companies_shared, 2);
		assert_ptr_equal(next->company[0], live->company[0]);
		assert_ptr_equal(next->company[2], live->company[2]);
		directory_build_release(next);
		model_free(part);
	}
	directory_build_release(live);
	model_free(model);
}

int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookups_find_what_was_written),
		cmocka_unit_test(carriers_and_their_sources),
		cmocka_unit_test(each_address_of_a_carrier_counts),
		cmocka_unit_test(codecs_of_a_carrier_are_a_set),
		cmocka_unit_test(only_what_changed_is_built),
		cmocka_unit_test(equal_lists_share_one_database),
		cmocka_unit_test(one_company_takes_the_sets_that_there_are),
		cmocka_unit_test(a_pattern_that_takes_too_long_is_refused_with_its_place),
		cmocka_unit_test(a_large_directory_is_built),
	};
	(void)argument_count;
	if (pattern_compile_serve_is_asked(arguments))
		return pattern_compile_serve();
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
