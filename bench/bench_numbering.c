/*
 * bench_numbering - what it costs to write a number in E.164 form and back (R31, R32).
 *
 * Numbers are the examples of all countries, each in its own country's plan, in an order that no branch can learn; then
 * those of one country by the ways in which people dial them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench_report.h"
#include "number.h"

#define RUNS	     9
#define ROUNDS	     500
#define ROUNDS_SHORT 2

static const struct example {
	const char *country, *e164, *here, *abroad, *there;
} examples[] = {
#define EXAMPLE(country, kind, e164, here, abroad, there) {country, e164, here, abroad, there},
#include "unit_number_examples.def"
};

#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

struct trial {
	struct dial_plan plan;
	struct span text;
};

typedef bool (*convert_fn)(struct number *number, struct span text, const struct dial_plan *plan);

static struct trial trials[EXAMPLES];
static struct bench_report report;

static void shuffle(void)
{
	uint32_t random = 1;

	for (uint32_t i = EXAMPLES - 1; i > 0; i--) {
		random = random * 1664525u + 1013904223u;
		uint32_t j = (random >> 8) % (i + 1);
		struct trial other = trials[i];
		trials[i] = trials[j];
		trials[j] = other;
	}
}

static void measure(const char *workload, convert_fn convert)
{
	double values[RUNS];
	uint32_t rounds = report.is_short ? ROUNDS_SHORT : ROUNDS, refused = 0;

	shuffle();
	for (uint32_t run = 0; run < RUNS; run++) {
		uint64_t start_ns = bench_report_cpu_ns();
		for (uint32_t round = 0; round < rounds; round++)
			for (uint32_t i = 0; i < EXAMPLES; i++) {
				struct number number;
				refused += !convert(&number, trials[i].text, &trials[i].plan);
			}
		values[run] = (double)(bench_report_cpu_ns() - start_ns) / (rounds * (double)EXAMPLES);
	}
	if (refused) {
		fprintf(stderr, "bench_numbering: %s: %u numbers were too long\n", workload, refused);
		exit(1);
	}
	bench_report_row(&report, workload, "ns", bench_report_median(values, RUNS));
}

static void fill(uint32_t index, const char *country, const char *area_code, const char *text)
{
	trials[index] =
		(struct trial){{country_find(span_of_text(country)), span_of_text(area_code)}, span_of_text(text)};
	if (!trials[index].plan.country)
		exit(1);
}

/* One country, a few numbers over and over. */
static void measure_one(const char *workload, convert_fn convert, const char *country, const char *const text[4])
{
	for (uint32_t i = 0; i < EXAMPLES; i++)
		fill(i, country, country[0] == 'G' ? "20" : "", text[i % 4]);
	measure(workload, convert);
}

int main(int argc, char **argv)
{
	static const char *const national[] = {"911234567", "600123123", "944000000", "800123123"};
	static const char *const trunk[] = {"01614960000", "07400123456", "01212345678", "02079460000"};
	static const char *const local[] = {"79460000", "79460001", "79460999", "71234567"};
	static const char *const abroad[] = {"0033123456789", "00442079460000", "0012125551234", "004930123456"};
	static const char *const codes[] = {"112", "061", "900", "1004"};
	static const char *const e164[] = {"+34911234567", "+34600123123", "+442079460000", "+12125551234"};

	if (!bench_report_init(&report, "bench_numbering", argc, argv))
		return 2;
	for (uint32_t i = 0; i < EXAMPLES; i++)
		fill(i, examples[i].country, "", examples[i].here);
	measure("to E.164, every country", number_to_e164);
	for (uint32_t i = 0; i < EXAMPLES; i++)
		fill(i, examples[i].abroad, "", examples[i].there);
	measure("to E.164, from abroad", number_to_e164);
	for (uint32_t i = 0; i < EXAMPLES; i++)
		fill(i, examples[i].country, "", examples[i].e164);
	measure("from E.164, every country", number_from_e164);
	measure_one("to E.164, Spain: national", number_to_e164, "ES", national);
	measure_one("to E.164, Spain: abroad", number_to_e164, "ES", abroad);
	measure_one("to E.164, Spain: short codes", number_to_e164, "ES", codes);
	measure_one("to E.164, Spain: E.164", number_to_e164, "ES", e164);
	measure_one("to E.164, London: trunk", number_to_e164, "GB", trunk);
	measure_one("to E.164, London: local", number_to_e164, "GB", local);
	measure_one("from E.164, Spain", number_from_e164, "ES", e164);
	return 0;
}
