#include "response_choose.h"

#define NO_RESPONSE UINT32_MAX

/* Within a class, in this order. */
enum preference { PREFERENCE_HOW_TO_ASK_AGAIN, PREFERENCE_USUAL, PREFERENCE_LAST, PREFERENCE_COUNT };

static enum preference find_preference(uint16_t status)
{
	switch (status) {
	case 401:
	case 407:
	case 415:
	case 420:
	case 484:
		return PREFERENCE_HOW_TO_ASK_AGAIN;
	case 408:
	case 487:
	case 503: /* SHOULD NOT be passed on: it would say that we are unavailable */
		return PREFERENCE_LAST;
	default:
		return PREFERENCE_USUAL;
	}
}

/* The less, the better. */
static uint32_t find_rank(uint16_t status)
{
	uint32_t class = status / 100;

	if (class < 2 || class > 6)
		return NO_RESPONSE;
	if (class == 6)
		return 0;
	return class * PREFERENCE_COUNT + find_preference(status);
}

bool response_choose_is_better(uint16_t candidate, uint16_t best)
{
	return find_rank(candidate) < find_rank(best);
}
