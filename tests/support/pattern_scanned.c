#include "pattern_scanned.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

#include "cmocka_all.h"

void pattern_scanned_make(struct pattern_scanned *scanned, const struct span *pattern, uint32_t count,
			  struct match_scratch *scratch)
{
	*scanned = (struct pattern_scanned){.confirm = calloc(count, sizeof(pcre2_code *))};
	assert_non_null(scanned->confirm);
	assert_int_equal(pattern_compile_run(&scanned->product, pattern, count), STATUS_OK);
	assert_int_equal(hs_alloc_scratch(scanned->product.database, &scratch->hyperscan), HS_SUCCESS);
	for (uint32_t i = 0; i < count; i++) {
		int error;
		PCRE2_SIZE offset;
		if (!scanned->product.confirm[i])
			continue;
		scanned->confirm[i] =
			pcre2_compile((PCRE2_SPTR)pattern[i].at, pattern[i].length, 0, &error, &offset, NULL);
		assert_non_null(scanned->confirm[i]);
	}
	scanned->set = (struct pattern_set){
		.database = scanned->product.database,
		.confirm = (const pcre2_code *const *)scanned->confirm,
		.text = pattern,
		.count = count,
	};
}

void pattern_scanned_free(struct pattern_scanned *scanned)
{
	for (uint32_t i = 0; i < scanned->set.count; i++)
		pcre2_code_free(scanned->confirm[i]);
	free(scanned->confirm);
	pattern_compile_free(&scanned->product);
}
