/* A case a sentence of RFC 3261 16.7 step 6, and one for what the RFC leaves open. */
#include "cmocka_all.h"

#include "response_choose.h"

#define FINAL_MIN 200
#define FINAL_MAX 699

static void assert_better(uint16_t better, uint16_t worse)
{
	if (!response_choose_is_better(better, worse))
		fail_msg("%u is not better than %u", better, worse);
	if (response_choose_is_better(worse, better))
		fail_msg("%u is better than %u, and the other way round", worse, better);
}

/* "It MUST choose from the final responses that were received and stored." */
static void only_final_responses_are_chosen(void **state)
{
	(void)state;
	for (uint32_t status = FINAL_MIN; status <= FINAL_MAX; status++)
		assert_better((uint16_t)status, 0);
	for (uint32_t status = 0; status < FINAL_MIN; status++) {
		assert_false(response_choose_is_better((uint16_t)status, 0));
		assert_better(FINAL_MAX, (uint16_t)status);
		assert_better(408, (uint16_t)status);
	}
	for (uint32_t status = FINAL_MAX + 1; status <= UINT16_MAX; status++)
		assert_better(503, (uint16_t)status);
}

/* "It MUST choose from the 6xx if any exist." */
static void six_hundreds_are_before_all(void **state)
{
	(void)state;
	for (uint32_t decline = 600; decline <= FINAL_MAX; decline++)
		for (uint32_t status = FINAL_MIN; status < 600; status++)
			assert_better((uint16_t)decline, (uint16_t)status);
}

/* "If no 6xx class responses are present, it MUST choose from the lowest response class." */
static void the_lowest_class_is_next(void **state)
{
	(void)state;
	for (uint32_t low = 300; low < 600; low++)
		for (uint32_t high = (low / 100 + 1) * 100; high < 600; high++)
			assert_better((uint16_t)low, (uint16_t)high);
}

/* "It SHOULD give preference to responses that tell how to ask again, such as 401, 407, 415, 420 and 484." */
static void how_to_ask_again_is_first_of_4xx(void **state)
{
	static const uint16_t again[] = {401, 407, 415, 420, 484};

	(void)state;
	for (uint32_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		for (uint16_t status = 400; status < 500; status++) {
			bool is_again = false;
			for (uint32_t j = 0; j < sizeof(again) / sizeof(again[0]); j++)
				is_again |= again[j] == status;
			if (is_again)
				assert_false(response_choose_is_better(status, again[i]));
			else
				assert_better(again[i], status);
		}
}

/* 487 and 408 are of branches that we ended ourselves: any other answer says more. */
static void what_we_ended_ourselves_is_last_of_4xx(void **state)
{
	(void)state;
	for (uint16_t status = 400; status < 500; status++)
		if (status != 487 && status != 408) {
			assert_better(status, 487);
			assert_better(status, 408);
		}
	assert_false(response_choose_is_better(487, 408));
	assert_false(response_choose_is_better(408, 487));
	assert_better(487, 500);
	assert_better(408, 500);
}

/* "A proxy which receives a 503 SHOULD NOT forward it upstream." */
static void unavailable_is_last_of_5xx(void **state)
{
	(void)state;
	for (uint16_t status = 500; status < 600; status++)
		if (status != 503)
			assert_better(status, 503);
	assert_better(487, 503);
}

/* "It MAY select any response within that chosen class": the earlier one, of equals. */
static void the_earlier_of_equals_stays(void **state)
{
	(void)state;
	for (uint32_t status = FINAL_MIN; status <= FINAL_MAX; status++)
		assert_false(response_choose_is_better((uint16_t)status, (uint16_t)status));
	assert_false(response_choose_is_better(486, 404));
	assert_false(response_choose_is_better(404, 486));
	assert_false(response_choose_is_better(302, 301));
	assert_false(response_choose_is_better(500, 504));
	assert_false(response_choose_is_better(603, 600));
	assert_false(response_choose_is_better(600, 603));
}

/* The best of several must not depend on who of them was seen first, but for equals: better is a strict weak order. */
static void the_order_has_no_circles(void **state)
{
	static const uint16_t statuses[] = {0,	 100, 180, 200, 302, 400, 401, 404, 407, 408, 415,
					    420, 484, 486, 487, 500, 503, 504, 600, 603, 700};
	const uint32_t count = sizeof(statuses) / sizeof(statuses[0]);

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < count; j++)
			for (uint32_t k = 0; k < count; k++) {
				bool ij = response_choose_is_better(statuses[i], statuses[j]);
				bool jk = response_choose_is_better(statuses[j], statuses[k]);
				bool ik = response_choose_is_better(statuses[i], statuses[k]);
				assert_true(!(ij && jk) || ik);
				assert_true(ij || jk || !ik);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_final_responses_are_chosen),
		cmocka_unit_test(six_hundreds_are_before_all),
		cmocka_unit_test(the_lowest_class_is_next),
		cmocka_unit_test(how_to_ask_again_is_first_of_4xx),
		cmocka_unit_test(what_we_ended_ourselves_is_last_of_4xx),
		cmocka_unit_test(unavailable_is_last_of_5xx),
		cmocka_unit_test(the_earlier_of_equals_stays),
		cmocka_unit_test(the_order_has_no_circles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
