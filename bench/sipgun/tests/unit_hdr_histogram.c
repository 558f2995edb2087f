/* unit_hdr_histogram.c - percentiles against a sorted list, within the buckets' width. */
#include "hdr_histogram.h"

#include "cmocka_all.h"
#include "random_source.h"

#include <stdlib.h>

#define VALUES 5000

static struct hdr_histogram histogram;

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static void empty_has_nothing(void **state)
{
	(void)state;
	histogram = (struct hdr_histogram){0};
	assert_int_equal(hdr_histogram_find(&histogram, 0.5), 0);
	assert_int_equal(hdr_histogram_find(&histogram, 1), 0);
}

static void small_values_are_exact(void **state)
{
	(void)state;
	histogram = (struct hdr_histogram){0};
	for (uint64_t value = 1; value <= 100; value++)
		hdr_histogram_record(&histogram, value);
	for (uint32_t percent = 1; percent <= 100; percent++)
		assert_int_equal(hdr_histogram_find(&histogram, percent / 100.0), percent);
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
	static const double shares[] = {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
	static uint64_t values[VALUES];
	struct random_source random = random_source_of(7);

	(void)state;
	histogram = (struct hdr_histogram){0};
	for (uint32_t i = 0; i < VALUES; i++) {
		values[i] = random_source_next(&random) >> (20 + random_source_below(&random, 40));
		hdr_histogram_record(&histogram, values[i]);
	}
	qsort(values, VALUES, sizeof(values[0]), compare);
	assert_int_equal(histogram.count, VALUES);
	for (uint32_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		uint64_t right = values[(uint32_t)(shares[i] * VALUES + 0.9999) - 1];
		uint64_t found = hdr_histogram_find(&histogram, shares[i]);
		assert_true(found >= right);
		assert_true(found - right <= right / HDR_HISTOGRAM_SUB_COUNT);
	}
}

static void the_greatest_is_kept_and_all_fit(void **state)
{
	(void)state;
	histogram = (struct hdr_histogram){0};
	hdr_histogram_record(&histogram, 0);
	for (uint32_t bit = 0; bit < 64; bit++) {
		hdr_histogram_record(&histogram, UINT64_C(1) << bit);
		hdr_histogram_record(&histogram, (UINT64_C(1) << bit) - 1);
	}
	hdr_histogram_record(&histogram, UINT64_MAX);
	assert_int_equal(hdr_histogram_find(&histogram, 1), UINT64_MAX);
	assert_int_equal(histogram.count, 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_has_nothing),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(percentiles_are_those_of_the_sorted_values),
		cmocka_unit_test(the_greatest_is_kept_and_all_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
